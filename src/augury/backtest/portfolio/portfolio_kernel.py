"""The bar loop of a portfolio: weights in, one shared account out. The order of events within a bar is written here."""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

from augury.backtest.account.layout import FILL, HOLD, STOP, TAKE, TRAIL
from augury.backtest.portfolio.portfolio_account import accrue_shared, do_actions, exit_held, mark, time_limits
from augury.backtest.portfolio.portfolio_layout import (
    FILLS_PER_SYMBOL,
    GROSS,
    NET,
    NOW,
    RUIN_BAR,
    SHARED_CASH,
    STALE,
    WAITING,
    WRITTEN,
    Bars,
    Curves,
    SharedBook,
)
from augury.backtest.portfolio.portfolio_orders import decide, guard
from augury.backtest.portfolio.portfolio_sizing import fill_waiting
from augury.numerics.compile import inlined, kernel

__all__ = ["run_block"]

_VECTOR, _MATRIX = numba.float64[::1], numba.float64[:, ::1]
_BOOK = numba.types.NamedTuple(
    (_VECTOR, _MATRIX, _VECTOR, _VECTOR, _MATRIX, _MATRIX, _MATRIX, _VECTOR, _VECTOR, _MATRIX), SharedBook
)
_BARS = numba.types.NamedTuple(
    (numba.float64[:, :, ::1], _VECTOR, numba.int64[::1], numba.boolean[::1], _MATRIX, numba.int64, numba.int64), Bars
)
_CURVES = numba.types.NamedTuple((_VECTOR, _VECTOR, _VECTOR, _VECTOR, numba.int64[::1]), Curves)


@inlined
def _inside(book: Any, bars: Any, t: Any, exits: Any) -> Any:
    """From the open of bar t to its close; returns the equity at the close."""
    account, mode = book.account, book.settings[FILL]
    if book.settings[HOLD] < math.inf:
        time_limits(book, bars.values, t)
    opened = mode == 0.0 and account[WAITING] != 0.0
    if opened:
        fill_waiting(book, bars.values, t, mode)
    if exits:
        exit_held(book, bars.values, t, opened)
    equity = mark(book, bars.values[3, t])
    if mode == 3.0:
        decide(book, bars, t, equity)
    if mode != 0.0 and account[WAITING] != 0.0:
        fill_waiting(book, bars.values, t, mode)
        equity = mark(book, bars.values[3, t])
    equity = guard(book, equity)
    if mode != 3.0 and account[RUIN_BAR] < 0.0:
        decide(book, bars, t, equity)
    return equity


@kernel(numba.int64(_BOOK, _BARS, _CURVES, numba.int64))
def run_block(book: Any, bars: Any, curves: Any, start: Any) -> Any:
    """Run bars start..m-1 of a block; returns m, or the bar to go on from once the fills are taken out of the buffer.

    Within a bar: interest and borrowing; splits, dividends and delistings; time limits; orders at the open, sales
    before purchases; stops and targets; the mark at the close; orders at the close; ruin and margin; last the new
    targets.
    """
    account, settings = book.account, book.settings
    exits = settings[STOP] < math.inf or settings[TAKE] < math.inf or settings[TRAIL] < math.inf
    room = book.fills.shape[0] - FILLS_PER_SYMBOL * book.units.shape[0]
    for t in range(start, bars.years.shape[0]):
        if account[WRITTEN] > room:
            return t
        account[NOW] = float(bars.first_bar + t)
        accrue_shared(book, bars.years[t])
        do_actions(book)
        if account[RUIN_BAR] < 0.0:
            curves.equity[t] = _inside(book, bars, t, exits)
        else:
            curves.equity[t] = account[SHARED_CASH]
            account[STALE], account[NET], account[GROSS] = 0.0, 0.0, 0.0
        curves.cash[t] = account[SHARED_CASH]
        curves.gross[t], curves.net[t], curves.stale[t] = account[GROSS], account[NET], np.int64(account[STALE])
    return bars.years.shape[0]
