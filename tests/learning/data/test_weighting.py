import numpy as np
import pytest

from augury.errors import InvalidInput
from augury.learning.data.building import build_dataset
from augury.learning.data.dataset import DatasetSpec
from augury.learning.data.weighting import WeightSpec, reweighted, sample_weights
from augury.learning.labels.overlap import average_uniqueness

SPEC = DatasetSpec(features=("rsi",), label="triple_barrier(horizon_bars=12)")


def test_weights_are_the_uniqueness_of_each_symbols_own_labels(universe):
    built = build_dataset(universe, SPEC)
    expected = np.empty(len(built))
    for at, name in enumerate(built.symbols):
        mine = built.inputs.symbol == at
        end = np.searchsorted(universe[name].index.asi8, built.inputs.label_end[mine])
        expected[mine] = average_uniqueness(built.inputs.bar[mine], end, len(universe[name]))
    np.testing.assert_allclose(built.weights, expected / expected.mean(), rtol=1e-12)
    assert built.weights.std() > 0.05


def test_equal_weights_and_weights_by_return_and_age(universe):
    built = build_dataset(universe, SPEC)
    np.testing.assert_array_equal(sample_weights(built.inputs, WeightSpec(by="equal")), 1.0)
    by_return = sample_weights(built.inputs, WeightSpec(by="return"))
    assert by_return.mean() == pytest.approx(1.0)
    assert np.corrcoef(by_return, np.abs(built.outcome))[0, 1] > 0.5
    aged = reweighted(built, WeightSpec(by="equal", oldest_weight=-0.25))
    age = np.cumsum(built.weights) / len(built)
    np.testing.assert_array_equal(aged.weights == 0.0, age < 0.25)
    assert (np.diff(aged.weights) >= 0.0).all()
    assert aged.fingerprint == built.fingerprint


def test_weights_that_vanish_everywhere_are_refused(toy_inputs):
    still = toy_inputs([np.arange(30) + 2])
    with pytest.raises(InvalidInput, match="by='uniqueness'"):
        sample_weights(still, WeightSpec(by="return"))
