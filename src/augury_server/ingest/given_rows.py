"""A series that is at hand already, read like a source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from augury.market.timeframe import Timeframe
from augury_server.ingest.raw_series import RawSeries
from augury_server.ingest.reader import Piece, Plan

__all__ = ["GivenRows"]


class GivenRows:
    """One symbol's rows, loaded under the name of the source that they came from."""

    in_full = True

    def __init__(self, raw: RawSeries, *, name: str) -> None:
        self.raw = raw
        self.name = name

    def parts(self, symbols: Sequence[str] | None, timeframe: Timeframe) -> list[str]:
        """The one symbol."""
        del symbols, timeframe
        return [self.raw.symbol]

    def origin(self, part: str) -> Mapping[str, Any]:
        """Nothing: rows at hand cannot be asked for again."""
        del part
        return {}

    def pieces(self, part: str, symbols: Sequence[str] | None, timeframe: Timeframe, plan: Plan) -> Sequence[Piece]:
        """The rows as they were given."""
        del symbols, timeframe, plan
        return [Piece(part, lambda: self.raw)]
