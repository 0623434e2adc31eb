"""Returns beside a benchmark's, checked."""

from __future__ import annotations

from augury.arrays import FloatVector
from augury.errors import InvalidInput
from augury.metrics.checked import same_size, vector

__all__ = ["paired"]


def paired(returns: FloatVector, benchmark: FloatVector) -> tuple[FloatVector, FloatVector]:
    """Both as finite float64[n] of one length; prices where returns belong raise InvalidInput."""
    x, b = vector(returns, "returns"), vector(benchmark, "benchmark")
    same_size(x, b, "returns and benchmark")
    if b.size > 1 and float(b.min()) > 1.0:
        raise InvalidInput(
            f"benchmark should be simple bar returns such as 0.01, got values from {b.min():g} up: "
            f"prices? pass price[1:] / price[:-1] - 1"
        )
    return x, b
