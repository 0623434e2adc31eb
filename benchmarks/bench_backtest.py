"""One backtest, SMA 10/30 on 2,148 daily bars of GOOG, all trades and all measures, warm: best CPU time of several."""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.backtest import BacktestResult, run_backtest
from event_peers import backtesting_of, backtrader_of, our_equity
from peers import absent, load, vectorbt_engines
from timing import beside, best_of, best_of_process, shown, sized
from vectorbt_side import averages_above, portfolio_of, set_engine
from workloads import SPEC, agreed, frame_of, goog, passed, peers_frame

NAME = "a frame in, trades table, all measures"
TARGET = ">= 25 x"
WINDOWS = {"fast": 10, "slow": 30}
GRID = np.array([[10, 30]])


def ours(bars: Any) -> BacktestResult:
    """Checked bars, curve, the table of trades and every measure."""
    result = run_backtest("sma_crossover", bars, WINDOWS, SPEC)
    assert len(result.trades) > 30
    assert len(list(result.metrics)) > 40
    return result


def row(peer: str, mine: float, theirs: float, agreement: str, note: str) -> dict[str, Any]:
    return beside(mine, theirs, name=NAME, peer=peer, target=TARGET, agreement=agreement, note=note)


def vectorbt_rows(mine: float) -> list[dict[str, Any]]:
    vbt, why_not = load("vectorbt")
    if vbt is None:
        return [absent(NAME, "vectorbt", TARGET, why_not)]
    bars, rows = goog(), []
    frame, single = peers_frame(bars), ours(bars)

    def run() -> tuple[Any, Any, Any]:
        above = averages_above(vbt, frame["close"], GRID)
        portfolio = portfolio_of(vbt, frame["close"], frame["open"], above, SPEC)
        return portfolio, portfolio.trades.records_readable, portfolio.stats()

    for name, engine in vectorbt_engines():
        set_engine(vbt, engine)
        portfolio, trades, _ = passed(run)
        assert len(trades) == len(single.trades)
        theirs = (portfolio.final_value(), portfolio.sharpe_ratio(), portfolio.max_drawdown())
        mine_too = (single.equity.iloc[-1], float(single.metrics.sharpe), float(single.metrics.max_drawdown))
        agreement = agreed(mine_too, theirs)
        seconds = passed(lambda: best_of_process(run, sized(20, 3)))
        rows.append(row(name, mine, seconds, agreement, "MA.run, from_signals, trades.records_readable, stats()"))
    return rows


def event_rows(mine: float) -> list[dict[str, Any]]:
    bars, rows = goog(), []
    backtesting, why_not = load("backtesting")
    if backtesting is None:
        rows.append(absent(NAME, "backtesting.py", TARGET, why_not))
    else:
        run = backtesting_of(backtesting, bars)
        found = passed(lambda: run(10, 30))
        agreement = agreed(our_equity(bars, 10, 30, backtrader=False), found["Equity Final [$]"])
        seconds = passed(lambda: best_of_process(lambda: run(10, 30), sized(10, 2)))
        rows.append(row("backtesting.py", mine, seconds, agreement, "Backtest.run(); compared with 100 units a trade"))
    backtrader, why_not = load("backtrader")
    if backtrader is None:
        rows.append(absent(NAME, "backtrader", TARGET, why_not))
    else:
        run_too = backtrader_of(backtrader, bars)
        agreement = agreed(our_equity(bars, 10, 30, backtrader=True), passed(lambda: run_too(10, 30)))
        seconds = passed(lambda: best_of_process(lambda: run_too(10, 30), sized(6, 1)))
        rows.append(row("backtrader", mine, seconds, agreement, "five analysers; compared with 100 units a trade"))
    nautilus = "needs pandas below 3: benchmarks/nautilus_apart.py times it in an environment of its own"
    rows.append(absent(NAME, "nautilus_trader", TARGET, nautilus))
    return rows


def run() -> list[dict[str, Any]]:
    bars = goog()
    frame = frame_of(bars)
    repeats = sized(300, 20)
    from_frame, from_arrays = best_of(lambda: ours(frame), repeats), best_of(lambda: ours(bars), repeats)
    lazy = best_of(lambda: run_backtest("sma_crossover", bars, WINDOWS, SPEC), repeats)
    rows = [
        {"name": NAME, "ours": shown(from_frame), "target": "<= 1 ms"},
        {"name": "checked arrays in, trades table, all measures", "ours": shown(from_arrays), "target": "<= 1 ms"},
        {"name": "checked arrays in, trades as an array, all measures", "ours": shown(lazy), "target": "<= 1 ms"},
    ]
    return rows + vectorbt_rows(from_frame) + event_rows(from_frame)
