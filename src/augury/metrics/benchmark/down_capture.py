"""Down capture."""

from __future__ import annotations

from augury.arrays import FloatVector
from augury.metrics.benchmark.capture import capture
from augury.metrics.benchmark.paired import paired

__all__ = ["down_capture"]


def down_capture(returns: FloatVector, benchmark: FloatVector) -> float:
    """Share of the benchmark's losses that the account took part in: geometric mean return over bars on which it fell.

    Mean of x over mean of b, per bar (Morningstar's formula, with bars for months). empyrical and vectorbt raise both
    means to the power of A first. returns and benchmark float64[n]: simple returns of the same bars.
    NaN when the benchmark never fell, or when a return is -1 or less.

    >>> round(down_capture([0.02, -0.01, 0.03], [0.01, -0.005, 0.015]), 6)
    2.0
    """
    x, b = paired(returns, benchmark)
    return capture(x, b, -1.0)
