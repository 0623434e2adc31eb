"""The mean of a stretch of prices, exact where they are all equal."""

from __future__ import annotations

from typing import Any

from augury.numerics.compile import inlined

__all__ = ["mean_of"]


@inlined
def mean_of(values: Any, start: Any, stop: Any) -> Any:
    """Mean of values[start..stop-1], summed as distances from the first one, so that equal values give that value."""
    base = values[start]
    total = 0.0
    for t in range(start, stop):
        total += values[t] - base
    return base + total / (stop - start)
