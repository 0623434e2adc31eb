"""News items from files: JSON Lines, CSV, Parquet and Feather."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd

from augury.errors import InvalidNews
from augury.market.columns import NEWS_SPELLINGS, plain_name
from augury.market.files import TABLE_SUFFIXES, existing_file, kind_of, read_table
from augury.market.news import NewsItem
from augury.market.news_tables import news_from_frame
from augury.market.text_guard import check_text, open_bytes

__all__ = ["read_news"]

_KEYS = {plain_name(spelling) for field, known in NEWS_SPELLINGS.items() for spelling in (field, *known)}
_SHOWN_KEYS = 12
_JSON_KINDS = {
    list: "a list", str: "a text", int: "a number", float: "a number", bool: "true or false", type(None): "null"
}  # fmt: skip
_JSON_SUFFIXES = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz", ".json", ".json.gz")


def read_news(
    path: str | Path,
    *,
    zone: str | None = None,
    latency: str | dt.timedelta = "0s",
    now: int | str | dt.datetime | None = None,
) -> list[NewsItem]:
    """News items of a JSON Lines, CSV, Parquet or Feather file (text files also .gz), sorted by (known_at, ticker, id).

    Columns, times, `latency` and `now` as in `news_from_frame`; a line of JSON is one object with these keys. Raises
    NotFound when there is no such file and InvalidNews, with line or row, for everything else that is wrong.
    """
    file = existing_file(path, error=InvalidNews)
    kind = kind_of(file, _JSON_SUFFIXES + TABLE_SUFFIXES, error=InvalidNews)
    frame = _read_json_lines(file) if kind in _JSON_SUFFIXES else read_table(file, error=InvalidNews)
    try:
        return news_from_frame(frame, zone=zone, latency=latency, now=now)
    except InvalidNews as problem:
        raise InvalidNews(f"{file}: {problem}") from problem


def _read_json_lines(file: Path) -> pd.DataFrame:
    check_text(file, error=InvalidNews)
    decode = msgspec.json.Decoder().decode
    records: list[dict[str, Any]] = []
    others: dict[str, None] = {}
    with open_bytes(file) as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            try:
                record = decode(line.removeprefix(b"\xef\xbb\xbf"))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
                raise InvalidNews(
                    f"{file}: expected one JSON object a line (JSON Lines), got line {number}: {problem}; mend or drop "
                    "that line"
                ) from problem
            if not isinstance(record, dict):
                advice = "split it by: jq -c '.[]'" if isinstance(record, list) else "mend or drop that line"
                raise InvalidNews(
                    f"{file}: expected one JSON object a line (JSON Lines), line {number} holds "
                    f"{_JSON_KINDS[type(record)]}; {advice}"
                )
            records.append({key: cell for key, cell in record.items() if plain_name(key) in _KEYS})
            others.update(dict.fromkeys(list(record)[:_SHOWN_KEYS]) if len(others) < _SHOWN_KEYS else {})
    if not records:
        raise InvalidNews(f"{file}: expected news items, got blank lines only")
    keys = list(dict.fromkeys(key for record in records for key in record)) or list(others)
    return pd.DataFrame({key: pd.Series([record.get(key) for record in records], dtype=object) for key in keys})
