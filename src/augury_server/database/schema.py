"""The tables' version: what is applied, what is missing, what is newer than this code; and the way up."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from augury.errors import Misconfigured
from augury_server.database.explaining import database_name, explained
from augury_server.database.schema_lock import schema_locked

__all__ = ["Migrated", "SchemaState", "migrate", "require_current_schema", "schema_state"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaState:
    """Migrations by "app.name", sorted within each: `unknown` are applied ones that this code does not have."""

    applied: tuple[str, ...]
    pending: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def current(self) -> bool:
        """Whether the tables are those of this code."""
        return not self.pending and not self.unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrated:
    """What a call of `migrate` applied, in order; nothing when all was applied before."""

    applied: tuple[str, ...]


def schema_state() -> SchemaState:
    """Compare the database with the code; nothing is changed. Raises Unavailable or Misconfigured."""
    with explained("read the state of the schema"):
        return _state(MigrationLoader(connection))


def require_current_schema() -> None:
    """Raise Misconfigured, with the remedy, unless the tables are those of this code."""
    state = schema_state()
    _refuse_newer(state)
    if state.pending:
        raise Misconfigured(
            f"{database_name()}: {len(state.pending)} migrations are missing ({_shown(state.pending)}); "
            "run: augury db migrate"
        )


def migrate(*, timeout_seconds: float = 600.0, dry_run: bool = False) -> Migrated:
    """Bring the tables to the state of this code; returns what was applied, or would be with `dry_run`.

    Of several processes that call it at once one does the work and the others wait for it, at most `timeout_seconds`.
    Each migration is one transaction: a process that is killed leaves whole steps, and the next call goes on from
    there. Raises Misconfigured for a database that a newer version has migrated, Unavailable when it is away, full, or
    another process migrates for longer than the timeout; nothing is changed then but whole steps.
    """
    with explained("migrate"):
        state = _state(MigrationLoader(connection))
        _refuse_newer(state)
        if dry_run:
            return Migrated(applied=_plan())
        with schema_locked(timeout_seconds):
            state = _state(MigrationLoader(connection))
            _refuse_newer(state)
            planned = _plan()
            if planned:
                call_command("migrate", verbosity=0, interactive=False)
            return Migrated(applied=planned)


def _plan() -> tuple[str, ...]:
    """What is to be applied, in order."""
    executor = MigrationExecutor(connection)
    return tuple(
        f"{migration.app_label}.{migration.name}"
        for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())
    )


def _state(loader: MigrationLoader) -> SchemaState:
    replaced = {key for migration in loader.disk_migrations.values() for key in migration.replaces}
    applied = set(loader.applied_migrations)
    known = set(loader.disk_migrations) | replaced
    return SchemaState(
        applied=_names(applied & known),
        pending=_names(set(loader.graph.nodes) - applied),
        unknown=_names(applied - known),
    )


def _names(keys: set[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(sorted(f"{app}.{name}" for app, name in keys))


def _refuse_newer(state: SchemaState) -> None:
    if state.unknown:
        raise Misconfigured(
            f"{database_name()}: was migrated by a newer version of Augury: this one does not know "
            f"{_shown(state.unknown)}; install that version or restore an older backup. Nothing was changed"
        )


def _shown(names: tuple[str, ...]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
