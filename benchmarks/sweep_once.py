"""One whole sweep in a process of its own, for its peak memory: `sweep_once.py ours|ENGINE LARGEST_WINDOW`; in JSON.

ENGINE is one of vectorbt's: all pairs at once, as its documentation shows, in one table a step.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np

from peers import load
from timing import peak_megabytes
from workloads import SPEC, pairs, passed, peers_frame, sp500


def vectorbt(engine: str, grid: np.ndarray) -> tuple[float, float]:
    """CPU seconds and the sum of the returns."""
    from vectorbt_side import measures, set_engine, warm

    vbt = load("vectorbt").module
    set_engine(vbt, engine)
    frame = peers_frame(sp500())
    warm(vbt, frame["close"], frame["open"], SPEC)
    started = time.process_time()
    found = passed(lambda: measures(vbt, frame["close"], frame["open"], grid, SPEC))
    return time.process_time() - started, float(found[0].sum())


def ours(grid: np.ndarray) -> tuple[float, float]:
    from augury.backtest import quick_sweep

    windows = np.unique(grid).tolist()
    sp500()
    quick_sweep("sma_crossover", sp500(), {"fast": [5], "slow": [20]}, SPEC)
    started = time.process_time()
    found = quick_sweep("sma_crossover", sp500(), {"fast": windows, "slow": windows}, SPEC)
    return time.process_time() - started, float(found.measured("total_return").sum())


def main() -> None:
    which, largest = sys.argv[1], int(sys.argv[2])
    grid = pairs(range(2, largest + 1))
    seconds, total = ours(grid) if which == "ours" else vectorbt(which, grid)
    print(json.dumps({"seconds": seconds, "total": total, "peak_megabytes": peak_megabytes()}))


if __name__ == "__main__":
    main()
