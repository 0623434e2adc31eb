"""Compiled drawdowns of one equity curve, read in blocks of 32 bars.

Division keeps order, bit for bit: no bar of a block can fall deeper than its least value does from the greater of its
greatest value and the peak before it (a debt: from the peak before it). Most blocks need that one quotient and none of
their bars. Arrays are float64, contiguous and finite; the first peak is the initial cash, above 0.
"""

from __future__ import annotations

from typing import Any

from augury.numerics.compile import inlined, kernel
from augury.numerics.lanes import greater, greatest, least, lesser, load

__all__ = ["drawdown_series", "longest_drawdown", "max_drawdown"]

BLOCK = 32


@inlined
def greater_of(a: Any, b: Any) -> Any:
    return a if a > b else b


@inlined
def _lesser(a: Any, b: Any) -> Any:
    return a if a < b else b


@inlined
def block_high(x: Any, i: Any) -> Any:
    """Greatest of x[i : i + 32]."""
    return greatest(greater(greater(load(x, i), load(x, i + 8)), greater(load(x, i + 16), load(x, i + 24))))


@inlined
def _low(x: Any, i: Any) -> Any:
    """Least of x[i : i + 32]."""
    return least(lesser(lesser(load(x, i), load(x, i + 8)), lesser(load(x, i + 16), load(x, i + 24))))


@inlined
def _deepest(equity: Any, i: Any, stop: Any, peak: Any, lowest: Any) -> Any:
    """The least of `lowest` and of the quotients to the running peak in equity[i:stop]."""
    for t in range(i, stop):
        peak = greater_of(equity[t], peak)
        lowest = _lesser(equity[t] / peak, lowest)
    return lowest


@inlined
def _bars_of(equity: Any, i: Any, peak: Any, risen: Any, lowest: Any) -> Any:
    """Bars of peak and trough of the fall to `lowest` in the block from i, with `peak` before it from block `risen`."""
    peak_at = risen
    if risen >= 0:
        for t in range(risen, risen + BLOCK):
            peak_at = t if equity[t] == peak else peak_at
    for t in range(i, equity.size):
        if equity[t] >= peak:
            peak, peak_at = equity[t], t
        elif equity[t] / peak == lowest:
            return peak_at, t
    return peak_at, -1


@kernel("Tuple((float64, int64, int64))(float64, float64[::1])")
def max_drawdown(initial: Any, equity: Any) -> tuple[float, int, int]:
    """Deepest fall from a running peak: (depth <= 0, bar of the peak, bar of the trough).

    depth is the least equity[t]/peak[t] - 1, where the first peak is `initial` (bar -1). The first of equal troughs and
    the last bar that stood at its peak are named; a curve that never falls gives (0, -1, -1).
    """
    n = equity.size
    whole = n - n % BLOCK
    peak, risen, lowest = initial, -1, 1.0
    fallen, fallen_from, fallen_risen = -1, initial, -1
    for i in range(0, whole, BLOCK):
        high = block_high(equity, i)
        top = greater_of(high, peak)
        low = _low(equity, i)
        if not low / (top if low >= 0.0 else peak) >= lowest:
            deepest = _deepest(equity, i, i + BLOCK, peak, lowest)
            if deepest < lowest:
                lowest, fallen, fallen_from, fallen_risen = deepest, i, peak, risen
        risen = i if high >= peak else risen
        peak = top
    deepest = _deepest(equity, whole, n, peak, lowest)
    if deepest < lowest:
        lowest, fallen, fallen_from, fallen_risen = deepest, whole, peak, risen
    if fallen < 0:
        return 0.0, -1, -1
    peak_at, trough_at = _bars_of(equity, fallen, fallen_from, fallen_risen, lowest)
    return lowest - 1.0, peak_at, trough_at


@kernel("void(float64, float64[::1], float64[::1])")
def drawdown_series(initial: Any, equity: Any, out: Any) -> None:
    """equity[t]/peak[t] - 1 into `out` (<= 0), where the first peak is `initial`."""
    peak = initial
    for t in range(equity.size):
        peak = greater_of(equity[t], peak)
        out[t] = equity[t] / peak - 1.0


@kernel("Tuple((int64, int64, int64))(float64, float64[::1])")
def longest_drawdown(initial: Any, equity: Any) -> tuple[int, int, int]:
    """Longest time from a peak to its recovery, or to the last bar when open: (bars, bar of the peak, last bar of it).

    A fall is recovered at the first bar whose equity is at least the peak. The first of equal lengths is named; a curve
    that never falls gives (0, -1, -1).
    """
    n = equity.size
    peak, peak_at = initial, -1
    longest, longest_from, longest_to = 0, -1, -1
    for i in range(0, n, BLOCK):
        stop = min(i + BLOCK, n)
        if stop == i + BLOCK and block_high(equity, i) < peak:
            continue
        for t in range(i, stop):
            if equity[t] >= peak:
                if t - peak_at > max(longest, 1):
                    longest, longest_from, longest_to = t - peak_at, peak_at, t
                peak, peak_at = equity[t], t
    if n - 1 - peak_at > longest:
        longest, longest_from, longest_to = n - 1 - peak_at, peak_at, n - 1
    return longest, longest_from, longest_to
