"""Numba types of the records and arrays that the engine's kernels share."""

from __future__ import annotations

from typing import Final

from numba import types

from augury.backtest.account.layout import Book, Events, Market

__all__ = ["BOOK", "EVENTS", "INTS", "MARKET", "MATRIX", "VECTOR"]

INTS: Final = types.int64[::1]
VECTOR: Final = types.float64[::1]
MATRIX: Final = types.float64[:, ::1]
MARKET: Final = types.NamedTuple((MATRIX, VECTOR, MATRIX), Market)
BOOK: Final = types.NamedTuple((VECTOR, MATRIX), Book)
EVENTS: Final = types.NamedTuple((INTS, VECTOR), Events)
