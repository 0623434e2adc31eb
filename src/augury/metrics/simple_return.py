"""Bar returns of an equity curve."""

from __future__ import annotations

import numpy as np

from augury.arrays import FloatVector
from augury.errors import InvalidInput
from augury.metrics.checked import positive, vector
from augury.metrics.curve_kernels import returns_of

__all__ = ["simple_returns"]


def simple_returns(equity: FloatVector, initial_cash: float) -> FloatVector:
    """Simple bar returns float64[n]: equity[0]/initial_cash - 1, then equity[t]/equity[t-1] - 1.

    equity float64[n] is the account at each bar's close, `initial_cash` its value before bar 0. The return of bar t is
    known at its close. A curve that falls to 0 or below has no returns: InvalidInput, as for NaN.

    >>> simple_returns([101.0, 99.99], 100.0).round(4).tolist()
    [0.01, -0.01]
    """
    curve, start = vector(equity, "equity"), positive(initial_cash, "initial_cash")
    if curve.size and not curve.min() > 0.0:
        at = int(np.flatnonzero(~(curve > 0.0))[0])
        raise InvalidInput(f"returns need equity above 0 at every bar, equity[{at}] = {curve[at]}: the account is lost")
    out = np.empty(curve.size)
    returns_of(start, curve, out)
    return out
