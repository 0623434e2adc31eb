"""What every verb of the platform gets: an actor, a record of what it changed, errors that are told well."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from augury.errors import InvalidInput, Unavailable
from augury.operations.operation import Silent
from augury.operations.registry import operation, operations
from augury_server.accounts.actor import acting
from augury_server.accounts.models import AuditEntry


def run(verb: str, /, **options: Any) -> Any:
    entry = operation(verb)
    return entry.run(entry.spec_type.from_dict(options), Silent())


def test_what_changes_state_leaves_a_record_of_who_did_it_with_which_options(platform: Any) -> None:
    with acting("ada"):
        run("universe.add", name="tech", symbols=("AAPL",), timeframe="1D")
    entry = AuditEntry.objects.get(action="universe.add")
    assert (entry.actor, entry.outcome, entry.detail["options"]["name"]) == ("ada", "done", "tech")
    assert not {"config", "set"} & set(entry.detail["options"])


def test_what_was_refused_leaves_a_record_with_the_reason_and_a_dry_run_leaves_none(platform: Any) -> None:
    with pytest.raises(LookupError):
        run("universe.remove", name="nothing")
    assert AuditEntry.objects.get(action="universe.remove").outcome == "refused"
    run("universe.add", name="tech", symbols=("AAPL",), timeframe="1D", dry_run=True)
    assert not AuditEntry.objects.filter(action="universe.add").exists()


def test_what_only_reads_leaves_no_record(platform: Any) -> None:
    before = AuditEntry.objects.count()
    run("universe.list")
    run("jobs.list")
    assert AuditEntry.objects.count() == before


def test_when_the_database_is_away_the_error_says_so_and_is_not_the_recorders(
    own_postgres: Any, platforms: Callable[..., Any], tmp_path: Path
) -> None:
    running = platforms("postgresql", tmp_path, own_postgres, **{"database.pool_timeout_seconds": "2"})
    next(running)
    own_postgres.stop()
    for name, options in (("universe.list", {}), ("universe.remove", {"name": "tech"})):
        with pytest.raises(Unavailable, match="retry"):
            run(name, **options)
    own_postgres.start()


def test_settings_of_a_running_process_cannot_be_changed_by_an_option(platform: Any) -> None:
    for options in ({"set": ("web.port=1",)}, {"config": "other.toml"}):
        with pytest.raises(Exception, match="when the process starts"):
            run("universe.list", **options)
    assert os.environ.get("AUGURY_CONFIG") is None
    with pytest.raises(InvalidInput, match="name=value"):
        run("universe.list", set=("web.port",))


def test_a_database_without_tables_is_one_line_with_the_remedy(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "augury", "jobs", "list"],
        cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "AUGURY_HOME": str(tmp_path / "home")},
    )  # fmt: skip
    assert done.returncode == 1
    assert "augury db migrate" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_command_line_starts_without_django() -> None:
    code = "import sys; import augury.cli.main; print([m for m in ('django', 'celery', 'pandas') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_verb_of_the_platform_says_whom_it_takes_and_reads_or_changes() -> None:
    platform = {name: entry for name, entry in operations().items() if "." in name}
    readers = {name for name, entry in platform.items() if not entry.changes_state}
    assert {"jobs.list", "registry.list", "universe.signals", "server.status", "ingest.status"} <= readers
    assert all(entry.role != "viewer" for name, entry in platform.items() if name not in readers)


def at_a_terminal(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "AUGURY_HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-m", "augury", *words], env=environment, capture_output=True, text=True, check=False
    )


def test_a_home_that_is_no_folder_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    home = tmp_path / "file"
    home.write_text("", encoding="ascii")
    done = at_a_terminal(home, "db", "status")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "home should be a folder" in done.stderr
    assert "set AUGURY_HOME" in done.stderr


def test_at_a_terminal_a_refusal_is_one_line_without_the_log(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "augury.sqlite3").write_bytes(b"no database" * 1000)
    done = at_a_terminal(home, "universe", "remove", "tech")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert "restore a backup" in done.stderr
