"""The first run says why it takes longer; later runs say nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from augury.cli.first_run import announce_first_run


def said(capsys: pytest.CaptureFixture[str]) -> str:
    announce_first_run(Console(stderr=True))
    return capsys.readouterr().err


def test_an_empty_cache_is_announced_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert "First run" in said(capsys)
    (tmp_path / "some_folder").mkdir()
    (tmp_path / "some_folder" / "kernel.nbi").touch()
    assert said(capsys) == ""


def test_a_user_without_a_home_is_told_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr("augury.numerics.__file__", str(tmp_path / "__init__.py"))
    monkeypatch.setattr(Path, "home", homeless)
    assert "First run" in said(capsys)
