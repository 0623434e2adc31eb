"""What the verbs over the database do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.errors import NotFound, nearest
from augury.operations.operation import Progress
from augury_server.database.advice import advise
from augury_server.database.retention import apply_retention, registered_retentions
from augury_server.database.schema import migrate, schema_state
from augury_server.database.statistics import refresh_statistics
from augury_server.database.status import database_status
from augury_server.operations.table import Table

if TYPE_CHECKING:
    from augury_server.operations.db import AnalyzeOptions, MigrateOptions, RetainOptions, StatusOptions

__all__ = ["analyze", "migrate_database", "retain", "show_status"]

_MEGABYTE = 1_000_000


def migrate_database(spec: MigrateOptions, progress: Progress) -> Table:  # noqa: ARG001 - the contract of a verb
    """Apply what is missing."""
    done = migrate(timeout_seconds=spec.timeout, dry_run=spec.dry_run)
    title = "Would be applied" if spec.dry_run else "Applied"
    note = () if done.applied else ("the tables are of this version already",)
    return Table(title=title, columns=("step",), rows=tuple((name,) for name in done.applied), notes=note)


def show_status(spec: StatusOptions, progress: Progress) -> Table:  # noqa: ARG001
    """Facts about the database; something is wrong when its tables are not of this version."""
    status, schema = database_status(), schema_state()
    facts = {
        "engine": f"{status.engine} {status.version}",
        "database": status.name,
        "megabytes": round(status.bytes / _MEGABYTE, 1),
        "log_megabytes": None if status.log_bytes is None else round(status.log_bytes / _MEGABYTE, 1),
        "connections": None if status.connections is None else f"{status.connections} of {status.most_connections}",
        "steps_applied": len(schema.applied),
        "steps_pending": list(schema.pending),
        "steps_unknown": list(schema.unknown),
    }
    notes = ["run: augury db migrate"] if schema.pending else []
    notes += ["a newer version has migrated this database: install that version"] if schema.unknown else []
    pool = tuple(sorted(status.pool.items()))
    return Table(
        title="Database",
        facts={name: value for name, value in facts.items() if value is not None},
        columns=("pool", "value") if pool else (),
        rows=pool,
        notes=tuple(notes),
        exit_code=0 if schema.current else 1,
    )


def analyze(spec: AnalyzeOptions, progress: Progress) -> Table:  # noqa: ARG001
    """Findings with remedies; the largest tables and the slowest statements among the facts."""
    if spec.refresh:
        refresh_statistics()
    advice = advise(slow=spec.slow)
    facts = {
        "engine": f"{advice.engine} {advice.version}",
        "megabytes": round(advice.bytes / _MEGABYTE, 1),
        "largest_tables": [f"{table.table}: about {table.rows:,} rows" for table in advice.tables[:5] if table.rows],
        "slow_statements": [
            f"{one.total_ms:,.0f} ms in {one.calls:,} calls: {one.statement[:160]}" for one in advice.slow
        ],
    }
    rows = tuple((one.severity, one.rule, one.subject, one.message, one.remedy) for one in advice.findings)
    return Table(
        title="Advice about the database",
        facts=facts,
        columns=("severity", "rule", "subject", "finding", "remedy"),
        rows=rows,
        exit_code=1 if any(one.severity == "problem" for one in advice.findings) else 0,
    )


def retain(spec: RetainOptions, progress: Progress) -> Table:
    """Delete, or count, the rows that are older than their rule says."""
    names = list(registered_retentions())
    if spec.only is not None:
        if spec.only not in names:
            raise NotFound(f"no retention rule {spec.only!r}; {nearest(spec.only, names)}")
        names = [spec.only]
    done = [
        one
        for name in progress.track(names, "retention", len(names))
        for one in apply_retention(batch_rows=spec.batch, only=name, dry_run=spec.dry_run)
    ]
    rows = tuple(
        (one.name, one.table, one.days, one.before.isoformat(timespec="seconds") if one.before else None, one.deleted)
        for one in done
    )
    what = "rows_due" if spec.dry_run else "rows_deleted"
    return Table(
        title="Would be deleted" if spec.dry_run else "Deleted",
        facts={what: sum(one.deleted for one in done)},
        columns=("rule", "table", "days", "older_than", what),
        rows=rows,
    )
