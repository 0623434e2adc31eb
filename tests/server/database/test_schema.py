"""Migrations: twice, two at once, killed half way, by old code on a new database."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from augury.errors import Misconfigured, Unavailable
from augury_server.database.schema import migrate, require_current_schema, schema_state
from augury_server.database.schema_lock import schema_locked

MIGRATE = "from augury_server.database.schema import migrate\nprint(len(migrate().applied))"


def wipe() -> None:
    """Take every table away: a database that nothing has migrated."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("DROP SCHEMA public CASCADE")
            cursor.execute("CREATE SCHEMA public")
            return
    path = Path(connection.settings_dict["NAME"])
    connection.close()
    for name in (path.name, path.name + "-wal", path.name + "-shm"):
        path.with_name(name).unlink(missing_ok=True)


def test_a_migrated_database_is_current_and_migrating_again_does_nothing(platform: Any) -> None:
    state = schema_state()
    assert state.current
    assert "augury_ingest.0001_initial" in state.applied
    assert migrate().applied == ()
    require_current_schema()


def test_an_empty_database_says_what_is_missing_and_a_dry_run_changes_nothing(platform: Any) -> None:
    wipe()
    assert schema_state().applied == ()
    with pytest.raises(Misconfigured, match="augury db migrate"):
        require_current_schema()
    planned = migrate(dry_run=True).applied
    assert set(planned) == set(schema_state().pending)
    assert migrate().applied == planned
    assert schema_state().current


EARLIER = {
    "as first made": {"augury_accounts": "0001", "augury_jobs": "0001", "augury_experiments": None},
    "with API keys, before kept answers": {"augury_jobs": "0001"},
}
"""Schemas that this one grew out of; whatever rows they hold stays."""


@pytest.mark.parametrize("earlier", EARLIER.values(), ids=EARLIER)
def test_a_database_of_an_earlier_schema_is_brought_up_to_date_with_its_rows(
    platform: Any, earlier: dict[str, str | None]
) -> None:
    from django.core.management import call_command

    from augury_server.accounts.audit import record
    from augury_server.accounts.models import AuditEntry
    from augury_server.jobs.models import Job
    from augury_server.registry.models import RegisteredModel

    for app, name in earlier.items():
        call_command("migrate", app, name or "zero", verbosity=0)
    assert not schema_state().current
    job = Job.objects.create(operation="doctor", timeout_seconds=60.0, max_attempts=3)
    RegisteredModel.objects.create(name="trend", created_at=datetime.now(UTC), created_by="ada")
    record("jobs.submit", target=str(job.pk), by="ada")
    assert len(migrate().applied) == sum(1 for _ in earlier)
    assert schema_state().current
    assert Job.objects.get().pk == job.pk
    assert RegisteredModel.objects.get().name == "trend"
    assert AuditEntry.objects.get().target == str(job.pk)


def test_of_two_that_migrate_at_once_one_does_the_work(platform: Any) -> None:
    wipe()
    every = len(migrate(dry_run=True).applied)
    connection.close()
    running = [platform.python(MIGRATE) for _ in range(3)]
    ended = [process.communicate(timeout=120) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], [errors for _, errors in ended]
    assert sorted(int(told) for told, _ in ended) == [0, 0, every]
    assert schema_state().current


def test_a_migration_that_is_killed_is_finished_by_the_next_one(platform: Any) -> None:
    wipe()
    connection.close()
    tell = (
        "from django.db.migrations.recorder import MigrationRecorder as R\n"
        "before = R.record_applied\n"
        "def told(self, app, name):\n"
        "    before(self, app, name)\n"
        "    print(app, flush=True)\n"
        "R.record_applied = told\n"
    )
    process = platform.python(tell + MIGRATE)
    assert process.stdout is not None
    for _ in range(4):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    state = schema_state()
    assert state.applied
    assert state.pending
    assert set(migrate().applied) == set(state.pending)
    assert schema_state().current
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
    assert {"augury_ingest_bar", "augury_accounts_auditentry", "auth_user"} <= set(tables)


def test_a_database_of_a_newer_version_is_refused_and_left_alone(platform: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)",
            ["augury_ingest", "0099_from_the_future", datetime(2030, 1, 1, tzinfo=UTC)],
        )
    assert schema_state().unknown == ("augury_ingest.0099_from_the_future",)
    for action in (migrate, require_current_schema):
        with pytest.raises(Misconfigured, match=r"newer version.*0099_from_the_future.*restore an older backup"):
            action()


def test_who_waits_too_long_for_another_that_migrates_is_told(platform: Any) -> None:
    held, ready, failed = threading.Event(), threading.Event(), []

    def hold() -> None:
        try:
            with schema_locked(30):
                ready.set()
                held.wait(60)
        except BaseException as error:
            failed.append(error)
            raise
        finally:
            ready.set()
            connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert ready.wait(60)
        assert not failed
        with pytest.raises(Unavailable, match=r"0.2 s"):
            migrate(timeout_seconds=0.2)
    finally:
        held.set()
        thread.join(60)
    assert migrate(timeout_seconds=0.2).applied == ()


def test_limits_of_time_are_as_before_after_migrating(postgres_platform: Any) -> None:
    def limits() -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")
            return cursor.fetchone()

    before = limits()
    assert before[0] != "0"
    with schema_locked(5):
        assert limits() == ("0", before[1])
    assert limits() == before


def test_a_file_that_is_no_database_is_said_to_be_damaged(sqlite_platform: Any) -> None:
    connection.close()
    path = Path(connection.settings_dict["NAME"])
    path.write_bytes(b"this is no database at all, but text" * 100)
    with pytest.raises(Misconfigured, match=r"augury\.sqlite3.*damaged; restore a backup"):
        schema_state()


def test_a_folder_that_is_not_there_is_named(
    platforms: Callable[..., Any], tmp_path: Path, sqlite_platform: Any
) -> None:
    made = platforms("sqlite", tmp_path / "other", None)
    next(made)
    try:
        connection.settings_dict["NAME"] = str(tmp_path / "nowhere" / "x.sqlite3")
        with pytest.raises(Misconfigured, match=r"nowhere.*folder should exist"):
            schema_state()
    finally:
        made.close()


def test_the_tables_carry_the_indexes_of_their_engine(platform: Any) -> None:
    with connection.cursor() as cursor:
        if platform.engine == "postgresql":
            cursor.execute("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'augury_ingest_bar'")
            found = dict(cursor.fetchall())
            assert re.search(r"USING brin \(opened_at_ns\) WITH \(.*autosummarize", found["bar_opened_brin"])
        else:
            cursor.execute(
                "SELECT name, sql FROM sqlite_master WHERE tbl_name = 'augury_ingest_bar' AND type = 'index'"
            )
            found = dict(cursor.fetchall())
            assert "bar_opened_brin" not in found, "SQLite has nothing like it"
    assert {"bar_series_opened", "sqlite_autoindex_augury_ingest_bar_1"} & set(found), "series and time, unique"
