"""`augury --server URL`: verbs done on a running platform, from a process of its own, as if they were done here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from augury.cli.main import app


def test_a_verb_of_the_platform_gives_the_same_json_as_at_the_machine(command: Any, register: Any) -> None:
    register("trend", "trees")
    there = command("registry", "list", "--json")
    assert there.returncode == 0, there.stderr
    here = CliRunner().invoke(app, ["registry", "list", "--json"])
    assert json.loads(there.stdout) == json.loads(here.stdout)


def test_a_file_of_this_machine_is_brought_judged_and_not_left_there(command: Any, bars_file: Path, api: Any) -> None:
    done = command("quality", str(bars_file), "--json")
    assert done.returncode == 0, done.stderr
    assert "AAPL" in done.stdout
    assert api.client("viewer").get("/v1/files").json()["files"] == []
    shown = command("quality", str(bars_file))
    assert shown.returncode == 0, shown.stderr
    assert "quality at http://" in shown.stdout


def test_what_is_written_there_comes_back_here(command: Any, bars_file: Path, api: Any, tmp_path: Path) -> None:
    target = tmp_path / "rows.csv"
    done = command("features", str(bars_file), "-f", "rsi", "-o", str(target), "--json")
    assert done.returncode == 0, done.stderr
    assert len(target.read_text().splitlines()) == 301
    assert str(target) in done.stdout
    assert api.client("viewer").get("/v1/files").json()["files"] == []


def test_long_work_is_a_job_there_and_its_result_is_shown_here(
    command: Any, bars_file: Path, working: Any, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    with working():
        words = ("backtest", "sma_crossover", str(bars_file), "--permutations", "10", "--ledger", "off")
        done = command(*words, "-r", str(page), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)
    assert page.read_text().startswith("<!doctype html>") or "<html" in page.read_text()[:300]


@pytest.mark.parametrize(
    ("words", "role", "code", "said"),
    [
        (("registry", "show", "nothing"), "viewer", 3, "nothing"),
        (("accounts", "add", "eve"), "viewer", 1, "administrator"),
        (("server", "up"), "administrator", 1, "leave --server"),
        (("quality", "nowhere.csv"), "operator", 3, "nowhere.csv"),
        (("ledger", "--ledger", "mine.sqlite"), "operator", 1, "not taken over a network"),
        (("jobs", "list", "--last", "0"), "viewer", 2, "--last"),
        (("registry", "list"), None, 1, "key"),
        (("mcp",), "viewer", 1, "/mcp"),
    ],
)  # fmt: skip
def test_refusals_are_told_with_the_exit_codes_of_this_machine(
    api: Any, words: tuple[str, ...], role: str | None, code: int, said: str
) -> None:
    key = {"AUGURY_API_KEY": api.keys[role] if role else ""}
    done = CliRunner().invoke(app, ["--server", api.url, *words], env=key)
    assert done.exit_code == code, done.output
    assert said in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_a_platform_that_is_away_is_told_as_such(command: Any) -> None:
    done = command("registry", "list", server="http://127.0.0.1:9")
    assert done.returncode == 1
    assert "no answer from the platform" in done.stderr


def test_a_file_of_the_same_name_and_other_content_is_not_mistaken_for_this_one(
    command: Any, bars_file: Path, api: Any
) -> None:
    other = api.client("operator").put("/v1/files/AAPL.csv", content=b"other")
    assert other.status_code == 201
    done = command("quality", str(bars_file))
    assert done.returncode == 1
    assert "another file named AAPL.csv" in done.stderr
    assert api.client("viewer").get("/v1/files/AAPL.csv").content == b"other"
