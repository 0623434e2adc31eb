"""The doctor looks at everything and says what to do; each need is broken on purpose and found."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from augury_server.operations.running.server_doctor import examine
from augury_server.operations.server import ServerDoctorOptions
from augury_server.settings.current import use_settings
from augury_server.settings.loading import load_settings


def rows() -> dict[str, tuple[Any, ...]]:
    return {row[0]: row[1:] for row in examine(ServerDoctorOptions(), None).rows}  # type: ignore[arg-type]


def test_a_platform_as_it_should_be_has_no_missing_need(platform: Any) -> None:
    found = rows()
    assert {state for state, *_ in found.values()} <= {"ok", "warning"}, found
    assert found["database"][0] == "ok"
    assert found["administrator"][0] == found["workers"][0] == "warning"


@pytest.mark.parametrize(
    ("flags", "need", "words"),
    [
        ({"environment": "production"}, "secrets", "AUGURY_WEB__SECRET_KEY"),
        ({"redis.url": "redis://127.0.0.1:1/0"}, "redis", "127.0.0.1:1"),
        ({"artefacts.url": "/proc/nowhere"}, "artefacts", "/proc/nowhere"),
    ],
)
def test_what_is_missing_is_found_with_its_remedy(
    sqlite_platform: Any, flags: dict[str, str], need: str, words: str
) -> None:
    loaded = load_settings(environment={}, flags={"home": str(sqlite_platform.settings.home), **flags})
    with use_settings(loaded):
        state, found, remedy = rows()[need]
    assert state == "missing"
    assert words in found + remedy
    assert remedy


def test_a_database_that_is_away_and_one_that_lacks_changes_are_told_apart(
    own_postgres: Any, platforms: Callable[..., Any], tmp_path: Path
) -> None:
    running = platforms("postgresql", tmp_path, own_postgres)
    next(running)
    from django.db import connection

    assert rows()["database"][0] == "ok"
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'augury_jobs'")
    assert "augury db migrate" in rows()["database"][2]
    connection.close()
    own_postgres.stop()
    assert rows()["database"][0] == "missing"
    own_postgres.start()


def test_a_damaged_file_is_told_with_its_remedy(tmp_path: Path) -> None:
    (tmp_path / "augury.sqlite3").write_bytes(b"no database" * 1000)
    assert "restore a backup" in doctor_of(tmp_path)
    (tmp_path / "file").write_text("", encoding="ascii")
    assert "set AUGURY_HOME" in doctor_of(tmp_path / "file")


def doctor_of(home: Path) -> str:
    environment = {**os.environ, "AUGURY_HOME": str(home), "COLUMNS": "250"}
    words = [sys.executable, "-m", "augury", "server", "doctor"]
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=False).stdout


def test_settings_that_cannot_be_read_are_a_finding_and_not_a_crash(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "augury", "server", "doctor", "--set", "web.port=none"],
        cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "AUGURY_HOME": str(tmp_path / "home")},
    )  # fmt: skip
    assert done.returncode == 1
    assert "web.port" in done.stdout
    assert "Traceback" not in done.stderr
