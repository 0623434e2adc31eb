"""Bars of many symbols as they were known at a moment."""

from __future__ import annotations

from collections.abc import Sequence

from augury.market.timeframe import Timeframe
from augury_server.ingest.bar_rows import KnownBars, read_rows
from augury_server.ingest.models import Series

__all__ = ["known_symbols", "read_known_bars"]

_SERIES_AT_ONCE = 500


def known_symbols(timeframe: str | Timeframe) -> list[str]:
    """Symbols with bars of this timeframe, sorted."""
    rows = Series.objects.filter(timeframe=str(Timeframe.of(timeframe)), bars__gt=0)
    return sorted(rows.values_list("instrument__symbol", flat=True))


def read_known_bars(
    symbols: Sequence[str], timeframe: str | Timeframe, *, known_by_ns: int, start_ns: int | None = None
) -> dict[str, KnownBars]:
    """Bars that open at `start_ns` or later, with the values that they had at `known_by_ns` and since when.

    A bar that was mended later has its earlier values, one that came later is not there, one removed since is. Two
    queries for up to 500 symbols; a symbol without such bars is left out.
    """
    found: dict[str, KnownBars] = {}
    for start in range(0, len(symbols), _SERIES_AT_ONCE):
        some = Series.objects.filter(
            timeframe=str(Timeframe.of(timeframe)), instrument__symbol__in=symbols[start : start + _SERIES_AT_ONCE]
        )
        names = dict(some.values_list("pk", "instrument__symbol"))
        rows = read_rows(list(names), start=start_ns, known_by=known_by_ns)
        found |= {names[series]: bars for series, bars in rows.items()}
    return {symbol: found[symbol] for symbol in symbols if symbol in found}
