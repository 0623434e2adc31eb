"""The sums over the drawdowns of a long curve without writing them out; short curves take `drawdown_series`."""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.metrics.drawdown_kernels import BLOCK, block_high, greater_of
from augury.numerics.compile import inlined, kernel
from augury.numerics.lanes import add, below, divide, load, multiply, rest, spread, subtract, total

__all__ = ["drawdown_sums"]


@inlined
def _running_peaks(equity: Any, i: Any, stop: Any, peak: Any, out: Any) -> Any:
    """The running peaks of equity[i:stop] into out[0 : stop - i]; returns the last one."""
    for t in range(i, stop):
        peak = greater_of(equity[t], peak)
        out[t - i] = peak
    return peak


@kernel("UniTuple(float64, 4)(float64, float64[::1])")
def drawdown_sums(initial: Any, equity: Any) -> tuple[float, float, float, float]:
    """Of what `drawdown_series` gives: its sum, the sum of its squares, how many bars lie below 0, the last value.

    Sums in the canonical order; 0 when there are no bars. Allocates one block.
    """
    n = equity.size
    whole, even = n - n % BLOCK, n - n % 8
    peaks, peak = np.empty(BLOCK), initial
    zero, one = spread(0.0), spread(1.0)
    added, squares, under = zero, zero, zero
    for i in range(0, even, BLOCK):
        stop = min(i + BLOCK, even)
        level = i < whole and block_high(equity, i) <= peak
        if not level:
            peak = _running_peaks(equity, i, stop, peak, peaks)
        for t in range(i, stop, 8):
            reached = spread(peak) if level else load(peaks, t - i)
            fall = subtract(divide(load(equity, t), reached), one)
            added = add(added, fall)
            squares = add(squares, multiply(fall, fall))
            under = add(under, below(fall, zero))
    for t in range(even, n):
        peak = greater_of(equity[t], peak)
        peaks[t - even] = equity[t] / peak - 1.0
    fall = rest(peaks[: n - even], 0)
    last = equity[n - 1] / peak - 1.0 if n > 0 else 0.0
    added, squares = add(added, fall), add(squares, multiply(fall, fall))
    return total(added), total(squares), total(add(under, below(fall, zero))), last
