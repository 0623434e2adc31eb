import numpy as np
import pytest
from scipy import stats

from augury.errors import InvalidInput
from augury.testing import HawkesTruth, hawkes_expected_count, hawkes_residuals, hawkes_times

TRUTH = HawkesTruth(base_rate=0.2, branching_ratio=0.6, decay=1.5)


def _compensator(times, until, truth):
    """The integral of the intensity over [0, until), term by term."""
    before = times[times < until]
    return truth.base_rate * until + truth.branching_ratio * np.sum(1.0 - np.exp(-truth.decay * (until - before)))


def test_residuals_equal_the_compensator_written_out():
    times = np.array([1.0, 1.5, 2.0, 5.0, 5.2, 9.0])
    truth = HawkesTruth(base_rate=0.3, branching_ratio=0.5, decay=1.2)
    wanted = np.diff([0.0, *(_compensator(times, until, truth) for until in times)])
    assert np.allclose(hawkes_residuals(times, truth), wanted, rtol=1e-12)


def test_the_mean_count_is_the_solution_of_the_rate_equation():
    counts = np.array([hawkes_times(60.0, TRUTH, seed=seed).size for seed in range(600)])
    assert abs(counts.mean() - hawkes_expected_count(60.0, TRUTH)) < 4.0 * counts.std() / np.sqrt(counts.size)
    assert counts.mean() < 60.0 * 0.2 / 0.4  # it starts without history, below the stationary rate


def test_the_long_run_rate_is_the_base_rate_over_one_minus_the_branching_ratio():
    rate = hawkes_times(40_000.0, TRUTH, seed=7).size / 40_000.0
    assert rate == pytest.approx(0.5, rel=0.05)


def test_residuals_are_unit_exponential_under_the_truth_at_the_nominal_rate():
    values = [
        stats.kstest(hawkes_residuals(hawkes_times(400.0, TRUTH, seed=seed), TRUTH), "expon").pvalue
        for seed in range(200)
    ]
    rejected = np.mean(np.array(values) < 0.05)
    assert rejected < 0.10
    assert stats.kstest(values, "uniform").pvalue > 0.01


def test_residuals_under_a_memoryless_model_betray_the_clustering():
    poisson = HawkesTruth(base_rate=0.5, branching_ratio=0.0, decay=1.0)
    values = [
        stats.kstest(hawkes_residuals(hawkes_times(400.0, TRUTH, seed=seed), poisson), "expon").pvalue
        for seed in range(50)
    ]
    assert np.mean(np.array(values) < 0.05) > 0.95


def test_a_branching_ratio_of_zero_is_a_poisson_process():
    truth = HawkesTruth(base_rate=0.5, branching_ratio=0.0)
    waits = np.diff(hawkes_times(4000.0, truth, seed=3), prepend=0.0)
    assert stats.kstest(waits, "expon", args=(0.0, 2.0)).pvalue > 0.01


@pytest.mark.parametrize("options", [{"branching_ratio": 1.0}, {"base_rate": 0.0}, {"decay": -1.0}])
def test_an_explosive_or_empty_process_is_refused(options):
    with pytest.raises(InvalidInput):
        HawkesTruth(**options)


def test_a_horizon_must_be_positive_and_finite():
    with pytest.raises(InvalidInput, match="horizon"):
        hawkes_times(float("inf"))
