"""Share of bars that gained."""

from __future__ import annotations

from augury.arrays import FloatVector
from augury.metrics.checked import vector
from augury.metrics.curve_kernels import ratio
from augury.metrics.side_kernels import sided_sums

__all__ = ["positive_bars"]


def positive_bars(returns: FloatVector) -> float:
    """Share of all n bars whose return is above 0; bars out of the market count among the n. NaN without bars.

    Not the win rate, which counts trades. quantstats leaves out bars of return 0.

    >>> positive_bars([0.01, 0.0, -0.02, 0.03])
    0.5
    """
    x = vector(returns, "returns")
    return ratio(sided_sums(x)[2], float(x.size))
