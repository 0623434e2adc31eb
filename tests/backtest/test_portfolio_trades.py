"""Trades of portfolios: those of the single engine for one symbol, and books that add up for many."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from augury.backtest.account.engine import run_engine
from augury.backtest.account.trades import trades_of
from augury.backtest.portfolio.panel import Panel
from augury.backtest.portfolio.panel_actions import PanelAction
from augury.backtest.portfolio.portfolio_spec import PortfolioSpec, RebalanceSpec
from augury.backtest.portfolio.portfolio_weights import WeightTable
from augury.backtest.portfolio.running import run_portfolio_engine
from augury.backtest.spec import BacktestSpec, CostSpec, ExitSpec
from augury.errors import InvalidInput
from augury.market.bars import BarArrays
from augury.sample import SPLITS, load_sample

FREE = CostSpec(commission_rate=0.0, slippage_rate=0.0, borrow_rate=0.0, margin_interest_rate=0.0)


def held_on(panel: Panel, targets: np.ndarray) -> WeightTable:
    return WeightTable(known_at=panel.closed_at, rows=targets)


def random_targets(seed: int, n: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    levels = rng.choice([0.0, 1.0, -1.0, 0.5, -0.4], n)
    return levels[np.maximum.accumulate(np.where(rng.random(n) < 0.3, np.arange(n), 0))]


@pytest.mark.parametrize("fill", ["next_open", "next_close", "next_typical", "same_close"])
@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize("exits", [ExitSpec(), ExitSpec(stop_loss=0.04, take_profit=0.1, maximum_holding_bars=9)])
def test_trades_of_one_symbol_are_those_of_the_single_engine(
    fill: Any, split: bool, exits: ExitSpec, make_random_bars: Any
) -> None:
    bars, targets = make_random_bars(5, 200, 0.03), random_targets(6, 200)
    spec = BacktestSpec(fill=fill, exits=exits)
    actions, matrix = (), None
    if split:
        actions = (PanelAction(symbol="X", at=int(bars.opened_at[90]), split_ratio=2.0),)
        matrix = np.ones((3, 200))
        matrix[1], matrix[2], matrix[0, 90] = 0.0, np.nan, 2.0
        bars.matrix[:4, 90:] /= 2.0
    panel = Panel.of({"X": bars}, timeframe="1D", actions=actions)
    run = run_portfolio_engine(panel, held_on(panel, targets[:, None]), PortfolioSpec(backtest=spec))
    alone = trades_of(run_engine(bars, targets, spec, actions=matrix)).to_frame(bars.opened_at)
    found = run.trades_frame()
    assert (found.pop("symbol") == "X").all()
    assert len(found) > 15
    pd.testing.assert_frame_equal(found, alone, check_exact=True)


def test_profits_and_costs_of_all_symbols_add_up_through_splits_listings_and_gaps() -> None:
    frames = load_sample().bars
    frames["IBM"] = frames["IBM"].drop(frames["IBM"].index[200:230])
    actions = [
        PanelAction(symbol=each.ticker, at=f"{each.effective_on}T00:00Z", split_ratio=each.ratio) for each in SPLITS
    ]
    weights = {"AAPL": 0.4, "FB": -0.2, "GOOG": 0.3, "IBM": -0.3, "MSFT": 0.2}
    spec = PortfolioSpec(
        backtest=BacktestSpec(leverage=1.5, costs=CostSpec(borrow_rate=0.0, margin_interest_rate=0.0)),
        rebalance=RebalanceSpec(when="monthly"),
    )
    spec = spec.replace(backtest=spec.backtest.replace(exits=ExitSpec(stop_loss=0.1)))
    for panel in (Panel.of(frames, actions=actions), Panel.of(frames, actions=actions).loaded()):
        run = run_portfolio_engine(panel, weights, spec)
        trades = run.trades_frame()
        profit = trades.groupby("symbol")["profit_and_loss"].sum().reindex(list(panel.symbols))
        np.testing.assert_allclose(profit, run.contributions, rtol=1e-9, atol=1e-6)
        assert trades["profit_and_loss"].sum() == pytest.approx(run.equity[-1] - 10_000.0, rel=1e-9)
        assert trades["commission"].sum() == pytest.approx(run.commissions.sum(), rel=1e-9)
        assert trades["slippage"].sum() == pytest.approx(run.slippage.sum(), rel=1e-9)
        assert trades["entry_time"].is_monotonic_increasing
        assert (trades["exit_reason"] == "stop_loss").sum() > 10
        assert trades["maximum_favourable_excursion"].between(0.0, 50.0).all()
        assert trades["maximum_adverse_excursion"].between(-50.0, 0.0).all()
        assert trades["is_open"].sum() == np.count_nonzero(run.units)


def test_a_symbol_without_bars_is_carried_at_its_last_close_and_a_delisting_ends_its_trade(make_bars: Any) -> None:
    there = make_bars(np.array([10.0, 10.0, 12.0, 12.0, 9.0, 9.0, 9.0, 9.0]))
    kept = [0, 1, 2, 5]  # no bar at 3 and 4, gone after 5
    closes = np.array([10.0, 10.0, 15.0, 8.0])
    gone = make_bars(closes)
    gone = BarArrays(there.opened_at[kept], gone.matrix)
    panel = Panel.of({"there": there, "gone": gone}, timeframe="1D")
    weights = {"there": 0.5, "gone": 0.5}
    spec = PortfolioSpec(backtest=BacktestSpec(costs=FREE), rebalance=RebalanceSpec(when="once"))
    trades = run_portfolio_engine(panel, weights, spec).trades_frame().set_index("symbol")
    assert trades.loc["gone", "exit_reason"] == "delisting"
    assert trades.loc["gone", "exit_price"] == 8.0
    assert trades.loc["gone", "maximum_favourable_excursion"] == pytest.approx(0.5)
    assert trades.loc["gone", "maximum_adverse_excursion"] == pytest.approx(-0.2)
    assert (trades.loc["there", "exit_reason"], trades.loc["there", "exit_price"]) == ("open", 9.0)


def test_no_trades_are_an_empty_frame_and_dropped_fills_are_refused(make_random_bars: Any) -> None:
    panel = Panel.of({"X": make_random_bars(1, 50)}, timeframe="1D")
    quiet = run_portfolio_engine(panel, {"X": 0.0})
    assert len(quiet.trades_frame()) == 0
    assert "not proven" in repr(quiet)
    assert len(repr(quiet)) < 200
    dropped = run_portfolio_engine(panel, {"X": 1.0}, PortfolioSpec(keep_fills=False))
    with pytest.raises(InvalidInput, match="`keep_fills` is off"):
        dropped.trades_frame()
