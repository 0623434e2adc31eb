"""Filled platforms and people at browsers."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client

_FILLER = Path(__file__).parents[3] / "benchmarks" / "fill_platform.py"


def _filler() -> Any:
    found = importlib.util.spec_from_file_location("fill_platform", _FILLER)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def filler() -> Any:
    """The module that fills tables."""
    return _filler()


_filled: dict[str, Path] = {}


@pytest.fixture
def filled(sqlite_platform: Any, filler: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A platform on SQLite with rows of every model; they are made once."""
    database = sqlite_platform.settings.home / "augury.sqlite3"
    connection.close()
    if "sqlite" not in _filled:
        filler.fill(rows=24)
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        _filled["sqlite"] = Path(shutil.copy(database, tmp_path_factory.mktemp("filled")))
    else:
        shutil.copy(_filled["sqlite"], database)
    return sqlite_platform


@pytest.fixture
def filled_both(platform: Any, filler: Any) -> Any:
    """A platform with rows of every model, on both engines."""
    filler.fill(rows=24)
    return platform


@pytest.fixture
def browser_of() -> Callable[..., Client]:
    """A client that is logged in as somebody."""

    def log_in(name: str, **options: Any) -> Client:
        from augury_server.accounts.people import person

        client = Client(SERVER_NAME="localhost", **options)
        client.force_login(person(name))
        return client

    return log_in
