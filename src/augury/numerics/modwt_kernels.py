"""The maximal overlap discrete wavelet transform, run forward in time only: a whole series, or one value at a time.

Level j filters the smooth of level j - 1 with the values 0, s, 2 s, ... steps back, s = 2^(j-1). Every filter is
written in differences from the newest value, which is the same sum because a smoothing filter adds up to one and a
detail filter to zero: a series that stands still has details of exactly zero, whatever its level.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.numerics.compile import kernel

__all__ = ["modwt_push", "modwt_series", "pyramid_cells"]

_BLOCK = 512  # values filtered at a time, so that a block stays in the first cache over all taps


@kernel("void(float64[::1], float64[::1], float64[::1], float64[:, ::1])")
def modwt_series(values: Any, low: Any, high: Any, out: Any) -> None:
    """Fill `out` float64[levels + 1, n]: details of levels 1.., then the smooth of the last level.

    `low` and `high` are the smoothing and detail filters float64[L], the newest value first. Row j - 1 is NaN before
    index (2^j - 1)(L - 1), where the filter would reach before the series; nothing is padded.
    """
    count, levels = values.shape[0], out.shape[0] - 1
    smooth, above = values.copy(), np.empty(count)
    first = 0
    for level in range(levels):
        step = 1 << level
        first = min(first + step * (low.shape[0] - 1), count)
        out[level, :first] = np.nan
        for start in range(first, count, _BLOCK):
            stop = min(start + _BLOCK, count)
            now, detail, move = smooth[start:stop], out[level, start:stop], above[start:stop]
            detail[:] = 0.0
            move[:] = 0.0
            for lag in range(1, low.shape[0]):
                past = smooth[start - step * lag : stop - step * lag]
                for i in range(stop - start):
                    change = past[i] - now[i]
                    detail[i] += high[lag] * change
                    move[i] += low[lag] * change
            for i in range(stop - start):
                move[i] += now[i]
        smooth, above = above, smooth
    out[levels, :first] = np.nan
    out[levels, first:] = smooth[first:]


def pyramid_cells(levels: int, filter_length: int) -> int:
    """Cells of state that `modwt_push` needs, all NaN at the start."""
    return sum(2 + (filter_length - 1) * 2**level for level in range(levels))


@kernel("void(float64[::1], int64, float64[::1], float64[::1], float64, float64[::1])")
def modwt_push(state: Any, at: Any, low: Any, high: Any, value: Any, row: Any) -> None:
    """Feed one value to the pyramid at state[at:]; `row` float64[levels + 1] gets its column of `modwt_series`.

    The state holds, for each level, a position and a ring of the (L - 1) 2^level + 1 newest smooths below it. Rings
    start as NaN, which marks what reaches before the series. The cost is levels times L.
    """
    smooth = value
    ring = at
    levels = row.shape[0] - 1
    for level in range(levels):
        step = 1 << level
        size = (low.shape[0] - 1) * step + 1
        here = int(state[ring]) if state[ring] >= 0.0 else 0  # NaN at the start
        state[ring + 1 + here] = smooth
        state[ring] = here + 1 if here + 1 < size else 0
        detail = 0.0
        move = 0.0
        place = here
        for lag in range(1, low.shape[0]):
            place = place - step if place >= step else place - step + size
            change = state[ring + 1 + place] - smooth
            detail += high[lag] * change
            move += low[lag] * change
        row[level] = detail
        smooth += move
        ring += 1 + size
    row[levels] = smooth
