"""What a question says about itself, held to what can be kept of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from augury.errors import InvalidInput
from augury_server.serving.asking import Ask

__all__ = ["check_ask", "each_symbol", "each_time", "single_time"]

_LONGEST = {"symbol": 50, "request_id": 100}
_BEYOND = 2**63


def check_ask(ask: Ask) -> None:
    """Refuse texts that no record can hold: too long, or with characters that cannot be printed."""
    if ask.symbol and isinstance(ask.symbol, str):
        _check_text("symbol", ask.symbol)
    if ask.request_id:
        _check_text("request_id", ask.request_id)


def single_time(given: int | Sequence[int] | None) -> int:
    """The time of one bar, ns UTC; 0 where it is unknown."""
    if given is None:
        return 0
    if not isinstance(given, int):
        raise InvalidInput("expected one bar_opened_at_ns for one row")
    if not -_BEYOND <= given < _BEYOND:
        raise InvalidInput(f"bar_opened_at_ns should be ns since 1970 that fit into 64 bits, got {given}")
    return given


def each_symbol(given: str | Sequence[str], rows: int) -> Sequence[str]:
    """The symbol of each row."""
    if isinstance(given, str):
        return (given,) * rows
    if len(given) != rows:
        raise InvalidInput(f"expected a symbol for each of {rows:,} rows, or one for all; got {len(given):,}")
    for symbol in set(given):
        _check_text("symbol", symbol)
    return given


def each_time(given: int | Sequence[int] | None, rows: int) -> Sequence[int]:
    """The open of each row's bar, ns UTC; 0 where it is unknown."""
    if given is None or isinstance(given, int):
        return (single_time(given),) * rows
    if len(given) != rows:
        raise InvalidInput(f"expected a bar_opened_at_ns for each of {rows:,} rows, or one for all; got {len(given):,}")
    times: list[int] = np.asarray(given).tolist()
    for time in times:
        single_time(time)
    return times


def _check_text(what: str, text: str) -> None:
    if len(text) > _LONGEST[what] or not text.isprintable():
        raise InvalidInput(f"{what} should be printable, at most {_LONGEST[what]} characters; got {text[:80]!r}")
