import numpy as np
import pytest

from augury.errors import InvalidInput
from augury.testing import GarchTruth, garch_returns


def test_the_variance_follows_its_recursion():
    truth = GarchTruth(std=0.02, alpha=0.15, beta=0.7)
    path = garch_returns(500, truth, seed=1)
    omega = 0.02**2 * 0.15
    wanted = omega + 0.15 * path.returns[:-1] ** 2 + 0.7 * path.variance[:-1]
    assert np.allclose(path.variance[1:], wanted, rtol=1e-12)


def test_the_unconditional_variance_is_the_stated_one():
    squares = np.array([np.mean(garch_returns(2000, seed=seed).returns ** 2) for seed in range(100)])
    assert abs(squares.mean() - 0.01**2) < 4.0 * squares.std() / 10.0


@pytest.mark.parametrize("degrees", [None, 5.0])
def test_standardised_returns_are_independent_unit_innovations(degrees):
    path = garch_returns(20_000, GarchTruth(degrees_of_freedom=degrees), seed=4)
    shocks = path.returns / np.sqrt(path.variance)
    assert shocks.std() == pytest.approx(1.0, abs=0.03)
    assert abs(np.corrcoef(shocks[1:] ** 2, shocks[:-1] ** 2)[0, 1]) < 0.03
    assert np.corrcoef(path.returns[1:] ** 2, path.returns[:-1] ** 2)[0, 1] > 0.1


def test_another_library_recovers_the_parameters():
    arch = pytest.importorskip("arch")
    returns = 100.0 * garch_returns(8000, GarchTruth(alpha=0.1, beta=0.85), seed=2).returns
    fitted = arch.arch_model(returns, mean="Zero", rescale=False).fit(disp="off").params
    assert fitted["alpha[1]"] == pytest.approx(0.10, abs=0.03)
    assert fitted["beta[1]"] == pytest.approx(0.85, abs=0.05)


def test_a_process_without_finite_variance_is_refused():
    with pytest.raises(InvalidInput, match="alpha"):
        GarchTruth(alpha=0.3, beta=0.7)
