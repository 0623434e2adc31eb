"""The record of all measures: equal to the functions bit for bit, with reasons, flags and errors."""

from __future__ import annotations

import json
import math
import pickle
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest

from augury import metrics as m
from augury.errors import InvalidInput, NotFound
from augury.metrics import Curve, Measure, Metrics, TradeOutcomes, measure

DAY = 86_400 * 10**9
N, A, CASH = 700, 252.0, 10_000.0


def curve(n: int = N, **changes: Any) -> Curve:
    rng = np.random.default_rng(5)
    options: dict[str, Any] = {
        "equity": CASH * np.exp(np.cumsum(rng.normal(0.0004, 0.011, n))),
        "initial_cash": CASH,
        "periods_per_year": A,
        "opened_at": np.arange(n) * DAY,
        "gross_exposure": np.abs(rng.normal(0.5, 0.4, n)),
        "traded_notional": np.where(rng.random(n) < 0.1, 5000.0, 0.0),
    }
    return Curve(**options | changes)


def outcomes(count: int = 60) -> TradeOutcomes:
    rng = np.random.default_rng(6)
    pnl = rng.normal(10.0, 100.0, count)
    return TradeOutcomes(
        pnl=pnl,
        is_open=np.arange(count) == count - 1,
        returns=pnl / 5000.0,
        holding_bars=rng.integers(1, 30, count),
        costs=np.full(count, 2.0),
        initial_risk=np.where(rng.random(count) < 0.5, 50.0, np.nan),
    )


def benchmark(n: int = N) -> np.ndarray:
    return np.random.default_rng(7).normal(0.0003, 0.01, n)


FULL = measure(curve(), outcomes(), benchmark())


def expected() -> dict[str, float]:
    """Every measure by its own function."""
    c, t, b = curve(), outcomes(), benchmark()
    x = m.simple_returns(c.equity, CASH)
    closed = t.closed
    pnl = t.pnl[closed]
    assert c.opened_at is not None
    assert c.gross_exposure is not None
    assert c.traded_notional is not None
    assert t.initial_risk is not None
    assert t.returns is not None
    assert t.holding_bars is not None
    by_returns = {name: getattr(m, name)(x) for name in ("omega", "value_at_risk", "conditional_value_at_risk")}
    by_returns |= {
        name: getattr(m, name)(x) for name in ("tail_ratio", "skewness", "kurtosis", "best_bar", "worst_bar")
    }
    by_returns |= {
        name: getattr(m, name)(x, A) for name in ("volatility", "sharpe", "sharpe_autocorrelated", "sortino")
    }
    of_equity = ("total_return", "recovery_factor", "max_drawdown", "average_drawdown", "longest_drawdown_bars")
    by_equity = {name: getattr(m, name)(c.equity, CASH) for name in (*of_equity, "time_under_water", "ulcer_index")}
    by_equity |= {name: getattr(m, name)(c.equity, CASH, A) for name in ("cagr", "calmar", "martin_ratio")}
    by_equity |= {
        name: getattr(m, name)(c.equity, CASH, c.opened_at) for name in ("calendar_cagr", "longest_drawdown_days")
    }
    of_pnl = ("win_rate", "average_win", "average_loss", "payoff", "profit_factor", "expectancy", "sqn", "largest_win")
    by_pnl = {name: getattr(m, name)(pnl) for name in (*of_pnl, "largest_loss", "longest_losing_streak")}
    against = {name: getattr(m, name)(x, b) for name in ("beta", "correlation", "up_capture", "down_capture")}
    annual = ("alpha", "tracking_error", "information_ratio", "active_return")
    against |= {name: getattr(m, name)(x, b, A) for name in annual}
    other = {
        "bars": float(N),
        "autocorrelation": m.autocorrelations(x, 1)[0],
        "positive_bars": m.positive_bars(x),
        "pf_bar": m.omega(x),
        "exposure": m.exposure(c.gross_exposure),
        "mean_gross": m.mean_gross(c.gross_exposure),
        "max_gross": m.max_gross(c.gross_exposure),
        "turnover": m.turnover(c.traded_notional, c.equity, A),
        "total_turnover": m.total_turnover(c.traded_notional, c.equity),
        "trades": 59.0,
        "open_trades": 1.0,
        "expectancy_r": m.expectancy_r(pnl, t.initial_risk[closed]),
        "average_trade_return": m.average_trade_return(t.returns[closed]),
        "average_holding_bars": m.average_holding_bars(t.holding_bars[closed]),
        "longest_holding_bars": m.longest_holding_bars(t.holding_bars[closed]),
        "total_costs": 120.0,
    }
    return by_returns | by_equity | by_pnl | against | other


def test_every_number_is_that_of_its_own_function_to_the_last_bit() -> None:
    alone = expected()
    assert set(alone) == set(FULL) == set(m.MEASURES)
    assert {name: (FULL[name].value, value) for name, value in alone.items() if FULL[name].value != value} == {}
    error = m.sharpe_standard_error(m.simple_returns(curve().equity, CASH), A)
    assert FULL.sharpe.standard_error == error


def test_measures_come_in_the_order_of_the_definitions_and_repeat_bit_for_bit() -> None:
    assert list(FULL) == list(m.MEASURES)
    assert measure(curve(), outcomes(), benchmark()) == FULL


def test_risk_free_is_taken_from_the_returns() -> None:
    found = measure(curve(risk_free=0.0001))
    x = m.simple_returns(curve().equity, CASH)
    assert found.sharpe.value == m.sharpe(x, A, risk_free=0.0001)
    assert found.sharpe_autocorrelated.value == m.sharpe_autocorrelated(x, A, risk_free=0.0001)


def test_groups_that_were_not_asked_for_are_absent_and_the_error_says_what_to_pass() -> None:
    found = measure(Curve(equity=curve().equity, initial_cash=CASH, periods_per_year=A))
    assert "win_rate" not in found
    assert found.get("win_rate") is None
    with pytest.raises(NotFound, match="Trades group was not measured"):
        found["win_rate"]
    with pytest.raises(NotFound, match="'sharpe'"):
        found["sharp"]
    with pytest.raises(AttributeError, match="'sortino'"):
        _ = found.sortinno
    assert found.longest_drawdown_days.reason == "the bars carry no times (opened_at)"


@pytest.mark.parametrize("n", [0, 1, 2, 5, 19])
def test_few_bars_give_no_growth_rate_and_every_undefined_measure_has_a_reason(n: int) -> None:
    found = measure(curve(n), TradeOutcomes(pnl=np.empty(0)), benchmark(n))
    for measured in found.values():
        assert math.isnan(measured.value) == (not measured.defined)
        assert measured.defined or measured.reason
        assert not math.isinf(measured.value)
    for name in ("cagr", "calendar_cagr", "calmar", "martin_ratio"):
        assert not found[name].defined
    assert found.win_rate.reason == "no trade was closed"
    if n:
        assert "too few" in str(found.cagr.reason)


def test_short_samples_are_flagged() -> None:
    short = measure(curve(99), outcomes(20))
    assert "short_sample" in short.sharpe.flags
    assert "short_sample" in short.cagr.flags
    assert "short_sample" in short.value_at_risk.flags
    assert "few_trades" in short.sqn.flags
    assert "short_sample" not in FULL.sharpe.flags
    assert FULL.sqn.flags == ()
    assert "short_sample" not in measure(curve(240)).cagr.flags
    used = {flag for found in (short, FULL) for item in found.values() for flag in item.flags}
    assert used <= set(m.FLAGS)


def test_autocorrelated_returns_are_flagged_and_independent_ones_seldom() -> None:
    rng = np.random.default_rng(0)
    flagged = 0
    for _ in range(400):
        x = rng.normal(0.0, 0.01, 300)
        found = measure(Curve(equity=np.cumprod(1 + x), initial_cash=1.0, periods_per_year=A))
        flagged += "autocorrelated" in found.sharpe.flags
    assert flagged <= 12  # 4 expected, 1 in 1,000 such studies exceeds 11
    x = np.convolve(rng.normal(0.0, 0.01, 301), [0.5, 0.5], mode="valid")
    smooth = measure(Curve(equity=np.cumprod(1 + x), initial_cash=1.0, periods_per_year=A))
    assert "autocorrelated" in smooth.sharpe.flags


def test_an_account_that_never_loses_has_no_ratios_over_its_losses() -> None:
    found = measure(Curve(equity=np.linspace(101.0, 200.0, 300), initial_cash=100.0, periods_per_year=A))
    for name in ("sortino", "omega", "calmar", "recovery_factor", "pf_bar"):
        assert not found[name].defined
        assert "no_losses" in found[name].flags
    assert found.max_drawdown.value == 0.0
    assert found.longest_drawdown_days.defined is False
    winners = measure(curve(), TradeOutcomes(pnl=np.ones(40)))
    assert winners.profit_factor.reason == "no trade lost"
    assert winners.profit_factor.flags == ("no_losses",)
    assert winners.sqn.reason == "it takes two trades whose profits differ"


def test_an_idle_account_has_no_ratios_at_all() -> None:
    found = measure(Curve(equity=np.full(300, 100.0), initial_cash=100.0, periods_per_year=A))
    assert found.total_return.value == 0.0
    assert found.sharpe.reason == "the returns do not vary"
    assert found.volatility.value == 0.0
    assert not found.skewness.defined


def test_a_lost_account_keeps_its_loss_and_its_drawdown_only() -> None:
    equity = np.r_[np.linspace(100.0, 10.0, 200), -20.0, np.full(50, -20.0)]
    found = measure(Curve(equity=equity, initial_cash=100.0, periods_per_year=A), benchmark=benchmark(251))
    assert found.total_return.defined is False or found.total_return.value == pytest.approx(-1.2)
    assert found.total_return.value == pytest.approx(-1.2)
    assert found.max_drawdown.value == pytest.approx(-1.2)
    for name in ("cagr", "calmar", "sharpe", "value_at_risk", "beta"):
        assert "account was lost" in str(found[name].reason)
    assert "bar 200" in str(found.sharpe.reason)


def test_without_a_number_of_bars_a_year_annual_measures_are_undefined_and_the_others_stay() -> None:
    found = measure(curve(periods_per_year=math.nan), outcomes(), benchmark())
    for name in ("cagr", "volatility", "sharpe", "sortino", "calmar", "turnover", "alpha", "tracking_error"):
        assert "periods_per_year" in str(found[name].reason)
    for name in ("total_return", "calendar_cagr", "max_drawdown", "value_at_risk", "beta", "total_turnover"):
        assert found[name].defined


def test_an_open_drawdown_is_counted_and_flagged() -> None:
    equity = np.r_[np.linspace(101, 200, 100), np.linspace(199, 150, 60)]
    found = measure(Curve(equity=equity, initial_cash=100.0, periods_per_year=A))
    assert found.longest_drawdown_bars.value == 60.0
    assert found.longest_drawdown_bars.flags == ("still_open",)


def test_the_record_is_plain_json_and_a_frame_and_survives_pickling() -> None:
    short = measure(curve(10), outcomes(), benchmark(10))
    text = json.dumps(short.to_dict(), allow_nan=False)
    assert json.loads(text)["cagr"]["value"] is None
    frame = FULL.to_frame()
    assert list(frame.index) == list(FULL)
    assert frame.loc["sharpe", "value"] == FULL.sharpe.value
    assert pickle.loads(pickle.dumps(short)) == short
    assert short != FULL


def test_the_record_prints_a_table_with_errors_flags_and_reasons() -> None:
    text = str(measure(curve(50), outcomes(5)))
    assert "Maximum drawdown" in text
    assert "[short_sample]" in text
    assert "±" in text
    assert max(map(len, text.splitlines())) < 120
    assert str(Measure("sharpe", math.nan, reason="why")) == "undefined: why"
    assert str(Measure("x", 1234.5, unit="money")) == "1,234.50"
    assert str(Measure("x", 3.0, unit="days")) == "3 days"
    assert float(FULL.sharpe) == FULL.sharpe.value
    assert repr(FULL) == f"<Metrics: {len(FULL)} measures, {len(FULL)} defined>"


def test_records_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        FULL.sharpe.value = 1.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"equity": np.array([1.0, np.nan])}, r"equity\[1\]"),
        ({"initial_cash": 0.0}, "initial_cash"),
        ({"initial_cash": math.nan}, "initial_cash"),
        ({"periods_per_year": -1.0}, "periods_per_year"),
        ({"risk_free": math.inf}, "risk_free"),
        ({"opened_at": np.arange(3)}, "opened_at"),
        ({"opened_at": np.zeros(N, dtype=np.int64)}, "should increase"),
        ({"opened_at": np.arange(N, dtype=np.float64)}, "int64"),
        ({"gross_exposure": np.zeros(3)}, "gross_exposure"),
        ({"traded_notional": np.full(N, np.inf)}, "traded_notional"),
    ],
)
def test_a_curve_that_breaks_a_rule_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        curve(**changes)


def test_trades_and_benchmarks_that_break_a_rule_are_refused() -> None:
    with pytest.raises(InvalidInput, match="is_open"):
        TradeOutcomes(pnl=np.ones(2), is_open=np.array([0, 1]))  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="costs"):
        TradeOutcomes(pnl=np.ones(2), costs=np.ones(3))
    with pytest.raises(InvalidInput, match=r"pnl\[0\]"):
        TradeOutcomes(pnl=np.array([np.nan]))
    with pytest.raises(InvalidInput, match="same length"):
        measure(curve(), benchmark=benchmark(N - 1))
    with pytest.raises(InvalidInput, match="prices"):
        measure(curve(), benchmark=np.full(N, 100.0))


def test_a_read_only_or_strided_curve_gives_the_same_numbers() -> None:
    equity = curve().equity
    frozen = equity.copy()
    frozen.setflags(write=False)
    strided = np.repeat(equity, 2)[::2]
    assert measure(curve(equity=frozen)) == measure(curve(equity=strided)) == measure(curve())


def test_metrics_of_nothing_is_empty() -> None:
    assert len(Metrics([])) == 0
    assert str(Metrics([])) == ""
