"""Units of an experiment: what is assigned as one, a symbol or a symbol's day, never a single request."""

from __future__ import annotations

from datetime import date
from typing import Literal, TypeAlias

from augury.errors import InvalidInput

__all__ = ["UNIT_KINDS", "UnitKind", "unit_of"]

UnitKind: TypeAlias = Literal["symbol", "symbol_day"]

UNIT_KINDS: tuple[UnitKind, ...] = ("symbol", "symbol_day")

_DAY_NS = 86_400 * 10**9
_EPOCH_DAY = date(1970, 1, 1).toordinal()


def unit_of(kind: UnitKind, symbol: str, opened_at_ns: int) -> str:
    """The unit that a bar belongs to: its symbol, or its symbol and the day (UTC) on which the bar opened.

    `opened_at_ns` is the open of the bar, int64 ns UTC: known before anything is predicted for it. Raises InvalidInput
    for another kind, or an empty symbol, which would make one unit of everything.

    >>> unit_of("symbol_day", "AAPL", 1_700_000_000_000_000_000)
    'AAPL 2023-11-14'
    """
    if not symbol:
        raise InvalidInput("an experiment assigns symbols, and this has none; name the symbol that the bar is of")
    if kind == "symbol":
        return symbol
    if kind != "symbol_day":
        raise InvalidInput(f"expected a unit of {' or '.join(UNIT_KINDS)}, got {kind!r}")
    return f"{symbol} {date.fromordinal(_EPOCH_DAY + opened_at_ns // _DAY_NS).isoformat()}"
