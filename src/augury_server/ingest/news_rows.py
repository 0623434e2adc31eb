"""Raw news records of files, row by row as they stand, so that one bad line costs one line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd

from augury.errors import InvalidNews
from augury.market.columns import NEWS_SPELLINGS, find_columns, plain_name
from augury.market.files import TABLE_SUFFIXES, existing_file, kind_of, read_table
from augury.market.text_guard import check_text, open_bytes

__all__ = ["NewsRows", "RefusedNews", "news_rows", "plain_record", "table_of"]

_JSON_SUFFIXES = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz", ".json", ".json.gz")
_KEYS = {plain_name(spelling) for name, known in NEWS_SPELLINGS.items() for spelling in (name, *known)}
_KEPT_CHARACTERS = 20_000
_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedNews:
    """A record that is not stored: the rule it breaks, why, and the record as plain JSON values."""

    rule: str
    reason: str
    record: Mapping[str, Any]

    @property
    def ticker(self) -> str:
        """What it is about, as far as it says."""
        column = find_columns(self.record, {"ticker": NEWS_SPELLINGS["ticker"]}, error=InvalidNews).get("ticker")
        value = None if column is None else self.record[str(column)]
        return value.strip()[:200] if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsRows:
    """Some rows of a table of news, and lines that were no records at all."""

    frame: pd.DataFrame
    refused: tuple[RefusedNews, ...] = field(default=())


@lru_cache(maxsize=1024)
def _is_field(name: object) -> bool:
    return plain_name(name) in _KEYS


def news_rows(path: str | Path) -> Iterator[NewsRows]:
    """The records of a JSON Lines, CSV, Parquet or Feather file, a few thousand at a time, in the file's order.

    Raises NotFound when there is no such file and InvalidNews for one that is not what its name says.
    """
    file = existing_file(path, error=InvalidNews)
    if kind_of(file, _JSON_SUFFIXES + TABLE_SUFFIXES, error=InvalidNews) in _JSON_SUFFIXES:
        yield from _json_lines(file)
        return
    table = read_table(file, error=InvalidNews)
    for start in range(0, len(table), _AT_ONCE):
        yield NewsRows(frame=table.iloc[start : start + _AT_ONCE])


def _json_lines(file: Path) -> Iterator[NewsRows]:
    check_text(file, error=InvalidNews)
    decode = msgspec.json.Decoder().decode
    with open_bytes(file) as stream:
        lines = ((number, line) for number, line in enumerate(stream, start=1) if line.strip())
        while some := list(islice(lines, _AT_ONCE)):
            records: list[dict[str, Any]] = []
            refused: list[RefusedNews] = []
            for number, line in some:
                try:
                    record = decode(line.removeprefix(b"\xef\xbb\xbf"))
                except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
                    refused.append(_no_record(file, number, line, f"is not JSON ({problem})"))
                    continue
                if isinstance(record, dict):
                    known = {key: cell for key, cell in record.items() if _is_field(key)}
                    if known:
                        records.append(known)
                    else:
                        refused.append(_no_record(file, number, line, "has none of ticker, text and published_at"))
                else:
                    refused.append(_no_record(file, number, line, f"holds a {type(record).__name__}, not an object"))
            yield NewsRows(frame=table_of(records), refused=tuple(refused))


def _no_record(file: Path, number: int, line: bytes, what: str) -> RefusedNews:
    return RefusedNews(
        rule="not_json",
        reason=f"{file.name}: expected one JSON object a line, line {number} {what}",
        record={"line": line.decode("utf-8", "replace").strip()[:_KEPT_CHARACTERS]},
    )


def table_of(records: list[dict[str, Any]], *, complete: bool = False) -> pd.DataFrame:
    """Records as a table of objects, one row each; with `complete`, fields that none of them has are empty columns."""
    keys = list(dict.fromkeys(key for record in records for key in record))
    if complete and records:
        there = find_columns(keys, NEWS_SPELLINGS, error=InvalidNews)
        keys += [name for name in ("ticker", "text", "published_at") if name not in there]
    return pd.DataFrame({key: pd.Series([record.get(key) for record in records], dtype=object) for key in keys})


def plain_record(row: Mapping[Any, Any]) -> dict[str, Any]:
    """A row's news fields as plain JSON values, missing ones left out, so that it can be read again later."""
    found: dict[str, Any] = {}
    for name, cell in row.items():
        if not _is_field(name) or (not isinstance(cell, list | dict) and pd.isna(cell)):
            continue
        if isinstance(cell, str):
            found[str(name)] = cell.replace("\0", "\ufffd").encode("utf-8", "replace").decode()[:_KEPT_CHARACTERS]
        elif isinstance(cell, bool | int | float):
            found[str(name)] = cell
        else:
            found[str(name)] = cell.isoformat() if hasattr(cell, "isoformat") else str(cell)[:_KEPT_CHARACTERS]
    return found
