"""The records of advice about a database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

__all__ = ["Advice", "Finding", "SlowStatement", "TableFigures", "ordered"]

Severity = Literal["problem", "advice", "note"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something about `subject`, a table, index or statement, and the remedy; `rule` names the check that found it."""

    rule: str
    severity: Severity
    subject: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFigures:
    """One table: rows alive and dead as the engine counts or estimates them, bytes of rows and of indexes.

    None where the engine does not say.
    """

    table: str
    rows: int
    dead_rows: int | None
    table_bytes: int | None
    index_bytes: int | None
    full_scans: int | None
    index_scans: int | None
    analyzed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowStatement:
    """One statement of `pg_stat_statements`, with its constants left out: times in ms."""

    statement: str
    calls: int
    total_ms: float
    mean_ms: float
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """Findings, problems first; figures of every table, largest first; statements by the time that they took."""

    engine: str
    version: str
    bytes: int
    findings: tuple[Finding, ...]
    tables: tuple[TableFigures, ...]
    slow: tuple[SlowStatement, ...]


def ordered(findings: list[Finding]) -> tuple[Finding, ...]:
    """Problems first, then advice, then notes."""
    rank = {"problem": 0, "advice": 1, "note": 2}
    return tuple(sorted(findings, key=lambda finding: (rank[finding.severity], finding.rule, finding.subject)))
