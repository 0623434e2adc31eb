"""Whole blocks of bars on which a long position neither reaches an exit nor owes anything, several bars at a time.

Inside such a block units and cash stand still, so its equity and every question asked of its bars are plain loops over
arrays, which the compiler turns into wide instructions. A block with a doubtful bar is left to the bar-by-bar loop.
"""

from __future__ import annotations

import math
from typing import Any, Final

from augury.backtest.account.book_keeping import ROUNDING_DEBT, exit_levels
from augury.backtest.account.layout import (
    BEST,
    CASH,
    CASH_INTEREST,
    DRIFT,
    ENTRY_PRICE,
    LAST_CLOSE,
    MAINTENANCE,
    STOP,
    TAKE,
    TRAIL,
    UNITS,
)
from augury.numerics.compile import inlined

__all__ = ["NARROW", "goes_by_blocks", "pass_still_blocks"]

WIDE: Final = 64
NARROW: Final = 16
"""Bars in a block; the narrow ones come as near as they can to a bar that stopped a wide one."""

_CAREFREE_MAINTENANCE = 0.99
"""With no more maintenance than this a position whose debt is below `ROUNDING_DEBT` gets no margin call."""


@inlined
def goes_by_blocks(state: Any, settings: Any) -> Any:
    """Whether blocks suit the position and the options: long, no debt, cash that earns nothing, no rebalancing."""
    free = state[UNITS] > 0.0 and settings[CASH_INTEREST] == 0.0 and settings[DRIFT] == math.inf
    owes = -state[CASH] > ROUNDING_DEBT * (state[UNITS] * state[LAST_CLOSE])
    return free and not owes and settings[MAINTENANCE] <= _CAREFREE_MAINTENANCE


def _block_of(width: int) -> Any:
    """The check of a block of so many bars, a number that the compiler knows."""

    @inlined
    def doubts(bars: Any, at: Any, equity: Any, held: Any, levels: Any) -> Any:
        """Equity of the block from bar `at` on: (bars that may need the account to act, new best prices).

        `held`: cash and units; `levels`: stop, target, best price so far. Doubtful are a touched level, a debt that
        bears interest at the next bar, and equity that is gone.
        """
        cash, units = held
        stop, take, best = levels
        highs, lows, closes = bars[1, at : at + width], bars[2, at : at + width], bars[3, at : at + width]
        doubtful, higher, out = 0, 0, equity[at : at + width]
        for i in range(width):
            value = units * closes[i]
            marked = cash + value
            out[i] = marked
            touched = (lows[i] <= stop) | (highs[i] >= take)
            doubtful += 1 if touched | (-cash > ROUNDING_DEBT * value) | (marked <= 0.0) else 0
            higher += 1 if highs[i] > best else 0
        return doubtful, higher

    return doubts


_wide, _narrow = _block_of(WIDE), _block_of(NARROW)


@inlined
def _highest(highs: Any, best: Any) -> Any:
    """The highest of these prices and `best`; four at a time."""
    first = second = third = fourth = best
    for i in range(0, highs.shape[0], 4):
        first, second = max(first, highs[i]), max(second, highs[i + 1])
        third, fourth = max(third, highs[i + 2]), max(fourth, highs[i + 3])
    return max(max(first, second), max(third, fourth))


@inlined
def _any_reaches(lows: Any, stop: Any) -> Any:
    reached = 0
    for i in range(lows.shape[0]):
        reached += 1 if lows[i] <= stop else 0
    return reached > 0


@inlined
def pass_still_blocks(state: Any, settings: Any, bars: Any, equity: Any, span: Any) -> Any:
    """Write the equity of whole blocks within `span` while nothing can happen: the first bar not done.

    The same bits as bar by bar: a trailing stop is asked with the best price of the whole block, so never too late.
    """
    t, end = span
    units, entry, best = state[UNITS], state[ENTRY_PRICE], state[BEST]
    exits = min(min(settings[STOP], settings[TAKE]), settings[TRAIL]) < math.inf
    stop, take, _ = exit_levels(units, entry, best, settings) if exits else (-math.inf, math.inf, False)
    width, held = WIDE, (state[CASH], units)
    while t + NARROW <= end:
        if t + width > end:
            width = NARROW
        levels = (stop, take, best if exits else math.inf)
        if width == WIDE:
            doubtful, higher = _wide(bars, t, equity, held, levels)
        else:
            doubtful, higher = _narrow(bars, t, equity, held, levels)
        passed = doubtful == 0
        if passed and higher > 0:
            highest = _highest(bars[1, t : t + width], best)
            if settings[TRAIL] < math.inf:
                tighter, _, _ = exit_levels(units, entry, highest, settings)
                passed = tighter == stop or not _any_reaches(bars[2, t : t + width], tighter)
                stop = tighter if passed else stop
            best = highest if passed else best
        if passed:
            t += width
        elif width == WIDE:
            width = NARROW
        else:
            break
    state[BEST] = best
    if t > span[0]:
        state[LAST_CLOSE] = bars[3, t - 1]
    return t
