"""The seven headline measures of many equity curves at once."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from augury.arrays import FloatMatrix, FloatVector
from augury.errors import InvalidInput
from augury.metrics.checked import positive
from augury.metrics.curve_rows_kernel import headline_rows

__all__ = ["HEADLINE", "measure_many"]

HEADLINE = ("total_return", "cagr", "volatility", "sharpe", "sortino", "max_drawdown", "calmar")
_ROWS = 256  # a task's curves


def measure_many(
    equity: FloatMatrix, initial_cash: float | FloatVector, periods_per_year: float, *, workers: int | None = None
) -> dict[str, FloatVector]:
    """Total return, CAGR, volatility, Sharpe, Sortino, maximum drawdown and Calmar of k curves, float64[k] each.

    equity float64[k, n]: a row a curve, at each bar's close; initial_cash one number or float64[k]. The numbers are
    those of `measure`, bit for bit, NaN where it has none; they do not depend on `workers` (threads; all cores by
    default). Rows are read where they lie; a matrix that is not C-contiguous is copied first.

    >>> import numpy as np
    >>> measure_many(np.array([[110.0, 99.0], [100.0, 100.0]]), 100.0, 252.0)["total_return"].round(6).tolist()
    [-0.01, 0.0]
    """
    curves = np.asarray(equity)
    if curves.ndim != 2 or curves.dtype.kind not in "fiu":
        raise InvalidInput(f"equity should be float64[curves, bars], got {curves.dtype}{list(curves.shape)}")
    curves = np.require(curves, np.float64, ["C", "W"])
    start = np.broadcast_to(np.asarray(initial_cash, dtype=np.float64), (curves.shape[0],)).copy()
    if not (start > 0.0).all() or not np.isfinite(start).all():
        raise InvalidInput("initial_cash should be above 0 and finite for every curve")
    annual = positive(periods_per_year, "periods_per_year")
    out = np.empty((curves.shape[0], len(HEADLINE)))

    def rows_from(first: int) -> int:
        rows = slice(first, first + _ROWS)
        bad = headline_rows(start[rows], curves[rows], annual, out[rows])
        return first + int(bad) if bad >= 0 else -1

    chunks, threads = range(0, curves.shape[0], _ROWS), workers or os.cpu_count() or 1
    if threads == 1 or len(chunks) <= 1:
        answers = [rows_from(first) for first in chunks]
    else:
        with ThreadPoolExecutor(threads) as pool:
            answers = list(pool.map(rows_from, chunks))
    bad_rows = [row for row in answers if row >= 0]
    if bad_rows:
        raise InvalidInput(f"equity should be finite numbers, curve {bad_rows[0]} is not; leave it out or mend it")
    return {name: out[:, column].copy() for column, name in enumerate(HEADLINE)}
