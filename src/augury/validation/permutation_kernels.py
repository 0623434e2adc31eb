"""Bar permutation, compiled: a history taken apart into gaps and bodies and put together in another order.

Masters (2018, 2020). A gap is open[t] / close[t-1]; a body is high, low and close of a bar relative to its open, with
its volume. Ratios are kept instead of logarithms: rebuilding is then a running product, without exp, and because
rounding is monotone low <= min(open, close) and high >= max(open, close) hold exactly in every permuted bar.

In a kernel: `bar_relatives` once a history, then for each repetition `draw_order` once (all markets share it) and one
of `permute_bars`, `permute_open_close`, `permute_closes` a market; they agree to the last bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.numerics.compile import kernel
from augury.validation.random_streams import draw_below, shuffle, stream_base

__all__ = ["bar_relatives", "draw_order", "permute_bars", "permute_closes", "permute_open_close"]

OPEN, HIGH, LOW, CLOSE, VOLUME = 0, 1, 2, 3, 4
GAP = 0  # row of the relatives; the other rows are those of bars, relative to the open (volume as it is)


@kernel("void(float64[:, ::1], float64[:, ::1])")
def bar_relatives(bars: Any, out: Any) -> None:
    """Gaps and bodies of bars float64[5, n] (open, high, low, close, volume) into out[5, n].

    Rows: open[t] / close[t-1] (NaN at t = 0), high / open, low / open, close / open, volume.
    """
    for t in range(bars.shape[1]):
        opened = bars[OPEN, t]
        out[GAP, t] = opened / bars[CLOSE, t - 1] if t > 0 else np.nan
        out[HIGH, t] = bars[HIGH, t] / opened
        out[LOW, t] = bars[LOW, t] / opened
        out[CLOSE, t] = bars[CLOSE, t] / opened
        out[VOLUME, t] = bars[VOLUME, t]


@kernel("int64(int64[::1], int64, int64, uint64, int64)")
def _shuffle_blocks(order: Any, start: Any, block: Any, base: Any, k: Any) -> Any:
    bars = order.shape[0]
    first = start + 1 + draw_below(base, k, block)  # end of the first, possibly shorter, run
    k += 1
    runs = 1 + max(0, (bars - first + block - 1) // block)
    sequence = np.arange(runs)
    k = shuffle(sequence, 0, runs, base, k)
    at = start
    for run in sequence:
        begin = start if run == 0 else first + (run - 1) * block
        end = min(bars, first + run * block)
        for t in range(begin, end):
            order[at] = t
            at += 1
    return k


@kernel("void(int64, int64, int64, int64, int64[:, ::1])")
def draw_order(seed: Any, index: Any, start: Any, block: Any, orders: Any) -> None:
    """Permutation number `index` of `seed`: which bar gives bar t its body (orders[0, t]) and its gap (orders[1, t]).

    orders is int64[2, n]; bars before `start` (>= 1) stay where they are. With `block` > 1 runs of `block` neighbours
    move together: the cuts begin at a random offset, so the first and last run may be shorter.
    """
    bars = orders.shape[1]
    base = stream_base(seed, index)
    k = 0
    for row in range(2):
        order = orders[row]
        for t in range(bars):
            order[t] = t
        if block <= 1:
            k = shuffle(order, start, bars, base, k)
        elif bars > start:
            k = _shuffle_blocks(order, start, block, base, k)


@kernel("void(float64[:, ::1], float64[:, ::1], int64, int64[:, ::1], float64[:, ::1])")
def permute_bars(bars: Any, relatives: Any, start: Any, orders: Any, out: Any) -> None:
    """The permuted history into out[5, n]: bars before `start` as they were, the others rebuilt in these orders."""
    for row in range(5):
        out[row, :start] = bars[row, :start]
    last = bars[CLOSE, start - 1]
    for t in range(start, bars.shape[1]):
        body = orders[0, t]
        opened = last * relatives[GAP, orders[1, t]]
        last = opened * relatives[CLOSE, body]
        out[OPEN, t] = opened
        out[HIGH, t] = opened * relatives[HIGH, body]
        out[LOW, t] = opened * relatives[LOW, body]
        out[CLOSE, t] = last
        out[VOLUME, t] = relatives[VOLUME, body]


@kernel("void(float64[:, ::1], float64[:, ::1], int64, int64[:, ::1], float64[:, ::1])")
def permute_open_close(bars: Any, relatives: Any, start: Any, orders: Any, out: Any) -> None:
    """Opens and closes of `permute_bars` into out[2, n] (row 0 open, row 1 close), for rules that need no more."""
    out[0, :start] = bars[OPEN, :start]
    out[1, :start] = bars[CLOSE, :start]
    last = bars[CLOSE, start - 1]
    for t in range(start, bars.shape[1]):
        opened = last * relatives[GAP, orders[1, t]]
        last = opened * relatives[CLOSE, orders[0, t]]
        out[0, t] = opened
        out[1, t] = last


@kernel("void(float64[:, ::1], float64[:, ::1], int64, int64[:, ::1], float64[::1])")
def permute_closes(bars: Any, relatives: Any, start: Any, orders: Any, out: Any) -> None:
    """Closes of `permute_bars` into out[n], for rules that need no more."""
    out[:start] = bars[CLOSE, :start]
    last = bars[CLOSE, start - 1]
    for t in range(start, bars.shape[1]):
        last = (last * relatives[GAP, orders[1, t]]) * relatives[CLOSE, orders[0, t]]
        out[t] = last
