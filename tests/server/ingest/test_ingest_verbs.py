"""The verbs of ingest, as the command line, a schedule and a job call them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from augury.errors import InvalidInput, NotFound, Refused
from augury.operations.operation import Silent
from augury.operations.registry import operation, run
from augury_server.accounts.actor import acting
from augury_server.accounts.models import AuditEntry
from augury_server.ingest.database_bars import DatabaseBars
from augury_server.ingest.models import DeadLetter
from augury_server.operations.table import brief


def csv_of(folder: Path, bars: Any, name: str = "A", broken: int | None = None) -> str:
    bars = bars.copy()
    if broken is not None:
        bars.iloc[broken, 1] = 1.0
    bars.to_csv(folder / f"{name}.csv")
    return str(folder / f"{name}.csv")


def test_options_survive_json_as_a_schedule_keeps_them(platform: Any, make_bars: Any, tmp_path: Path) -> None:
    verb = operation("ingest.bars")
    spec = verb.spec_type.from_dict({"files": [csv_of(tmp_path, make_bars())], "timeframe": "1D"})
    options = json.loads(json.dumps(spec.to_dict()))
    result = verb.run(verb.spec_type.from_dict(options), Silent()).to_dict()
    assert (result["new"], result["rows"][0]["symbol"], result["rows"][0]["state"]) == (40, "A", "loaded")
    assert len(DatabaseBars().read("A", "1D")) == 40
    assert verb.long
    assert verb.changes_state
    assert verb.role == "operator"


def test_a_broken_row_is_listed_shown_mended_and_settled_through_the_verbs(
    platform: Any, make_bars: Any, tmp_path: Path
) -> None:
    bars = make_bars()
    loaded = run("ingest.bars", files=[csv_of(tmp_path, bars, broken=5)], timeframe="1D")
    assert loaded.exit_code == 0  # type: ignore[attr-defined]
    assert loaded.to_dict()["refused_rows"] == 1
    (listed,) = run("ingest.dead-letters").to_dict()["rows"]
    assert (listed["subject"], listed["rule"], listed["state"]) == ("A", "high_below_low", "open")
    shown = run("ingest.dead-letters", number=listed["number"]).to_dict()
    assert shown["source"] == "file"
    assert {row["field"] for row in shown["rows"]} == {"form", "opened_at", "values", "row"}
    with pytest.raises(Refused):
        run("ingest.replay", numbers=[listed["number"]])
    mend = json.dumps({"high": float(bars.iloc[5, 1])})
    with acting("ada"):
        run("ingest.replay", numbers=[listed["number"]], mend=mend)
    assert DeadLetter.objects.get().resolved_by == "ada"
    assert len(DatabaseBars().read("A", "1D")) == 40
    entry = AuditEntry.objects.order_by("pk").last()
    assert entry is not None
    assert (entry.actor, entry.action, entry.outcome) == ("ada", "ingest.replay", "done")


def test_letters_are_dismissed_all_or_none(platform: Any, make_bars: Any, tmp_path: Path) -> None:
    files = [csv_of(tmp_path, make_bars(seed=at), name, broken=3) for at, name in enumerate("AB")]
    run("ingest.bars", files=files, timeframe="1D")
    numbers = sorted(DeadLetter.objects.values_list("pk", flat=True))
    with pytest.raises(NotFound):
        run("ingest.dismiss", numbers=[*numbers, 99_999], reason="test rows")
    assert not DeadLetter.objects.exclude(state="open").exists()
    run("ingest.dismiss", numbers=numbers, reason="test rows")
    assert run("ingest.dead-letters").to_dict()["rows"] == []
    assert len(run("ingest.dead-letters", state="dismissed").to_dict()["rows"]) == 2


def test_a_symbol_that_is_not_loaded_gives_exit_code_1_and_its_reason(
    platform: Any, make_bars: Any, tmp_path: Path
) -> None:
    (tmp_path / "B.csv").write_text("a,b\n1,2\n")
    result = run("ingest.bars", files=[csv_of(tmp_path, make_bars()), str(tmp_path / "B.csv")])
    rows = {row["symbol"]: row for row in result.to_dict()["rows"]}
    assert rows["A"]["state"] == "loaded"
    assert rows["B"]["state"] == "refused"
    assert "time column" in rows["B"]["reason"]
    assert result.exit_code == 1  # type: ignore[attr-defined]
    with pytest.raises(InvalidInput, match="JSON"):
        run("ingest.replay", numbers=[1], mend="{high: 1}")


def test_a_secret_given_as_an_option_reaches_no_row_and_no_message(platform: Any) -> None:
    with pytest.raises(InvalidInput, match="api_key") as refused:
        run("ingest.bars", source="alpaca", symbols=["A"], source_option=["api_key=hunter2"])
    assert "hunter2" not in str(refused.value)
    assert not AuditEntry.objects.exists()


def test_news_files_are_loaded_and_the_state_is_shown(platform: Any, make_bars: Any, tmp_path: Path) -> None:
    good = {"ticker": "A", "text": "up", "published_at": "2024-05-01T10:00:00Z"}
    (tmp_path / "n.jsonl").write_text(json.dumps(good) + "\n" + json.dumps({**good, "ticker": ""}) + "\n")
    result = run("ingest.news", files=[str(tmp_path / "n.jsonl"), str(tmp_path / "none.jsonl")], model="lexicon")
    rows = result.to_dict()["rows"]
    assert [(row["new"], row["scored"], row["refused"]) for row in rows] == [(1, 1, 1), (0, 0, 0)]
    assert "no such file" in rows[1]["reason"]
    assert result.exit_code == 1  # type: ignore[attr-defined]
    run("ingest.bars", files=[csv_of(tmp_path, make_bars())])
    status = run("ingest.status").to_dict()
    assert (status["series"], status["bars"], status["news"], status["open letters: no_ticker"]) == (1, 40, 1, 1)
    assert {(row["kind"], row["subject"], row["rows"]) for row in status["rows"]} == {
        ("bars", "A", 40), ("news", "n.jsonl", None),
    }  # fmt: skip


def test_news_of_which_nothing_is_kept_gives_exit_code_1_and_one_file_that_is_not_there_an_error(
    sqlite_platform: Any, tmp_path: Path
) -> None:
    (tmp_path / "n.jsonl").write_text('{"ticker": "", "text": "up", "published_at": "2024-05-01T10:00:00Z"}\n')
    result = run("ingest.news", files=[str(tmp_path / "n.jsonl")], model="lexicon")
    assert result.to_dict()["refused"] == 1
    assert result.exit_code == 1  # type: ignore[attr-defined]
    with pytest.raises(NotFound, match="no such file"):
        run("ingest.news", files=[str(tmp_path / "none.jsonl")])


def test_a_long_reason_ends_in_an_ellipsis() -> None:
    assert brief("a" * 200) == "a" * 200
    assert brief("a" * 201) == "a" * 199 + "…"


def test_the_first_step_of_a_user_works_from_a_terminal(sqlite_platform: Any, make_bars: Any, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "augury", "ingest", "bars", csv_of(tmp_path, make_bars(), "AAPL"), "--timeframe", "1D"],
        env={**os.environ, **sqlite_platform.environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "AAPL" in done.stdout
    assert "loaded" in done.stdout
    assert len(DatabaseBars().read("AAPL", "1D")) == 40
