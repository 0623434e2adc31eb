"""Turnover a year."""

from __future__ import annotations

from augury.arrays import FloatVector
from augury.metrics.checked import positive, vector
from augury.metrics.curve_kernels import ratio
from augury.metrics.trading.total_turnover import total_turnover

__all__ = ["turnover"]


def turnover(traded_notional: FloatVector, equity: FloatVector, periods_per_year: float) -> float:
    """`total_turnover` a year: sum of traded notional / mean equity / years, where n bars are n/A years.

    traded_notional and equity float64[n] as there. Times the cost of a trade (a fraction) this is what costs take from
    a year's return. NaN where `total_turnover` is.

    >>> turnover([100.0, 0.0, 100.0], [100.0, 100.0, 100.0], 6.0)
    4.0
    """
    years = vector(equity, "equity").size / positive(periods_per_year, "periods_per_year")
    return ratio(total_turnover(traded_notional, equity), years)
