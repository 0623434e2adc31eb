"""The served API with a model at work, somebody who runs jobs, and the command line in a process of its own."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def _neighbour(name: str, known_as: str) -> Any:
    path = Path(__file__).parents[1] / name / "conftest.py"
    found = importlib.util.spec_from_file_location(known_as, path)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules[known_as] = module  # its dataclasses look their module up
    found.loader.exec_module(module)
    return module


api = _neighbour("api", "served_api").api
working = _neighbour("mcp_http", "served_tools").working
_models = _neighbour("api_predict", "served_models")
models, register, rows = _models.models, _models.register, _models.rows


@pytest.fixture(autouse=True)
def _no_settings_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AUGURY_SERVER", "AUGURY_API_KEY", "AUGURY_LEDGER"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def bars_file(tmp_path: Path) -> Path:
    """Daily bars as a file of this machine."""
    from augury.testing import garch_bars

    folder = tmp_path / "here"
    folder.mkdir()
    target = folder / "AAPL.csv"
    garch_bars(300, seed=3).rename_axis("time").to_csv(target)
    return target


@pytest.fixture
def command(api: Any, tmp_path: Path) -> Callable[..., Any]:
    """Runs `augury --server URL ...` with the key of a role, in a process and a folder of its own."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()

    def run(*words: str, role: str | None = "operator", server: str | None = None) -> Any:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AUGURY_")}
        key = {"AUGURY_API_KEY": api.keys[role]} if role else {}
        return subprocess.run(
            [sys.executable, "-m", "augury", "--server", server or api.url, *words],
            cwd=folder, env={**kept, **key, "AUGURY_HOME": str(folder / "home"), "COLUMNS": "120"},
            capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    return run
