"""What must hold for any account, and slow readable versions of every measure that NumPy or SciPy can give."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from augury import metrics as m

returns = hnp.arrays(
    np.float64, st.integers(25, 120), elements=st.integers(-2000, 2500).map(lambda points: points / 10_000)
)
A = 252.0


def slow(x: np.ndarray, b: np.ndarray) -> dict[str, float]:
    """Every measure of returns in NumPy and SciPy; infinities and zeros by zero become NaN."""
    equity = np.r_[1.0, np.cumprod(1 + x)]
    falls = equity / np.maximum.accumulate(equity) - 1
    growth = equity[-1] ** (A / x.size) - 1
    low, high = np.quantile(x, [0.05, 0.95])
    line = stats.linregress(b, x)
    with np.errstate(all="ignore"):
        found = {
            "total_return": equity[-1] - 1,
            "cagr": growth,
            "volatility": x.std(ddof=1) * math.sqrt(A),
            "sharpe": x.mean() / x.std(ddof=1) * math.sqrt(A),
            "sortino": x.mean() / np.sqrt(np.mean(np.minimum(x, 0) ** 2)) * math.sqrt(A),
            "omega": x[x > 0].sum() / -x[x < 0].sum(),
            "max_drawdown": falls.min(),
            "average_drawdown": falls[1:].mean(),
            "ulcer_index": math.sqrt(np.mean(falls[1:] ** 2)),
            "time_under_water": np.mean(falls[1:] < 0),
            "calmar": growth / -falls.min(),
            "value_at_risk": low,
            "conditional_value_at_risk": x[x <= low].mean(),
            "tail_ratio": abs(high) / abs(low),
            "skewness": stats.skew(x),
            "kurtosis": stats.kurtosis(x, fisher=False),
            "beta": line.slope,
            "alpha": line.intercept * A,
            "correlation": line.rvalue,
            "tracking_error": (x - b).std(ddof=1) * math.sqrt(A),
            "information_ratio": (x - b).mean() / (x - b).std(ddof=1) * math.sqrt(A),
        }
    return {name: float(value) if np.isfinite(value) else math.nan for name, value in found.items()}


@given(returns, st.integers(0, 2**32 - 1))
def test_every_measure_is_that_of_the_slow_version(x: np.ndarray, seed: int) -> None:
    assume(np.unique(x).size > 3)
    b = np.random.default_rng(seed).normal(0.0, 0.01, x.size)
    equity = np.cumprod(1 + x)
    x = m.simple_returns(equity, 1.0)  # the tail is counted by <=, which the last bit of tied returns decides
    curve = m.Curve(equity=equity, initial_cash=1.0, periods_per_year=A)
    found = m.measure(curve, benchmark=b)
    for name, expected in slow(x, b).items():
        if name == "time_under_water":  # a peak met again after rounding is no fall worth comparing
            continue
        assert found[name].value == pytest.approx(expected, rel=1e-7, abs=1e-10, nan_ok=True), name
    errors = stats.linregress(b, x)
    assert found.beta.standard_error == pytest.approx(errors.stderr, rel=1e-6)
    assert found.alpha.standard_error == pytest.approx(errors.intercept_stderr * A, rel=1e-6)


@given(returns, st.integers(-12, 12))
def test_an_account_in_other_units_has_the_same_measures_to_the_last_bit(x: np.ndarray, power: int) -> None:
    equity = 1000.0 * np.cumprod(1 + x)
    one = m.measure(m.Curve(equity=equity, initial_cash=1000.0, periods_per_year=A))
    scale = 2.0**power
    other = m.measure(m.Curve(equity=equity * scale, initial_cash=1000.0 * scale, periods_per_year=A))
    assert one == other


@given(returns, st.integers(0, 2**32 - 1))
def test_measures_of_the_distribution_do_not_depend_on_the_order_of_the_bars(x: np.ndarray, seed: int) -> None:
    shuffled = np.random.default_rng(seed).permutation(x)
    assert m.value_at_risk(x) == m.value_at_risk(shuffled)
    assert m.conditional_value_at_risk(x) == m.conditional_value_at_risk(shuffled)
    assert m.positive_bars(x) == m.positive_bars(shuffled)
    assert m.sharpe(x, A) == pytest.approx(m.sharpe(shuffled, A), rel=1e-9, abs=1e-9, nan_ok=True)
    assert m.sortino(x, A) == pytest.approx(m.sortino(shuffled, A), rel=1e-9, abs=1e-9, nan_ok=True)


@given(returns)
def test_drawdown_stays_within_its_bounds(x: np.ndarray) -> None:
    equity = np.cumprod(1 + x)
    falls = m.drawdown_curve(equity, 1.0)
    depth = m.max_drawdown(equity, 1.0)
    assert -1.0 < depth <= 0.0
    assert depth == min(0.0, falls.min())
    assert abs(m.average_drawdown(equity, 1.0)) <= m.ulcer_index(equity, 1.0) + 1e-15 <= -depth + 2e-15
    assert 0 <= m.longest_drawdown_bars(equity, 1.0) <= x.size


@given(hnp.arrays(np.float64, st.integers(1, 80), elements=st.integers(-50, 50).map(float)))
def test_trade_measures_fit_together(pnl: np.ndarray) -> None:
    wins, losses = pnl[pnl > 0], pnl[pnl < 0]
    rate = m.win_rate(pnl)
    assert rate == wins.size / pnl.size
    assert m.expectancy(pnl) == pytest.approx(pnl.mean(), abs=1e-12)
    if wins.size and losses.size:
        assert m.profit_factor(pnl) == pytest.approx(m.payoff(pnl) * wins.size / losses.size)
    if np.unique(pnl).size > 1:
        assert m.sqn(pnl) == pytest.approx(stats.ttest_1samp(pnl, 0.0).statistic, rel=1e-9, abs=1e-12)
