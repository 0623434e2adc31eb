"""SQLite's view: the file, the planner's statistics, and the plans of the platform's lists."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.db import connection

from augury_server.database.advice_records import Advice, Finding, TableFigures, ordered
from augury_server.database.columns import quoted
from augury_server.database.list_advice import list_findings

__all__ = ["advice"]

_LARGE_ROWS = 10_000
_WAL_BYTES = 67_108_864


def advice() -> Advice:
    """Everything that SQLite knows, judged."""
    page, pages, free = _pragma("page_size"), _pragma("page_count"), _pragma("freelist_count")
    tables = _tables()
    recorded = _recorded_rows()
    findings = [*_about_statistics(tables, recorded), *_about_file(page, pages, free)]
    large = {table.table for table in tables if table.rows >= _LARGE_ROWS}
    findings += list_findings(lambda table: table in large)
    ((version,),) = _rows("SELECT sqlite_version()")
    return Advice(
        engine="sqlite", version=version, bytes=page * pages, findings=ordered(findings), tables=tables, slow=()
    )


def _rows(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


def _pragma(name: str) -> int:
    return int(_rows(f"PRAGMA {name}")[0][0])


def _tables() -> tuple[TableFigures, ...]:
    """Every table; rows by the span of row numbers, which costs nothing and counts gaps that deleting left."""
    found = []
    for (name,) in _rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"):
        ((rows,),) = _rows(f"SELECT coalesce(max(rowid) - min(rowid) + 1, 0) FROM {quoted([name])}")  # noqa: S608
        found.append(
            TableFigures(
                table=name,
                rows=rows,
                dead_rows=None,
                table_bytes=None,
                index_bytes=None,
                full_scans=None,
                index_scans=None,
                analyzed_at=None,
            )
        )
    return tuple(sorted(found, key=lambda figures: (-figures.rows, figures.table)))


def _recorded_rows() -> dict[str, int]:
    """Rows of each table when ANALYZE last saw it."""
    if not _rows("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'"):
        return {}
    recorded: dict[str, int] = {}
    for table, figures in _rows("SELECT tbl, stat FROM sqlite_stat1"):
        recorded[table] = max(recorded.get(table, 0), int(str(figures).split()[0]))
    return recorded


def _about_statistics(tables: tuple[TableFigures, ...], recorded: dict[str, int]) -> Iterator[Finding]:
    for figures in tables:
        if figures.rows < _LARGE_ROWS:
            continue
        name, then = figures.table, recorded.get(figures.table)
        if then is None:
            yield Finding(
                rule="no_statistics",
                severity="advice",
                subject=name,
                message=f"has about {figures.rows:,} rows and the planner has no statistics of it",
                remedy=f"ANALYZE {name}",
            )
        elif figures.rows > 2 * then:
            yield Finding(
                rule="stale_statistics",
                severity="advice",
                subject=name,
                message=f"grew from {then:,} to about {figures.rows:,} rows since the planner's statistics were taken",
                remedy=f"ANALYZE {name}",
            )


def _about_file(page: int, pages: int, free: int) -> Iterator[Finding]:
    path = Path(str(connection.settings_dict["NAME"]))
    if free > 0.25 * pages and free * page > _WAL_BYTES:
        yield Finding(
            rule="free_pages",
            severity="advice",
            subject=path.name,
            message=f"{free / pages:.0%} of the file ({free * page / 1e6:,.0f} MB) is free pages that deleting left",
            remedy="VACUUM, while nothing else runs; it needs as much free disk as the file",
        )
    log = path.with_name(path.name + "-wal")
    size = log.stat().st_size if log.exists() else 0
    if size > _WAL_BYTES:
        yield Finding(
            rule="large_log",
            severity="advice",
            subject=log.name,
            message=f"the write-ahead log has {size / 1e6:,.0f} MB: a reader that never ends keeps it",
            remedy="look for a process with a long transaction; then PRAGMA wal_checkpoint(TRUNCATE)",
        )
    ((mode,),) = _rows("PRAGMA journal_mode")
    if mode != "wal":
        yield Finding(
            rule="no_write_ahead_log",
            severity="problem",
            subject=path.name,
            message=f"the journal mode is {mode}: readers and writers wait for one another",
            remedy="keep the file on a local disk; network file systems cannot share a write-ahead log",
        )
