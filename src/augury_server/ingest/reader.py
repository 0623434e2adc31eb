"""What a load reads from: parts that are read one after the other, each giving series."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

from augury.market.timeframe import Timeframe
from augury_server.ingest.raw_series import RawSeries
from augury_server.ingest.windows import LoadWindow

__all__ = ["Piece", "Plan", "Reader"]

Plan: TypeAlias = Callable[[str], LoadWindow]
"""From a symbol to the window that is wanted of it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One symbol of a part; `read` fetches its rows."""

    symbol: str
    read: Callable[[], RawSeries]


@runtime_checkable
class Reader(Protocol):
    """A source of bars as a load sees it.

    `in_full` sources are read from their first bar every time; of the others only what follows the watermark.
    """

    @property
    def name(self) -> str:
        """What watermarks and dead letters call the source."""
        ...

    @property
    def in_full(self) -> bool:
        """Whether the whole of it is read each time."""
        ...

    def parts(self, symbols: Sequence[str] | None, timeframe: Timeframe) -> list[str]:
        """Names of the parts to read, one after the other: symbols, or files."""
        ...

    def origin(self, part: str) -> Mapping[str, Any]:
        """How to read the part again, as plain values without secrets; empty when nobody else could."""
        ...

    def pieces(self, part: str, symbols: Sequence[str] | None, timeframe: Timeframe, plan: Plan) -> Sequence[Piece]:
        """The symbols of one part, each to be read on its own."""
        ...
