import numpy as np
import pytest

from augury.errors import InvalidInput
from augury.testing import RegimeTruth, regime_returns

THREE = RegimeTruth(means=(0.001, 0.0, -0.002), stds=(0.005, 0.01, 0.03), stay=(0.98, 0.95, 0.9))


def test_the_occupancy_solves_the_balance_equations():
    moves = np.array([[0.98, 0.01, 0.01], [0.025, 0.95, 0.025], [0.05, 0.05, 0.9]])
    long_run = np.linalg.matrix_power(moves, 4000)[0]
    assert np.allclose(THREE.occupancy(), long_run, atol=1e-10)


def test_states_dwell_and_recur_as_stated():
    states = regime_returns(200_000, THREE, seed=1).states
    shares = np.bincount(states, minlength=3) / states.size
    assert np.allclose(shares, THREE.occupancy(), atol=0.02)
    for state, stay in enumerate(THREE.stay):
        here = states[:-1] == state
        assert np.mean(states[1:][here] == state) == pytest.approx(stay, abs=0.005)


def test_returns_in_a_state_have_its_mean_and_deviation():
    path = regime_returns(200_000, THREE, seed=2)
    for state in range(3):
        inside = path.returns[path.states == state]
        assert inside.std() == pytest.approx(THREE.stds[state], rel=0.02)
        assert abs(inside.mean() - THREE.means[state]) < 4.0 * THREE.stds[state] / np.sqrt(inside.size)


@pytest.mark.parametrize("options", [{"means": (0.0,)}, {"stds": (0.0, 0.1)}, {"stay": (1.0, 0.5)}])
def test_impossible_regimes_are_refused(options):
    with pytest.raises(InvalidInput):
        RegimeTruth(**options)
