"""Published and hand-computed numbers, one a measure at least."""

from __future__ import annotations

import math

import numpy as np
import pytest

from augury import metrics as m
from augury.errors import InvalidInput

X = np.array([0.01, -0.02, 0.03, -0.01, 0.0, 0.015])
E = 100.0 * np.cumprod(1.0 + X)
HAND = np.array([0.1, -0.05, 0.2, -0.1])
PNL = np.array([5.0, -2.0, 0.0, 3.0])


def six(value: float) -> float:
    return round(value, 6)


def test_six_bars_have_the_numbers_computed_beforehand() -> None:
    assert round(m.total_return(E, 100.0), 8) == 0.02443855
    assert six(m.cagr(E, 100.0, 252.0, least_bars=1)) == 1.756819
    assert six(m.sharpe(X, 252.0)) == 3.673710
    assert six(m.sortino(X, 252.0)) == 7.245688
    assert six(m.max_drawdown(E, 100.0)) == -0.02
    assert round(m.calmar(E, 100.0, 252.0, least_bars=1), 5) == 87.84095
    assert six(m.value_at_risk(X)) == -0.0175
    assert six(m.conditional_value_at_risk(X)) == -0.02


def test_sortino_counts_every_bar_in_the_downside() -> None:
    assert six(m.sortino(HAND, 1.0)) == 0.670820
    assert six(HAND.mean() / HAND[HAND < 0].std(ddof=1)) == 1.06066  # what it is not


def test_ratios_of_gains_to_losses_by_hand() -> None:
    assert six(m.omega(HAND)) == 2.0
    assert six(m.omega(HAND, threshold=0.05)) == six((0.05 + 0.15) / (0.1 + 0.15))
    assert m.positive_bars(HAND) == 0.5
    assert (m.best_bar(HAND), m.worst_bar(HAND)) == (0.2, -0.1)
    assert six(m.tail_ratio(HAND)) == six((0.1 + 0.85 * 0.1) / (0.1 - 0.15 * 0.05))


def test_moments_by_hand() -> None:
    two_values = np.array([0.0, 0.0, 0.0, 0.04])  # a coin of probability 1/4: skew (1-2p)/sqrt(pq), kurtosis 1/pq - 3
    assert six(m.skewness(two_values)) == six(0.5 / math.sqrt(0.1875))
    assert six(m.kurtosis(two_values)) == six(1 / 0.1875 - 3)


def test_drawdowns_by_hand() -> None:
    equity = np.array([90.0, 120.0, 108.0, 96.0, 120.0, 114.0])
    assert m.drawdown_curve(equity, 100.0).round(6).tolist() == [-0.1, 0.0, -0.1, -0.2, 0.0, -0.05]
    assert six(m.max_drawdown(equity, 100.0)) == -0.2
    assert m.longest_drawdown_bars(equity, 100.0) == 3.0
    assert six(m.average_drawdown(equity, 100.0)) == -0.075
    assert six(m.ulcer_index(equity, 100.0)) == six(math.sqrt((0.01 + 0.01 + 0.04 + 0.0025) / 6))
    assert six(m.time_under_water(equity, 100.0)) == six(4 / 6)
    assert six(m.recovery_factor(equity, 100.0)) == 0.7
    days = np.array([0, 1, 4, 5, 6, 7]) * 86_400 * 10**9
    assert m.longest_drawdown_days(equity, 100.0, days) == 5.0
    assert six(m.martin_ratio(equity, 100.0, 6.0, least_bars=1)) == six(0.14 / m.ulcer_index(equity, 100.0))


def test_a_loss_on_the_first_bar_is_a_drawdown() -> None:
    equity = np.array([50.0, 55.0, 54.0])
    assert m.max_drawdown(equity, 100.0) == -0.5
    assert m.longest_drawdown_bars(equity, 100.0) == 3.0


def test_trades_by_hand() -> None:
    assert m.win_rate(PNL) == 0.5
    assert (m.average_win(PNL), m.average_loss(PNL), m.payoff(PNL)) == (4.0, -2.0, 2.0)
    assert (m.profit_factor(PNL), m.expectancy(PNL)) == (4.0, 1.5)
    assert six(m.sqn(PNL)) == six(2 * 1.5 / math.sqrt((3.5**2 + 3.5**2 + 1.5**2 + 1.5**2) / 3))
    assert m.expectancy_r(PNL, np.array([2.0, 2.0, np.nan, 1.0])) == pytest.approx((2.5 - 1 + 3) / 3)
    assert (m.largest_win(PNL), m.largest_loss(PNL)) == (5.0, -2.0)
    assert m.longest_losing_streak(PNL) == 2.0
    assert (m.average_holding_bars([1, 4]), m.longest_holding_bars([1, 4])) == (2.5, 4.0)


def test_trading_by_hand() -> None:
    gross = np.array([0.0, 0.5, 1.5, 0.0])
    assert (m.exposure(gross), m.mean_gross(gross), m.max_gross(gross)) == (0.5, 0.5, 1.5)
    assert m.total_turnover([50.0, 0.0, 0.0, 150.0], [100.0] * 4) == 2.0
    assert m.turnover([50.0, 0.0, 0.0, 150.0], [100.0] * 4, 2.0) == 1.0


def test_benchmark_by_hand() -> None:
    b = np.array([0.01, -0.02, 0.03, 0.0])
    assert six(m.beta(2.0 * b + 0.001, b)) == 2.0
    assert six(m.alpha(2.0 * b + 0.001, b, 252.0)) == 0.252
    assert six(m.alpha(2.0 * b + 0.001, b, 252.0, risk_free=0.0005)) == six(252 * (0.001 + 0.0005))
    assert six(m.correlation(-3.0 * b, b)) == -1.0
    assert six(m.tracking_error(b + np.array([0.01, -0.01, 0.01, -0.01]), b, 1.0)) == six(math.sqrt(4e-4 / 3))
    assert six(m.information_ratio(b + np.array([0.03, 0.01, 0.03, 0.01]), b, 1.0)) == six(0.02 / math.sqrt(4e-4 / 3))
    x = np.array([0.02, -0.01, 0.01, 0.5])
    assert six(m.up_capture(x, b)) == six((math.sqrt(1.02 * 1.01) - 1) / (math.sqrt(1.01 * 1.03) - 1))
    assert six(m.down_capture(x, b)) == 0.5
    assert six(m.active_return(x, b, 4.0, least_bars=1)) == six(np.prod(1 + x) - np.prod(1 + b))


def test_the_standard_error_of_sharpe_is_that_of_the_papers() -> None:
    x = np.tile([0.01, -0.01], 500) + 0.001
    per_bar = m.sharpe(x, 1.0)
    assert m.kurtosis(x) == pytest.approx(1.0)
    assert m.sharpe_standard_error(x, 1.0) == pytest.approx(math.sqrt(1 / 999), rel=1e-9)  # skew 0, kurtosis 1
    normal = np.random.default_rng(0).normal(0.05, 1.0, 200_000)
    per_bar = m.sharpe(normal, 1.0)
    assert m.sharpe_standard_error(normal, 1.0) == pytest.approx(math.sqrt((1 + per_bar**2 / 2) / 199_999), rel=1e-3)


def test_the_standard_error_of_sharpe_is_its_spread_over_many_samples() -> None:
    rng = np.random.default_rng(1)
    samples = rng.standard_t(8, (3000, 500)) * 0.01 + 0.001
    ratios = [m.sharpe(sample, 252.0) for sample in samples]
    errors = [m.sharpe_standard_error(sample, 252.0) for sample in samples]
    assert np.std(ratios) == pytest.approx(np.mean(errors), rel=0.05)


@pytest.mark.parametrize(("phi", "low", "high"), [(0.0, 0.95, 1.05), (0.3, 0.69, 0.78), (-0.3, 1.28, 1.45)])
def test_autocorrelated_returns_are_scaled_to_a_year_as_lo_derived(phi: float, low: float, high: float) -> None:
    """For AR(1) the year's variance tends to (1 + phi)/(1 - phi) times the uncorrelated one."""
    rng = np.random.default_rng(2)
    noise, x = rng.normal(0.0, 0.01, 20_000), np.zeros(20_000)
    for t in range(1, x.size):
        x[t] = phi * x[t - 1] + noise[t]
    x += 0.001
    ratio = m.sharpe_autocorrelated(x, 252.0) / m.sharpe(x, 252.0)
    assert low < ratio < high
    assert ratio == pytest.approx(math.sqrt((1 - phi) / (1 + phi)), rel=0.06)


def test_the_two_growth_rates_agree_where_calendar_and_count_do() -> None:
    days = np.arange(730) * 86_400 * 10**9
    equity = np.linspace(100.2, 144.0, 730)
    assert m.calendar_cagr(equity, 100.0, days) == pytest.approx(1.44 ** (365.25 / 730) - 1, rel=1e-12)
    assert m.cagr(equity, 100.0, 365.0) == pytest.approx(0.2, rel=1e-12)


@pytest.mark.parametrize(
    "value",
    [
        m.cagr(E, 100.0, 252.0),
        m.sharpe(np.full(30, 0.01), 252.0),
        m.sharpe_standard_error(np.zeros(30), 252.0),
        m.sharpe_autocorrelated(np.zeros(30), 252.0),
        m.sortino(np.full(30, 0.01), 252.0),
        m.omega(np.full(3, 0.01)),
        m.calmar(np.linspace(101, 200, 100), 100.0, 252.0),
        m.martin_ratio(np.linspace(101, 200, 100), 100.0, 252.0),
        m.recovery_factor([101.0], 100.0),
        m.skewness(np.zeros(9)),
        m.kurtosis(np.zeros(9)),
        m.tail_ratio(np.zeros(9)),
        m.volatility([0.1], 252.0),
        m.profit_factor([1.0]),
        m.payoff([1.0]),
        m.payoff([-1.0]),
        m.average_win([-1.0]),
        m.average_loss([1.0]),
        m.largest_win([-1.0]),
        m.largest_loss([1.0]),
        m.win_rate([]),
        m.expectancy([]),
        m.expectancy_r([1.0], [np.nan]),
        m.sqn([1.0]),
        m.sqn([2.0, 2.0]),
        m.longest_losing_streak([]),
        m.value_at_risk([]),
        m.conditional_value_at_risk([]),
        m.max_drawdown([], 100.0),
        m.exposure([]),
        m.beta([0.1, 0.2], [0.1, 0.1]),
        m.correlation([0.1, 0.1], [0.1, 0.2]),
        m.information_ratio([0.1, 0.2], [0.1, 0.2], 252.0),
        m.up_capture([0.1], [-0.1]),
        m.down_capture([0.1], [0.1]),
    ],
)
def test_the_undefined_is_nan_never_zero_or_infinite(value: float) -> None:
    assert math.isnan(value)


@pytest.mark.parametrize("bad", [[np.nan, 0.1], [np.inf], [[0.1]], ["a"], None])
def test_what_is_not_a_finite_vector_is_refused(bad: object) -> None:
    with pytest.raises(InvalidInput):
        m.sharpe(bad, 252.0)  # type: ignore[arg-type]


def test_prices_in_place_of_benchmark_returns_are_refused() -> None:
    with pytest.raises(InvalidInput, match="prices"):
        m.beta([0.1, 0.2], [101.0, 102.0])


@pytest.mark.parametrize("year", [0.0, -252.0, math.nan, math.inf])
def test_a_year_needs_bars(year: float) -> None:
    with pytest.raises(InvalidInput, match="periods_per_year"):
        m.sharpe(X, year)


def test_returns_of_a_lost_account_are_refused() -> None:
    with pytest.raises(InvalidInput, match=r"equity\[1\]"):
        m.simple_returns([50.0, -1.0], 100.0)
    with pytest.raises(InvalidInput, match="initial_cash"):
        m.simple_returns([50.0], 0.0)
