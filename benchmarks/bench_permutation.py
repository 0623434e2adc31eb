"""In-sample permutation test: 1,000 permuted histories of 5,031 S&P 500 bars, 100 pairs searched in each: CPU time."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd

from augury.backtest import combinations_of, permuted_search
from augury.backtest.subject import subject_of
from augury.validation import PermutationSpec, PermutationTest, permuted_bars
from peers import absent, load, vectorbt_engines
from timing import best_of_process, shown, sized
from vectorbt_side import averages_above, portfolio_of, set_engine, warm
from workloads import SPEC, agreed, passed, peers_frame, sp500

GRID = {"fast": list(range(3, 23, 2)), "slow": list(range(30, 130, 10))}
PLAN = PermutationSpec(permutations=sized(1000, 40))
HISTORIES = sized(20, 2)
SEED = 5
NAME = f"{PLAN.permutations:,} permutations x {len(GRID['fast']) * len(GRID['slow'])} pairs"


def searched() -> PermutationTest:
    subject = subject_of("sma_crossover", sp500(), None, SPEC, "")
    return permuted_search(subject, combinations_of(subject.strategy, GRID), SPEC, PLAN, seed=SEED)


def best_sharpes(vbt: Any, histories: range) -> np.ndarray:
    """The loop that a vectorbt user writes, on the same histories: the highest Sharpe ratio of each."""
    bars, days = sp500(), peers_frame(sp500()).index
    grid = np.array([(fast, slow) for fast in GRID["fast"] for slow in GRID["slow"]])
    best = []
    for index in histories:
        (matrix,) = permuted_bars(bars.matrix, PLAN, seed=SEED, index=index)
        frame = pd.DataFrame(matrix[[0, 3]].T, index=days, columns=["open", "close"])
        portfolio = portfolio_of(vbt, frame["close"], frame["open"], averages_above(vbt, frame["close"], grid), SPEC)
        best.append(float(np.nanmax(portfolio.sharpe_ratio().to_numpy())))
    return np.array(best)


def timed_loop(vbt: Any) -> tuple[np.ndarray, float]:
    """Its best Sharpe ratios and CPU seconds."""
    started = time.process_time()
    best = best_sharpes(vbt, range(HISTORIES))
    return best, time.process_time() - started


def run() -> list[dict[str, Any]]:
    found = searched()
    seconds = best_of_process(searched, sized(2, 1))
    steps = PLAN.permutations * 100 * len(sp500())
    rows: list[dict[str, Any]] = [
        {
            "name": NAME,
            "ours": shown(seconds),
            "target": f"<= {3 * PLAN.permutations / 1000:g} s",
            "note": f"p = {found.p_value:.3f}; {steps / seconds / 1e6:.0f} M bar-steps/s of CPU, histories included",
        }
    ]
    vbt, why_not = load("vectorbt")
    if vbt is None:
        return [*rows, absent(NAME, "vectorbt", ">= 40 x", why_not)]
    frame = peers_frame(sp500())
    for peer, engine in vectorbt_engines():
        set_engine(vbt, engine)
        warm(vbt, frame["close"], frame["open"], SPEC)
        theirs, spent = passed(lambda: timed_loop(vbt))
        full = spent * PLAN.permutations / HISTORIES
        rows.append(
            {
                "name": NAME,
                "ours": shown(seconds),
                "peer": peer,
                "peer_time": shown(full),
                "ratio": full / seconds,
                "target": ">= 40 x",
                "agreement": agreed(found.null[:HISTORIES], theirs, 1e-6) + ", best Sharpe of each history",
                "note": f"a loop over the same histories, extrapolated from {HISTORIES}",
            }
        )
    return rows
