"""Grids of moving averages: 500 symbols x 2,520 bars x 20 pairs, and 200 pairs on 2,148 bars of GOOG: best CPU time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from augury.backtest import quick_sweep
from event_peers import backtesting_of, our_equity
from peers import absent, load, vectorbt_engines
from timing import beside, best_of_process, sized
from vectorbt_side import measures, set_engine, warm
from workloads import SPEC, agreed, goog, passed, peers_frame, universe

SYMBOLS, BARS = sized(500, 20), sized(2520, 600)
UNIVERSE_GRID = {"fast": [5, 10, 15, 20], "slow": [30, 40, 50, 60, 80]}
GOOG_GRID = {"fast": list(range(2, 22)), "slow": list(range(25, 125, 10))}
FEW = sized(10, 2)
NAMES = ("total_return", "sharpe", "max_drawdown")


def combined(grid: dict[str, list[int]]) -> np.ndarray:
    return np.array([(fast, slow) for fast in grid["fast"] for slow in grid["slow"]])


def row(name: str, mine: float, peer: str, theirs: float, *, target: str, agreement: str, note: str) -> dict[str, Any]:
    return beside(mine, theirs, name=name, peer=peer, target=target, agreement=agreement, note=note)


def timed(vbt: Any, close: Any, opens: Any, grid: np.ndarray, repeats: int) -> tuple[float, np.ndarray]:
    found: list[np.ndarray] = []
    warm(vbt, close, opens, SPEC)
    work = lambda: found.append(measures(vbt, close, opens, grid, SPEC))  # noqa: E731
    return passed(lambda: best_of_process(work, repeats)), found[-1]


def same_where_averages_are(mine: np.ndarray, theirs: np.ndarray) -> str:
    """Averages that vectorbt rounds another way decide a few runs otherwise; all others are equal."""
    apart = (np.abs(mine - theirs) > 1e-9 * np.abs(theirs)).any(axis=0)
    assert apart.mean() < 0.05, f"{apart.sum()} of {apart.size} runs differ from vectorbt's"
    text = agreed(mine[:, ~apart], theirs[:, ~apart])
    return f"{text}; {apart.sum()} of {apart.size} runs tie in its averages" if apart.any() else text


def universe_rows() -> list[dict[str, Any]]:
    bars, grid = universe(SYMBOLS, BARS), combined(UNIVERSE_GRID)
    name, target = f"{SYMBOLS} symbols x {BARS:,} bars x {len(grid)} pairs", ">= 100 x"
    found = quick_sweep("sma_crossover", bars, UNIVERSE_GRID, SPEC)
    seconds = best_of_process(lambda: quick_sweep("sma_crossover", bars, UNIVERSE_GRID, SPEC), sized(7, 2))
    speed = f"ours {SYMBOLS * BARS * len(grid) / seconds / 1e6:.0f} M bar-steps/s"
    vbt, why_not = load("vectorbt")
    if vbt is None:
        return [absent(name, "vectorbt", target, why_not)]
    days = peers_frame(next(iter(bars.values()))).index
    opens, closes = (pd.DataFrame({s: bars[s].matrix[at] for s in bars}, index=days) for at in (0, 3))
    mine = np.array([[found.measured(what, s) for s in bars] for what in NAMES])
    rows = []
    for peer, engine in vectorbt_engines():
        set_engine(vbt, engine)
        theirs, values = timed(vbt, closes, opens, grid, sized(2, 1))
        agreement = same_where_averages_are(
            mine.reshape(3, -1), values.reshape(3, len(grid), SYMBOLS).transpose(0, 2, 1).reshape(3, -1)
        )
        rows.append(row(name, seconds, peer, theirs, target=target, agreement=agreement, note=speed))
    return rows


def goog_rows() -> list[dict[str, Any]]:
    bars, grid = goog(), combined(GOOG_GRID)
    name, target = f"{len(grid)} pairs x {len(bars):,} bars of GOOG", ""
    found = quick_sweep("sma_crossover", bars, GOOG_GRID, SPEC)
    seconds = best_of_process(lambda: quick_sweep("sma_crossover", bars, GOOG_GRID, SPEC), sized(30, 3))
    mine, frame, rows = np.array([found.measured(what) for what in NAMES]), peers_frame(bars), []
    vbt, why_not = load("vectorbt")
    if vbt is None:
        rows.append(absent(name, "vectorbt", target, why_not))
    for peer, engine in vectorbt_engines() if vbt else []:
        set_engine(vbt, engine)
        theirs, values = timed(vbt, frame["close"], frame["open"], grid, sized(3, 1))
        agreement = same_where_averages_are(mine, values)
        rows.append(row(name, seconds, peer, theirs, target=target, agreement=agreement, note="all pairs at once"))
    backtesting, why_not = load("backtesting")
    if backtesting is None:
        return [*rows, absent(name, "backtesting.py", target, why_not)]
    run = backtesting_of(backtesting, bars)
    few = grid[:: len(grid) // FEW][:FEW]
    ends: list[float] = []
    work = lambda: ends.extend(run(int(f), int(s))["Equity Final [$]"] for f, s in few)  # noqa: E731
    theirs = passed(lambda: best_of_process(work, 1)) * len(grid) / FEW
    equal = agreed([our_equity(bars, int(f), int(s), backtrader=False) for f, s in few], ends)
    note = f"a run each, extrapolated from {FEW}; compared with 100 units a trade"
    return [*rows, row(name, seconds, "backtesting.py", theirs, target=target, agreement=equal, note=note)]


def run() -> list[dict[str, Any]]:
    return universe_rows() + goog_rows()
