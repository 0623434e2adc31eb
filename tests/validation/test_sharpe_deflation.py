"""The published numbers of the Sharpe ratio's uncertainty, and their behaviour under a known truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from augury.errors import InvalidInput
from augury.validation import (
    SharpeMoments,
    autocorrelation_factor,
    deflated_sharpe,
    expected_max_sharpe,
    min_backtest_years,
    min_track_record,
    probabilistic_sharpe,
    rejection_rates,
    sharpe_moments,
)


def published(sharpe, bars, skewness=0.0, kurtosis=3.0):
    return SharpeMoments(method="published", sharpe=sharpe, bars=bars, skewness=skewness, kurtosis=kurtosis)


def test_the_deflated_sharpe_ratio_is_that_of_the_paper():
    daily = 2.5 / math.sqrt(250)
    variance = 0.5 / 250
    assert expected_max_sharpe(variance, 100) == pytest.approx(0.1132, abs=5e-5)
    assert deflated_sharpe(published(daily, 1250, -3, 10), variance=variance, trials=100) == pytest.approx(
        0.9004, abs=5e-5
    )
    assert deflated_sharpe(published(daily, 1250, -3, 10), variance=variance, trials=46) == pytest.approx(
        0.9505, abs=5e-5
    )
    assert deflated_sharpe(published(daily, 1250), variance=variance, trials=88) == pytest.approx(0.9505, abs=5e-5)


def test_the_probabilistic_sharpe_ratio_is_that_of_the_paper():
    assert probabilistic_sharpe(published(0.458, 24, -2.448, 10.164)) == pytest.approx(0.913, abs=5e-4)
    assert probabilistic_sharpe(published(0.458, 24)) == pytest.approx(0.982, abs=5e-4)


@pytest.mark.parametrize(("bars", "years"), [(250, 2.73), (52, 2.83), (12, 3.24)])
def test_the_minimum_track_record_is_that_of_the_paper(bars, years):
    found = min_track_record(published(2 / math.sqrt(bars), 1), 1 / math.sqrt(bars))
    assert found / bars == pytest.approx(years, abs=0.005)


def test_tails_lengthen_the_track_record_and_many_tries_the_backtest():
    found = min_track_record(published(2 / math.sqrt(12), 1, -0.72, 5.78), 1 / math.sqrt(12))
    assert found / 12 == pytest.approx(4.99, abs=0.005)
    assert min_backtest_years(45) == pytest.approx(4.998, abs=5e-4)
    assert min_backtest_years(45, 2.0) == pytest.approx(4.998 / 4, abs=5e-4)
    assert min_track_record(published(-0.1, 100)) == math.inf


def test_the_minimum_track_record_is_where_the_probability_reaches_its_level():
    moments = published(0.08, 10, -0.5, 6.0)
    bars = min_track_record(moments, 0.02)
    at = SharpeMoments(method="", sharpe=0.08, bars=math.ceil(bars), skewness=-0.5, kurtosis=6.0)
    before = SharpeMoments(method="", sharpe=0.08, bars=math.ceil(bars) - 1, skewness=-0.5, kurtosis=6.0)
    assert probabilistic_sharpe(at, 0.02) >= 0.95 > probabilistic_sharpe(before, 0.02)


def test_moments_are_those_of_scipy_and_shift_with_the_risk_free_rate():
    returns = np.random.default_rng(0).standard_t(5, 400) * 0.01
    found = sharpe_moments(returns)
    assert found.sharpe == pytest.approx(returns.mean() / returns.std(ddof=1))
    assert found.skewness == pytest.approx(stats.skew(returns))
    assert found.kurtosis == pytest.approx(stats.kurtosis(returns, fisher=False))
    assert sharpe_moments(returns, 0.001).sharpe == pytest.approx((returns.mean() - 0.001) / returns.std(ddof=1))


def test_the_standard_error_is_that_seen_in_repeated_samples():
    rng = np.random.default_rng(1)
    draws = rng.gamma(2.0, 0.01, size=(4000, 300))
    sharpes = draws.mean(axis=1) / draws.std(axis=1, ddof=1)
    assert sharpe_moments(draws.ravel()).standard_error * math.sqrt(4000) == pytest.approx(sharpes.std(), rel=0.05)


def test_the_expected_maximum_is_that_of_simulation():
    rng = np.random.default_rng(2)
    for trials in (10, 100, 1000):
        seen = rng.normal(0.0, 0.3, size=(2000, trials)).max(axis=1).mean()
        assert expected_max_sharpe(0.09, trials) == pytest.approx(seen, rel=0.03)
    assert expected_max_sharpe(0.09, 1) == 0.0
    values = [expected_max_sharpe(0.09, trials) for trials in (1, 1.5, 2, 3, 10, 1e6)]
    assert values == sorted(values)


def test_the_best_of_many_worthless_trials_is_rarely_called_real_and_a_real_one_often_is():
    def deflated(returns):
        sharpes = returns.mean(axis=1) / returns.std(axis=1, ddof=1)
        return 1 - deflated_sharpe(
            sharpe_moments(returns[sharpes.argmax()]), variance=float(np.var(sharpes, ddof=1)), trials=len(returns)
        )

    def naive(returns):
        sharpes = returns.mean(axis=1) / returns.std(axis=1, ddof=1)
        return 1 - probabilistic_sharpe(sharpe_moments(returns[sharpes.argmax()]))

    def noise(rng):
        return rng.normal(0.0, 0.01, size=(50, 500))

    def edge(rng):
        returns = noise(rng)
        returns[7] += 0.01 * 4.0 / math.sqrt(252)  # a Sharpe ratio of 4 over two years among 49 worthless ones
        return returns

    assert not rejection_rates(deflated, noise, 300, levels=(0.05,)).exceeds(0.05)
    assert rejection_rates(naive, noise, 100, levels=(0.05,)).rates[0] > 0.8
    assert rejection_rates(deflated, edge, 100, levels=(0.05,)).rates[0] > 0.75


def test_gains_that_follow_gains_overstate_the_sharpe_ratio(autoregression):
    memory = 0.3
    factor = autocorrelation_factor(autoregression(20000, 0, memory), 21)
    lags = np.arange(1, 21)
    expected = math.sqrt(21 / (21 + 2 * ((21 - lags) * memory**lags).sum()))
    assert factor == pytest.approx(expected, rel=0.06)
    assert autocorrelation_factor(autoregression(20000, 0, -0.3), 21) > 1.2
    assert autocorrelation_factor(np.random.default_rng(1).normal(size=2000), 21) == pytest.approx(1.0, abs=0.15)


def test_what_is_undefined_is_nan_with_a_reason_never_zero():
    assert "do not vary" in sharpe_moments(np.full(10, 0.01)).reason
    assert "at least 3" in sharpe_moments(np.array([0.1])).reason
    for moments in (sharpe_moments(np.zeros(10)), published(1.0, 100, 3.0, 1.0)):
        assert math.isnan(probabilistic_sharpe(moments))
        assert math.isnan(min_track_record(moments))
        assert math.isnan(moments.standard_error)
    assert math.isnan(expected_max_sharpe(math.nan, 5))
    assert math.isnan(autocorrelation_factor(np.ones(100), 21))
    with pytest.raises(InvalidInput, match="at least 1"):
        expected_max_sharpe(0.1, 0)
    with pytest.raises(InvalidInput, match="above 0"):
        min_backtest_years(10, 0.0)
