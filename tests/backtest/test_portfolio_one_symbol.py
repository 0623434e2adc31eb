"""A portfolio of one symbol is the engine's account, to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from augury.backtest.account.engine import run_engine
from augury.backtest.account.layout import FILL_COLUMNS
from augury.backtest.portfolio.panel import Panel
from augury.backtest.portfolio.portfolio_spec import PortfolioSpec, RebalanceSpec
from augury.backtest.portfolio.portfolio_weights import WeightTable
from augury.backtest.portfolio.running import run_portfolio_engine
from augury.backtest.spec import BacktestSpec, CostSpec, ExitSpec
from augury.market.bars import BarArrays, bar_arrays
from augury.sample import load_sample

DAY = 86_400 * 10**9


def random_bars(rng: np.random.Generator, n: int, scale: float = 0.03) -> BarArrays:
    close = 100.0 * np.exp(np.cumsum(rng.normal(0.0, scale, n)))
    first = np.concatenate([[100.0], close[:-1]]) * np.exp(rng.normal(0.0, scale / 3, n))
    high = np.maximum(first, close) * np.exp(np.abs(rng.normal(0.0, scale / 2, n)))
    low = np.minimum(first, close) * np.exp(-np.abs(rng.normal(0.0, scale / 2, n)))
    volume = np.floor(rng.exponential(300.0, n))
    opened_at = np.int64(1_577_836_800) * 10**9 + DAY * np.cumsum(rng.integers(1, 4, n))
    return BarArrays(opened_at, np.ascontiguousarray(np.stack([first, high, low, close, volume])))


def random_targets(rng: np.random.Generator, n: int, lowest: float, highest: float) -> np.ndarray[Any, Any]:
    values = np.round(rng.uniform(lowest, highest, n), 2)
    values[rng.random(n) < 0.3] = 0.0
    return np.repeat(values, rng.integers(1, 9, n))[:n]


def options(draw: Any) -> dict[str, Any]:
    costs = CostSpec(
        commission_rate=draw(st.sampled_from([0.0, 0.001, 0.05])),
        commission_per_unit=draw(st.sampled_from([0.0, 0.01])),
        minimum_commission=draw(st.sampled_from([0.0, 1.0, 40.0])),
        slippage_rate=draw(st.sampled_from([0.0, 0.0005, 0.02])),
        borrow_rate=draw(st.sampled_from([0.0, 0.05])),
        cash_interest_rate=draw(st.sampled_from([0.0, 0.03])),
    )
    exits = ExitSpec(
        stop_loss=draw(st.sampled_from([None, 0.03])),
        take_profit=draw(st.sampled_from([None, 0.05])),
        trailing_stop=draw(st.sampled_from([None, 0.04])),
        maximum_holding_bars=draw(st.sampled_from([None, 1, 7])),
    )
    return {
        "costs": costs,
        "exits": exits,
        "fill": draw(st.sampled_from(["next_open", "next_close", "next_typical", "same_close"])),
        "delay_bars": draw(st.sampled_from([0, 0, 1, 3])),
        "leverage": draw(st.sampled_from([1.0, 0.6, 3.0])),
        "whole_units": draw(st.booleans()),
        "volume_limit": draw(st.sampled_from([None, None, 0.1])),
        "carry_unfilled": draw(st.booleans()),
    }


@st.composite
def cases(draw: Any) -> tuple[int, dict[str, Any], float | None, int]:
    drift = draw(st.sampled_from([None, None, 0.02, 0.2]))
    return draw(st.integers(0, 2**32 - 1)), options(draw), drift, draw(st.sampled_from([7, 64, 1000]))


def both(bars: BarArrays, targets: Any, spec: BacktestSpec, block_bars: int = 1000) -> tuple[Any, Any]:
    drift = spec.rebalance_drift
    rebalance = RebalanceSpec() if drift is None else RebalanceSpec(when="threshold", threshold=drift)
    panel = Panel.of({"X": bars}, timeframe="1D")
    table = WeightTable(known_at=panel.closed_at, rows=targets[:, None])
    whole = PortfolioSpec(backtest=spec.replace(rebalance_drift=None), rebalance=rebalance, block_bars=block_bars)
    return run_engine(bars, targets, spec), run_portfolio_engine(panel, table, whole)


def assert_same_bits(engine: Any, portfolio: Any) -> None:
    np.testing.assert_array_equal(portfolio.fills[:, :FILL_COLUMNS], engine.fills)
    np.testing.assert_array_equal(portfolio.equity, engine.equity)


DUST = (
    8522,
    {
        "costs": CostSpec(commission_rate=0.0, slippage_rate=0.02, borrow_rate=0.0),
        "exits": ExitSpec(trailing_stop=0.04),
        "fill": "next_close",
        "delay_bars": 0,
        "leverage": 1.0,
        "whole_units": False,
        "volume_limit": 0.1,
        "carry_unfilled": False,
    },
    None,
    7,
)
"""A position sold in two parts by the volume limit: what rounding leaves of it is nothing."""


@settings(max_examples=300)
@given(cases())
@example(DUST)
def test_equity_and_fills_of_one_symbol_equal_the_engines_bit_for_bit(case: Any) -> None:
    seed, chosen, drift, block_bars = case
    rng = np.random.default_rng(seed)
    bars = random_bars(rng, 120, scale=float(rng.choice([0.01, 0.03, 0.1])))
    spec = BacktestSpec(rebalance_drift=drift, **chosen)
    targets = random_targets(rng, 120, -spec.leverage, spec.leverage)
    assert_same_bits(*both(bars, targets, spec, block_bars))


@pytest.mark.parametrize("ticker", ["AAPL", "FB", "GOOG", "IBM", "MSFT"])
def test_real_bars_give_the_engines_bits_too(ticker: str) -> None:
    frame = load_sample().bars[ticker]
    close = frame["close"]
    targets = np.where(close > close.rolling(50).mean(), 1.0, -0.5)
    targets[:50] = 0.0
    bars = bar_arrays(frame)
    engine, portfolio = both(bars, targets, BacktestSpec(leverage=1.0, exits=ExitSpec(stop_loss=0.08)))
    assert_same_bits(engine, portfolio)
    assert len(engine.fills) > 5


def test_a_ruined_account_is_ruined_in_the_same_way() -> None:
    rng = np.random.default_rng(3)
    bars = random_bars(rng, 400, scale=0.12)
    spec = BacktestSpec(leverage=5.0, maintenance_margin=0.05)
    engine, portfolio = both(bars, random_targets(rng, 400, -5.0, 5.0), spec)
    assert_same_bits(engine, portfolio)
    assert portfolio.ruined_bar is not None
