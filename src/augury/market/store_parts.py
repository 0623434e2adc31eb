"""Part files: bars to Parquet bytes, and back through DuckDB once their hash is right."""

from __future__ import annotations

import hashlib
import io
import os
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from augury.market.bars import BAR_COLUMNS, BarArrays
from augury.market.store_manifest import Part

__all__ = ["PartProblem", "check_part", "hash_of", "literal", "literal_paths", "part_of", "read_parts"]

_ROW_GROUP = 65_536


class PartProblem(Exception):
    """A part file is missing, changed or unreadable; the store answers with DamagedStore or a second look."""


def part_of(symbol: str, timeframe: str, version: int, bars: BarArrays) -> tuple[Part, bytes]:
    """The Parquet file of these bars and the line about it in the manifest.

    Columns: symbol, timeframe, timestamp (ns, UTC without saying so, as DuckDB's TIMESTAMP_NS), open ... volume.
    """
    import pyarrow as pa
    from pyarrow import parquet

    count = len(bars)
    columns = {
        "symbol": pa.array([symbol] * count, pa.string()),
        "timeframe": pa.array([timeframe] * count, pa.string()),
        "timestamp": pa.array(bars.opened_at.view("datetime64[ns]"), pa.timestamp("ns")),
        **{name: pa.array(np.ascontiguousarray(bars.matrix[row])) for row, name in enumerate(BAR_COLUMNS)},
    }
    buffer = io.BytesIO()
    parquet.write_table(pa.table(columns), buffer, compression="zstd", row_group_size=_ROW_GROUP)
    content = buffer.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    part = Part(
        file=f"part-{version:08d}-{digest[:16]}.parquet",
        sha256=digest,
        bytes=len(content),
        bars=count,
        first=int(bars.opened_at[0]),
        last=int(bars.opened_at[-1]),
    )
    return part, content


def check_part(folder: Path, part: Part, *, again: bool = False) -> None:
    """Raise PartProblem unless the file holds what was written; a file is hashed once a process, or `again`."""
    path = folder / part.file
    try:
        state = path.stat()
        key = (str(path), state.st_size, state.st_mtime_ns, state.st_ino)
        found = hash_of.__wrapped__(*key) if again else hash_of(*key)
    except FileNotFoundError as error:
        raise PartProblem(f"{part.file} is missing") from error
    except OSError as error:
        raise PartProblem(f"{part.file} cannot be read: {error.strerror or error}") from error
    if found != part.sha256:
        hash_of.cache_clear()
        raise PartProblem(f"{part.file} was changed: SHA-256 {found[:16]}... where {part.sha256[:16]}... was written")


@lru_cache(maxsize=65_536)
def hash_of(path: str, size: int, modified_ns: int, inode: int) -> str:  # noqa: ARG001 - they are the key
    """SHA-256 of a file, remembered as long as its size, time of change and inode stay."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_parts(folder: Path, parts: Sequence[Part], start: int | None, end: int | None) -> BarArrays:
    """Bars of these parts that open in [start, end), through DuckDB; raises PartProblem when it cannot read one."""
    import duckdb

    chosen = [p for p in parts if (start is None or p.last >= start) and (end is None or p.first < end)]
    if not chosen:
        return BarArrays(np.empty(0, dtype=np.int64), np.empty((5, 0), dtype=np.float64))
    limits = [f"timestamp {sign} make_timestamp_ns(?)" for sign, at in ((">=", start), ("<", end)) if at is not None]
    where = f" WHERE {' AND '.join(limits)}" if limits else ""
    sql = f"SELECT timestamp, {', '.join(BAR_COLUMNS)} FROM read_parquet(?, hive_partitioning=false){where}"  # noqa: S608
    values = [at for at in (start, end) if at is not None]
    cursor = _connection(os.getpid()).cursor()
    try:
        columns = cursor.execute(sql, [literal_paths(folder, chosen), *values]).fetchnumpy()
    except duckdb.Error as error:
        raise PartProblem(f"one of {', '.join(p.file for p in chosen)} cannot be read: {error}") from error
    finally:
        cursor.close()
    opened_at = np.ascontiguousarray(columns["timestamp"].astype("datetime64[ns]").view(np.int64))
    matrix = np.empty((5, len(opened_at)), dtype=np.float64)
    for row, name in enumerate(BAR_COLUMNS):
        matrix[row] = columns[name]
    return BarArrays(opened_at, matrix)


def literal_paths(folder: Path, parts: Sequence[Part]) -> list[str]:
    """Paths of parts in a form that DuckDB does not take for patterns."""
    return [literal(str(folder / part.file)) for part in parts]


def literal(path: str) -> str:
    """A path in a form that DuckDB does not take for a pattern."""
    return re.sub(r"([*?\[])", r"[\1]", path)


@lru_cache(maxsize=1)
def _connection(process: int) -> Any:  # noqa: ARG001 - a forked process gets its own
    """An in-memory DuckDB for each process; connecting costs some 50 ms, a cursor a few microseconds."""
    import duckdb

    return duckdb.connect(":memory:", config={"threads": 1, "python_enable_replacements": False})
