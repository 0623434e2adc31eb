"""The `audit` operation from the command line: text, JSON, the page, the ledger, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from augury.audit import AuditSpec, audit_files, audit_story
from augury.cli.main import app
from augury.ledger import Ledger
from augury.report import page_html, story_text

runner = CliRunner()


@pytest.fixture
def trade_file(honest_trades: pd.DataFrame, tmp_path: Path) -> Path:
    path = tmp_path / "trades.csv"
    honest_trades.to_csv(path, index=False)
    return path


@pytest.fixture
def good_curve(tmp_path: Path) -> Path:
    returns = np.random.default_rng(4).normal(0.002, 0.01, 700)
    path = tmp_path / "curve.csv"
    frame = pd.DataFrame({"time": pd.date_range("2020-01-01", periods=700), "returns": returns})
    frame.to_csv(path, index=False)
    return path


def augury(*words: object) -> tuple[int, str, str]:
    done = runner.invoke(app, [str(word) for word in words])
    return done.exit_code, done.stdout, done.stderr


def test_the_terminal_shows_verdict_gate_findings_and_what_was_not_checked(trade_file: Path, bar_file: Path) -> None:
    code, out, _ = augury("audit", trade_file, "--bars", bar_file, "--cash", 10000, "--tries", 7, "--ledger", "off")
    assert code in (0, 1)
    assert "of 7 tried" in out.replace("\n", " ")
    assert "1 bars later" in out or "1 bar later" in out
    assert "Break-even" in out or "no gain" in out or "Shares of the profit" in out
    assert "not recorded: the ledger is off" in out


def test_json_is_whole_and_exit_codes_tell_refuted_from_fine_and_refused(
    good_curve: Path, trade_file: Path, tmp_path: Path
) -> None:
    code, out, _ = augury("audit", good_curve, "--json", "--ledger", "off")
    document = json.loads(out)
    assert code == 0
    assert document["verdict"]["level"] == "unproven"
    assert document["tries"] == {
        "number": None, "source": "tries not recorded", "effective": None, "sharpe_variance": None, "method": "",
    }  # fmt: skip
    table = pd.read_csv(trade_file)
    table["profit"] = table["profit"].abs() + 40.0
    table.to_csv(trade_file, index=False)
    code, out, _ = augury("audit", trade_file, "--cash", 10000, "--json", "--ledger", "off")
    assert (code, json.loads(out)["verdict"]["level"]) == (1, "refuted")
    code, _, err = augury("audit", tmp_path / "absent.csv", "--ledger", "off")
    assert code == 3
    assert "no such file" in err
    code, _, err = augury("audit", good_curve, "--tries", 0)
    assert code == 2
    code, _, err = augury("audit", good_curve, "--report", "page.txt")
    assert code == 2
    assert ".html" in err


def test_the_page_is_written_whole_and_shows_the_audit(trade_file: Path, bar_file: Path, tmp_path: Path) -> None:
    page = tmp_path / "audit.html"
    code, out, _ = augury(
        "audit", trade_file, "-b", bar_file, "--cash", 10000, "--tries", 3, "--report", page, "--ledger", "off"
    )
    assert code in (0, 1)
    text = page.read_text(encoding="utf-8")
    for words in ("Every order later", "Where the profit comes from", "permutation test"):
        assert words in text
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert str(page) in out.replace("\n", "")


def test_no_page_and_no_entry_are_left_when_the_audit_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_text("time,equity\n2021-01-01,1\n2021-01-02,\n2021-01-03,3\n2021-01-04,5\n")
    page, ledger = tmp_path / "audit.html", tmp_path / "ledger.sqlite"
    code, _, err = augury("audit", broken, "--report", page, "--ledger", ledger)
    assert code == 3
    assert "row 1" in err
    assert not page.exists()
    assert not ledger.exists()


def test_the_ledger_remembers_and_its_tries_count(trade_file: Path, bar_file: Path, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.sqlite"
    words = ["--bars", bar_file, "--cash", 10000, "--json", "--ledger", ledger]
    first = json.loads(augury("audit", trade_file, *words)[1])
    again = json.loads(augury("audit", trade_file, *words)[1])
    assert (first["ledger_entry"], again["ledger_entry"]) == (1, 2)
    assert first["tries"]["number"] is None
    assert again["tries"]["number"] is None  # the same files are not another try
    other = tmp_path / "other.csv"
    table = pd.read_csv(trade_file)
    table.iloc[:35].to_csv(other, index=False)
    second = json.loads(augury("audit", other, *words)[1])
    assert second["tries"]["number"] == 2
    assert second["tries"]["source"] == "the ledger"
    with Ledger(ledger) as book:
        assert [entry.kind for entry in book.entries()] == ["audit"] * 3
        assert book.verify().sound if hasattr(book.verify(), "sound") else not book.verify().problems


def test_a_search_and_freqtrade_are_recorded_and_shown(
    optuna_file: Path, freqtrade_folder: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "ledger.sqlite"
    code, out, _ = augury("audit", optuna_file, "--ledger", ledger)
    assert code in (0, 1)
    assert "best of 40 tried" in out.replace("\n", " ")
    code, out, _ = augury("audit", freqtrade_folder / ".last_result.json", "--ledger", ledger)
    assert code in (0, 1)
    assert "reported figures agree with ours" in out
    with Ledger(ledger) as book:
        assert [entry.trials for entry in book.entries()] == [40, 2]


def test_the_story_has_no_finding_twice_and_fits_terminal_and_page(trade_file: Path, bar_file: Path) -> None:
    found = audit_files(trade_file, AuditSpec(replications=199, tries=4), bars=[bar_file])
    story = audit_story(found)
    assert story.verdict is not None
    texts = [finding.text for finding in story.verdict.findings]
    assert len(texts) == len(set(texts))
    assert sum("closed trades" in text for text in texts) <= 1
    assert story.tries is not None
    assert story.tries.number == 4
    assert story.benchmark is not None
    assert story.bars is not None
    assert "trades" in story_text(story)
    assert page_html(story) == page_html(story)
