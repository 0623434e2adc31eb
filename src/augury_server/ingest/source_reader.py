"""Bars of the library's sources: vendors, exchanges, a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from augury.errors import InvalidBars, InvalidInput, NotEnoughData, NotFound
from augury.market.bars import BarArrays, bar_arrays
from augury.market.sources.protocol import Source
from augury.market.sources.store_source import StoreSource
from augury.market.store import BarStore
from augury.market.timeframe import Timeframe
from augury.market.times import iso
from augury_server.ingest.patience import patiently
from augury_server.ingest.raw_series import RawSeries, UnreadWindow
from augury_server.ingest.reader import Piece, Plan
from augury_server.ingest.windows import LoadWindow

__all__ = ["SourceReader"]

_MOST_QUESTIONS = 64
"""Fetches spent on finding the bad bars of one window; what is not found by then is refused as a whole."""


class SourceReader:
    """A `Source`, read symbol by symbol.

    A source raises InvalidBars for a whole answer when one of its bars breaks a rule. The window is then halved and
    asked for again until the bad bars stand alone, so that the good ones are kept.
    """

    def __init__(self, source: Source, *, name: str = "", origin: Mapping[str, Any] | None = None) -> None:
        self.source = source
        self.name = name or source.name
        self.in_full = isinstance(source, StoreSource)
        self._origin = dict(origin or {})

    def parts(self, symbols: Sequence[str] | None, timeframe: Timeframe) -> list[str]:
        """The symbols; of a store, all of them unless some are named."""
        if symbols is not None:
            return list(dict.fromkeys(symbols))
        if isinstance(self.source, StoreSource):
            held = self.source.store
            store = held if isinstance(held, BarStore) else BarStore(held)
            if not store.folder.exists():
                raise NotFound(f"there is no folder of bars {str(store.folder)!r}; give that of a BarStore")
            return store.symbols(timeframe)
        raise InvalidInput(f"{self.name}: name the symbols to load; this source cannot list them")

    def origin(self, part: str) -> Mapping[str, Any]:
        """How to ask again: arguments of `reader_of`; empty for a source that was given as an object."""
        del part
        return self._origin

    def pieces(self, part: str, symbols: Sequence[str] | None, timeframe: Timeframe, plan: Plan) -> Sequence[Piece]:
        """The one symbol; reading it raises the errors of `Source.fetch`, NotEnoughData and InvalidBars aside."""
        del symbols
        return [Piece(part, partial(self._read, part, timeframe, plan))]

    def _read(self, part: str, timeframe: Timeframe, plan: Plan) -> RawSeries:
        window = plan(part)
        found: list[BarArrays] = []
        unread: list[UnreadWindow] = []
        waiting, questions = [(window.start_ns, window.end_ns)], 0
        while waiting:
            start, end = waiting.pop()
            questions += 1
            try:
                found.append(self._fetch(part, timeframe, start, end, window))
            except NotEnoughData:
                continue
            except InvalidBars as problem:
                middle = start + (end - start) // (2 * timeframe.ns) * timeframe.ns
                if middle <= start or questions >= _MOST_QUESTIONS:
                    unread.append(UnreadWindow(start_ns=start, end_ns=end, reason=str(problem)))
                else:
                    waiting += [(middle, end), (start, middle)]
        opened_at = np.concatenate([bars.opened_at for bars in found]) if found else np.empty(0, dtype=np.int64)
        matrix = np.concatenate([bars.matrix for bars in found], axis=1) if found else np.empty((5, 0))
        return RawSeries.of(part, opened_at, np.ascontiguousarray(matrix), tuple(unread))

    def _fetch(self, symbol: str, timeframe: Timeframe, start: int, end: int, window: LoadWindow) -> BarArrays:
        def ask() -> BarArrays:
            return bar_arrays(self.source.fetch(symbol, timeframe, iso(start), iso(end), now=iso(window.now_ns)))

        return ask() if hasattr(self.source, "retry") else patiently(ask)  # a vendor's source asks again by itself
