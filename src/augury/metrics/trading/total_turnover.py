"""Turnover of the whole sample."""

from __future__ import annotations

from augury.arrays import FloatVector
from augury.metrics.checked import same_size, vector
from augury.metrics.curve_kernels import lane_sum, ratio

__all__ = ["total_turnover", "turned_over"]


def total_turnover(traded_notional: FloatVector, equity: FloatVector) -> float:
    """How often the account was traded over: sum of traded notional / mean equity, over the whole sample.

    traded_notional float64[n]: |quantity change| * price summed over the fills of each bar, purchases and sales both
    counted (a round trip of the whole account is 2); equity float64[n] at each close. NaN without bars and when the
    mean equity is not above 0.

    >>> total_turnover([100.0, 0.0, 100.0], [100.0, 100.0, 100.0])
    2.0
    """
    traded, curve = vector(traded_notional, "traded_notional"), vector(equity, "equity")
    same_size(traded, curve, "traded_notional and equity")
    return turned_over(traded, curve)


def turned_over(traded: FloatVector, equity: FloatVector) -> float:
    """`total_turnover` of checked arrays of one length."""
    return ratio(lane_sum(traded) * equity.size, max(lane_sum(equity), 0.0))
