"""News items from tables and back, with the rules of the news contract checked row by row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from augury.arrays import BoolVector, IntVector
from augury.errors import InvalidNews
from augury.market.columns import NEWS_SPELLINGS, find_columns
from augury.market.news import NewsItem
from augury.market.rules import NO_TIME
from augury.market.tables import as_pandas, shown_columns
from augury.market.times import Times, instant, iso, parse_times

__all__ = ["news_from_frame", "news_to_frame"]

_DAY_NS = 86_400 * 10**9
_SHOWN = 5
_DAY_ONLY = r"\d{4}[-/.]?\d{2}[-/.]?\d{2}"


def news_from_frame(
    frame: Any,
    *,
    zone: str | None = None,
    latency: str | dt.timedelta = "0s",
    now: int | str | dt.datetime | None = None,
) -> list[NewsItem]:
    """News items of a pandas, polars or arrow table, sorted by (known_at, ticker, id).

    Columns: `ticker`, `text`, `published_at`, optionally `known_at` and `source`, also in their usual spellings
    (symbol, headline, date, ...); others are ignored. Times as in `validate_bars`: naive ones need `zone`.

    Timing: a missing `known_at` becomes `published_at + latency`; a given one stands. An item dated by day only could
    have appeared at any moment of that day, so it needs a `known_at` or a latency of at least one day.
    With `now`, items published or known after it are refused. Raises InvalidNews with the rule and the first rows
    (counted from 0): missing columns, empty ticker or text, unreadable times, known before published, future items.
    """
    table = as_pandas(frame, error=InvalidNews)
    columns = find_columns(table.columns, NEWS_SPELLINGS, error=InvalidNews)
    missing = [name for name in ("ticker", "text", "published_at") if name not in columns]
    if missing:
        raise InvalidNews(
            f"expected columns ticker, text and published_at; missing {', '.join(missing)} among: "
            f"{shown_columns(table)}; rename or add them"
        )
    tickers = _texts(table[columns["ticker"]], "ticker")
    texts = _texts(table[columns["text"]], "text")
    sources = [_source(cell) for cell in table[columns["source"]]] if "source" in columns else [""] * len(table)
    published, known = _both_times(table, columns, zone, _latency_ns(latency))
    if now is not None:
        moment = instant(now, what="now")
        _refuse(known > moment, known, f"news known by now ({iso(moment)})", "check its clock and zone")
    items = [
        NewsItem(ticker=ticker, text=text, published_at_ns=appeared, known_at_ns=seen, source=source)
        for ticker, text, appeared, seen, source in zip(
            tickers, texts, published.tolist(), known.tolist(), sources, strict=True
        )
    ]
    return sorted(items, key=lambda item: (item.known_at_ns, item.ticker, item.id))


def news_to_frame(items: Sequence[NewsItem]) -> pd.DataFrame:
    """The items as a frame, in their order: ticker, text, published_at, known_at (datetime64[ns, UTC]), source."""
    return pd.DataFrame(
        {
            "ticker": pd.Series([item.ticker for item in items], dtype="str"),
            "text": pd.Series([item.text for item in items], dtype="str"),
            "published_at": _stamps([item.published_at_ns for item in items]),
            "known_at": _stamps([item.known_at_ns for item in items]),
            "source": pd.Series([item.source for item in items], dtype="str"),
        }
    )


def _stamps(nanoseconds: list[int]) -> pd.Series[Any]:
    return pd.Series(np.array(nanoseconds, dtype=np.int64).view("datetime64[ns]")).dt.tz_localize("UTC")


def _latency_ns(latency: str | dt.timedelta) -> int:
    try:
        length = pd.Timedelta(latency)
    except (ValueError, TypeError) as error:
        raise InvalidNews(f"latency should be a duration such as '0s', '5min', '1D', got {latency!r}") from error
    if pd.isna(length) or length < pd.Timedelta(0):
        raise InvalidNews(f"latency should be at least 0, got {latency!r}: news cannot be known before it appears")
    return int(length.as_unit("ns").value)


def _both_times(
    table: pd.DataFrame, columns: dict[str, object], zone: str | None, latency_ns: int
) -> tuple[IntVector, IntVector]:
    cells = table[columns["published_at"]]
    times = parse_times(cells, zone=zone, error=InvalidNews)
    published = times.nanoseconds
    _refuse(published == NO_TIME, published, "a publication time in every row", "add it or drop the row")
    given = np.full(len(published), NO_TIME)
    if "known_at" in columns and table[columns["known_at"]].notna().any():
        given = parse_times(table[columns["known_at"]], zone=zone, error=InvalidNews).nanoseconds
    _refuse(
        (given != NO_TIME) & (given < published), given, "known_at at or after published_at", "check zones and columns"
    )
    if latency_ns < _DAY_NS:
        _refuse(
            _day_only(cells, times) & (given == NO_TIME),
            published,
            "a time of day, because an item dated by day could have appeared until its end",
            "add times or known_at, or pass latency='1D'",
        )
    return published, np.where(given == NO_TIME, published + latency_ns, given)


def _day_only(cells: pd.Series[Any], times: Times) -> BoolVector:
    if times.kind == "date":
        return np.ones(len(cells), dtype=np.bool_)
    if cells.dtype.kind in "Miuf":
        return np.zeros(len(cells), dtype=np.bool_)
    return np.asarray(cells.astype("str").str.strip().str.fullmatch(_DAY_ONLY).fillna(value=False), dtype=np.bool_)


def _texts(cells: pd.Series[Any], name: str) -> list[str]:
    values = cells.to_list()
    for row, value in enumerate(values):
        if not isinstance(value, str) or not value.strip():
            bad = [at for at, cell in enumerate(values) if not isinstance(cell, str) or not cell.strip()]
            others = f" (rows {', '.join(map(str, bad[:_SHOWN]))}{', ...' if len(bad) > _SHOWN else ''})"
            found = "nothing" if value is None or value != value else f"{value!r:.60}"
            raise InvalidNews(
                f"expected {name} in every row, got {found} in row {row}; {len(bad)} of {len(values)} rows are like "
                f"this{others if len(bad) > 1 else ''}: write text or drop them"
            )
    return [value.strip() for value in values] if name == "ticker" else values


def _source(cell: Any) -> str:
    return cell.strip() if isinstance(cell, str) else ""


def _refuse(bad: BoolVector, times: IntVector, expected: str, advice: str) -> None:
    rows = np.flatnonzero(bad)
    if rows.size == 0:
        return
    shown = "; ".join(f"row {row} ({iso(int(times[row]))})" for row in rows[:_SHOWN])
    more = f"; and {rows.size - _SHOWN} more" if rows.size > _SHOWN else ""
    raise InvalidNews(f"expected {expected}, broken in {rows.size} of {len(bad)} rows: {shown}{more}; {advice}")
