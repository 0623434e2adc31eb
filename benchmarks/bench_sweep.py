"""4,851 moving-average pairs on 5,031 daily S&P 500 bars, costs, return, Sharpe and drawdown each: best CPU time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd

from augury.backtest import SweepResult, quick_sweep, sweep
from augury.backtest.search.sweep_kernel import MEASURED, QUICK, Blocks, sweep_chunk
from augury.backtest.search.sweeping import inputs_of, market_of, rules_of, search_of
from augury.backtest.subject import subject_of
from c_loop import compiled_sweep
from peers import absent, load, vectorbt_engines
from timing import beside, best_of, best_of_process, shown, sized
from vectorbt_side import measures, on_our_decisions, set_engine, warm
from workloads import SPEC, agreed, pairs, passed, peers_frame, sp500

LARGEST = sized(100, 24)
CHUNK = 500
MEASURED_HERE = ("total_return", "sharpe", "max_drawdown")
WINDOWS = range(2, LARGEST + 1)


def swept() -> SweepResult:
    return quick_sweep("sma_crossover", sp500(), {"fast": WINDOWS, "slow": WINDOWS}, SPEC)


def fully_swept() -> SweepResult:
    return sweep("sma_crossover", sp500(), {"fast": WINDOWS, "slow": WINDOWS}, SPEC)


def three(found: SweepResult) -> np.ndarray:
    return np.array([found.measured(name) for name in MEASURED_HERE])


def kernel_seconds(params: np.ndarray, columns: int) -> float:
    """The compiled pass alone on one thread, for so many measures."""
    subject = subject_of("sma_crossover", sp500(), None, SPEC, "")
    blocks, out = Blocks(np.empty((0, 1)), np.empty((2, 0, 0))), np.empty((len(params), columns))
    market, rules = market_of(subject), rules_of(subject, SPEC)
    search, inputs = search_of(subject, params), inputs_of(subject, params)
    return best_of(lambda: sweep_chunk(market, search, inputs, rules, blocks, out), sized(15, 3))


def speed_row(name: str, seconds: float, steps: int, note: str) -> dict[str, Any]:
    speed = f"{steps / seconds / 1e6:.0f} M bar-steps/s"
    return {"name": name, "ours": shown(seconds), "speed": speed, "target": ">= 300 M bar-steps/s", "note": note}


def against(name: str, mine: float, peer: str, theirs: float, target: str, note: str, agreement: str) -> dict[str, Any]:
    return beside(mine, theirs, name=name, peer=peer, target=target, agreement=agreement, note=note)


def same_but_ties(vbt: Any, found: SweepResult, mine: np.ndarray, theirs: np.ndarray) -> str:
    """Averages rounded another way decide some bars otherwise; on our decisions vectorbt agrees on these pairs too."""
    frame = peers_frame(sp500())
    apart = np.flatnonzero((np.abs(mine - theirs) > 1e-9 * np.abs(theirs)).any(axis=0))
    assert len(apart) < 0.05 * mine.shape[1], f"{len(apart)} of {mine.shape[1]} pairs differ from vectorbt's"
    same = np.setdiff1d(np.arange(mine.shape[1]), apart)
    text = agreed(mine[:, same], theirs[:, same])
    if len(apart):
        targets = np.array([found.result(int(i)).run.targets for i in apart])
        given = passed(lambda: on_our_decisions(vbt, frame["close"], frame["open"], targets, SPEC))
        agreed(mine[:, apart], given)
        text += f"; {len(apart)} pairs tie in its averages, equal on our decisions"
    return text


def timed(vbt: Any, frame: pd.DataFrame, grid: np.ndarray) -> tuple[float, np.ndarray]:
    """CPU seconds and the three measures of one table of pairs."""
    theirs: list[np.ndarray] = []

    def work() -> None:
        theirs.append(measures(vbt, frame["close"], frame["open"], grid, SPEC))

    return passed(lambda: best_of_process(work, sized(3, 1))), theirs[-1]


def vectorbt_rows(found: SweepResult, mine: float) -> list[dict[str, Any]]:
    vbt, why_not = load("vectorbt")
    name, target = "quick_sweep(), public interface, all threads' CPU", ">= 150 x"
    if vbt is None:
        return [absent(name, "vectorbt", target, why_not)]
    frame, grid, rows = peers_frame(sp500()), pairs(WINDOWS), []
    some = grid[: sized(CHUNK, 50)]
    for peer, engine in vectorbt_engines():
        set_engine(vbt, engine)
        warm(vbt, frame["close"], frame["open"], SPEC)
        seconds, theirs = timed(vbt, frame, some)
        agreement = same_but_ties(vbt, found, three(found)[:, : len(some)], theirs)
        note = f"in tables of {len(some)} pairs; extrapolated from the first"
        rows.append(against(name, mine, peer, seconds * len(grid) / len(some), target, note, agreement))
    return rows


def c_rows(found: SweepResult, mine: float, kernel: float) -> list[dict[str, Any]]:
    loop, compiler = compiled_sweep()
    name, target = "compiled pass alone, one thread, 4 measures", ">= 0.33 x"
    if loop is None:
        return [absent(name, "C loop", target, compiler)]
    grid, steps = pairs(WINDOWS), len(found) * len(sp500())
    agreement = agreed(three(found), loop(sp500(), grid, SPEC).T, 1e-8, 1e-12)
    seconds = best_of(lambda: loop(sp500(), grid, SPEC), sized(9, 3))
    note = f"{compiler}, one fused loop, 3 measures, {steps / seconds / 1e6:.0f} M bar-steps/s"
    return [
        against(name, kernel, "C loop", seconds, target, note, agreement),
        against("quick_sweep(), public interface, one thread", mine, "C loop", seconds, target, note, agreement),
    ]


def apart(which: str) -> dict[str, float]:
    command = [sys.executable, str(Path(__file__).with_name("sweep_once.py")), which, str(LARGEST)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def memory_rows(mine: float) -> list[dict[str, Any]]:
    """Whole sweeps in processes of their own."""
    name = "peak memory of the process"
    peak = apart("ours")["peak_megabytes"]
    rows: list[dict[str, Any]] = [{"name": name, "ours": f"{peak:.0f} MB", "target": "<= 300 MB"}]
    if load("vectorbt").module is None or sized(False, True):
        return rows
    for peer, engine in vectorbt_engines():
        whole = apart(engine)
        rows.append(
            {
                "name": name,
                "ours": f"{peak:.0f} MB",
                "peer": peer,
                "peer_time": f"{whole['peak_megabytes']:,.0f} MB",
                "ratio": whole["peak_megabytes"] / peak,
                "note": "all pairs at once, as its documentation shows; one run",
            }
        )
        rows.append(
            against(
                "quick_sweep(), public interface, all threads' CPU",
                mine,
                peer,
                whole["seconds"],
                ">= 150 x",
                "all pairs at once, as its documentation shows; one run, compiled before",
                "",
            )
        )
    return rows


def run() -> list[dict[str, Any]]:
    found = swept()
    steps, repeats = len(found) * len(sp500()), sized(9, 2)
    assert len(found) == len(pairs(WINDOWS))
    mine = best_of_process(swept, repeats)
    with patch("os.cpu_count", return_value=1):
        single = best_of_process(swept, repeats)
        full = best_of_process(fully_swept, repeats)
    kernel, whole = kernel_seconds(found.params, QUICK), kernel_seconds(found.params, MEASURED)
    size = f"{len(found):,} pairs x {len(sp500()):,} bars"
    rows = [
        speed_row("compiled pass alone, one thread, 4 measures", kernel, steps, size),
        speed_row("quick_sweep(), public interface, one thread", single, steps, "with grid and checks"),
        speed_row("compiled pass alone, one thread, 12 measures", whole, steps, size),
        speed_row("sweep(), public interface, one thread", full, steps, "12 measures, and sums for ledger and proof"),
    ]
    return rows + c_rows(found, single, kernel) + vectorbt_rows(found, mine) + memory_rows(mine)
