"""PostgreSQL's view: the statistics collector, the catalogue, and pg_stat_statements when it is there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from augury_server.database.advice_records import Advice, Finding, SlowStatement, TableFigures, ordered
from augury_server.database.list_advice import list_findings

__all__ = ["advice"]

_LARGE_ROWS = 10_000
_LARGE_BYTES = 1_048_576
_STALE = timedelta(days=7)
_SLOW_MS = 100.0

_TABLES = """
SELECT s.relname, s.n_live_tup, s.n_dead_tup, pg_table_size(s.relid), pg_indexes_size(s.relid), s.seq_scan,
       coalesce(s.idx_scan, 0), greatest(s.last_analyze, s.last_autoanalyze), s.n_mod_since_analyze, s.seq_tup_read,
       c.reltuples
FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
ORDER BY pg_total_relation_size(s.relid) DESC, s.relname
"""
_INDEXES = """
SELECT i.indrelid::regclass::text, i.indexrelid::regclass::text, coalesce(s.idx_scan, 0),
       pg_relation_size(i.indexrelid), i.indisunique OR i.indisexclusion, i.indisvalid,
       i.indkey::text, coalesce(pg_get_expr(i.indpred, i.indrelid), ''), i.indclass::text, am.amname,
       coalesce(pg_get_expr(i.indexprs, i.indrelid), ''), i.indoption::text
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_am am ON am.oid = c.relam
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_stat_user_indexes s ON s.indexrelid = i.indexrelid
WHERE n.nspname = current_schema()
ORDER BY 2
"""
_UNINDEXED_KEYS = """
SELECT k.conrelid::regclass::text, string_agg(a.attname, ', ' ORDER BY p.place)
FROM pg_constraint k
CROSS JOIN LATERAL unnest(k.conkey) WITH ORDINALITY AS p(attnum, place)
JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = p.attnum
WHERE k.contype = 'f' AND k.connamespace = current_schema()::regnamespace AND NOT EXISTS (
    SELECT 1 FROM pg_index i WHERE i.indrelid = k.conrelid AND i.indkey[0] = k.conkey[1])
GROUP BY k.oid, k.conrelid ORDER BY 1, 2
"""
_STATEMENTS = """
SELECT query, calls, total_exec_time, mean_exec_time, rows FROM pg_stat_statements s
JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = current_database() AND calls > 0
ORDER BY total_exec_time DESC LIMIT %s
"""


def advice(now: datetime, slow: int) -> Advice:
    """Everything that PostgreSQL knows, judged."""
    (version,), (size,) = _rows("SHOW server_version")[0], _rows("SELECT pg_database_size(current_database())")[0]
    tables = _rows(_TABLES)
    statements, missing = _statements(slow)
    findings = [*_about_tables(tables, now), *_about_indexes(_rows(_INDEXES), tables), *_about_keys(tables)]
    findings += [*missing, *_about_statements(statements), *_about_server()]
    large = {row[0] for row in tables if row[1] >= _LARGE_ROWS}
    findings += list_findings(lambda table: table in large)
    return Advice(
        engine="postgresql",
        version=str(version),
        bytes=int(size),
        findings=ordered(findings),
        tables=tuple(_figures(row) for row in tables),
        slow=statements,
    )


def _rows(statement: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def _figures(row: tuple[Any, ...]) -> TableFigures:
    return TableFigures(
        table=row[0],
        rows=row[1],
        dead_rows=row[2],
        table_bytes=row[3],
        index_bytes=row[4],
        full_scans=row[5],
        index_scans=row[6],
        analyzed_at=row[7],
    )


def _about_tables(tables: list[tuple[Any, ...]], now: datetime) -> Iterator[Finding]:
    for table, alive, dead, _, _, full, by_index, analyzed, modified, read, estimate in tables:
        if alive < _LARGE_ROWS and dead < _LARGE_ROWS:
            continue
        if analyzed is None and estimate <= 0:
            message = f"has {alive:,} rows and the planner has no statistics of it: it guesses"
            yield _finding("no_statistics", "problem", table, message, f"ANALYZE {table}")
        elif modified > max(0.2 * alive, _LARGE_ROWS):
            message = f"{modified:,} of {alive:,} rows changed since the planner's statistics were taken"
            yield _finding("stale_statistics", "advice", table, message, f"ANALYZE {table}")
        elif analyzed is not None and now - analyzed > _STALE and modified:
            message = f"the planner's statistics are of {analyzed:%Y-%m-%d}, {modified:,} rows changed since"
            yield _finding("old_statistics", "note", table, message, f"ANALYZE {table}")
        if dead > 0.2 * max(alive, 1) and dead >= _LARGE_ROWS:
            message = f"{dead:,} dead rows beside {alive:,} alive ones take room and time"
            yield _finding(
                "dead_rows", "advice", table, message, f"VACUUM {table}; look whether autovacuum is on and keeps up"
            )
        if full > 10 and full > by_index and read / full > _LARGE_ROWS:
            message = (
                f"was read from end to end {full:,} times, {read / full:,.0f} rows each, by index {by_index:,} times"
            )
            yield _finding(
                "full_scans",
                "advice",
                table,
                message,
                "find the statement below and add an index on what it filters by",
            )


def _about_indexes(indexes: list[tuple[Any, ...]], tables: list[tuple[Any, ...]]) -> Iterator[Finding]:
    sizes = {row[0]: row[1] for row in tables}
    seen: dict[tuple[Any, ...], str] = {}
    for table, index, scans, size, unique, valid, *definition in indexes:
        if not valid:
            message = "was left unfinished, is kept up to date and never used"
            yield _finding("invalid_index", "problem", index, message, f"DROP INDEX {index}; then make it again")
        key = (table, *definition)
        if key in seen:
            message = f"covers the same columns of {table} as {seen[key]}"
            yield _finding("duplicate_index", "advice", index, message, f"keep one of the two: DROP INDEX {index}")
        seen.setdefault(key, index)
        if scans == 0 and not unique and size >= _LARGE_BYTES and sizes.get(table, 0) >= _LARGE_ROWS:
            message = f"was never used since statistics began, and takes {size / 1e6:,.1f} MB of {table}"
            yield _finding(
                "unused_index", "note", index, message, "when that stays so over a full business cycle, drop it"
            )


def _about_keys(tables: list[tuple[Any, ...]]) -> Iterator[Finding]:
    sizes = {row[0]: row[1] for row in tables}
    for table, columns in _rows(_UNINDEXED_KEYS):
        if sizes.get(table, 0) >= _LARGE_ROWS:
            message = f"points to another table by {columns} without an index: deleting there reads all of {table}"
            yield _finding("unindexed_key", "advice", table, message, f"CREATE INDEX ON {table} ({columns})")


def _statements(slow: int) -> tuple[tuple[SlowStatement, ...], list[Finding]]:
    """Statements by total time; a finding with the way to see them when the extension is not there."""
    ((installed,),) = _rows("SELECT EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'pg_stat_statements')")
    ((loaded,),) = _rows("SELECT current_setting('shared_preload_libraries') LIKE '%%pg_stat_statements%%'", [])
    if installed and loaded:
        return tuple(
            SlowStatement(statement=" ".join(text.split()), calls=calls, total_ms=total, mean_ms=mean, rows=rows)
            for text, calls, total, mean, rows in _rows(_STATEMENTS, [slow])
        ), []
    steps = [] if loaded else ["set shared_preload_libraries = 'pg_stat_statements' in postgresql.conf", "restart it"]
    steps += [] if installed else ["run in this database, as its owner: CREATE EXTENSION pg_stat_statements"]
    message = "is not installed: which statements are slow is not recorded"
    return (), [_finding("no_statement_statistics", "advice", "pg_stat_statements", message, "; ".join(steps))]


def _about_statements(statements: tuple[SlowStatement, ...]) -> Iterator[Finding]:
    for one in statements:
        if one.mean_ms >= _SLOW_MS and one.calls >= 5:
            message = f"takes {one.mean_ms:,.0f} ms on average, {one.calls:,} times"
            yield _finding("slow_statement", "advice", one.statement[:120], message, "look at its plan with EXPLAIN")


def _about_server() -> Iterator[Finding]:
    ((hit, read),) = _rows("SELECT blks_hit, blks_read FROM pg_stat_database WHERE datname = current_database()")
    if hit + read > 1_000_000 and hit < 0.9 * (hit + read):
        message = f"only {hit / (hit + read):.0%} of blocks were found in memory"
        yield _finding("cold_memory", "advice", "shared_buffers", message, "give the server more shared_buffers")
    ((used, most),) = _rows(
        "SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'), "
        "current_setting('max_connections')::int"
    )
    if used > 0.8 * most:
        message = f"{used} of {most} connections are in use"
        yield _finding("few_connections", "problem", "max_connections", message, "lower database.pool_max or raise it")
    ((age,),) = _rows("SELECT age(datfrozenxid) FROM pg_database WHERE datname = current_database()")
    if age > 1_000_000_000:
        message = f"the oldest transaction number is {age:,} back; at 2,000,000,000 the server stops taking writes"
        yield _finding("old_transactions", "problem", "autovacuum", message, "run VACUUM FREEZE; end old transactions")


def _finding(rule: str, severity: Any, subject: str, message: str, remedy: str) -> Finding:
    return Finding(rule=rule, severity=severity, subject=subject, message=message, remedy=remedy)
