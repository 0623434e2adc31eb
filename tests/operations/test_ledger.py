"""The `ledger` operation: what was tried, whether the record is whole, what an entry means, and files of it."""

from __future__ import annotations

import csv
import json

import pytest

from augury.errors import InvalidInput, Misconfigured, NotFound, Unavailable
from augury.ledger import DamagedLedger, Ledger
from augury.operations import run


@pytest.fixture
def filled(saved, book, made_once):
    """Four entries: three backtests, one of them a repeat, and a search of six."""
    if made_once:
        for name, content in made_once.items():
            (book.parent / name).write_bytes(content)
        return book
    saved(parameters=["fast=5", "slow=20"])
    saved(parameters=["fast=5", "slow=20"])
    path = saved("rsi_reversal")
    prices = path.with_name("ACME.csv")
    run("validate", strategy="sma_crossover", file=str(prices), grid=["fast=3,6,9", "slow=20,40"], permutations=0)
    made_once.update({path.name: path.read_bytes() for path in book.parent.iterdir() if path.is_file()})
    return book


@pytest.fixture(scope="module")
def made_once():
    """The files of `filled`, by name, once they were made."""
    return {}


def change_a_byte(book):
    content = book.read_bytes()
    assert content.count(b'"fast":5,') > 0
    book.write_bytes(content.replace(b'"fast":5,', b'"fast":6,', 1))


def test_before_the_first_run_the_list_is_a_friendly_sentence(book, augury):
    shown = augury("ledger")
    assert shown.exit_code == 0
    assert "There is no ledger at" in shown.stdout
    assert "the first backtest here begins it" in " ".join(shown.stdout.split())
    assert not book.exists()
    assert json.loads(augury("ledger", "--json").stdout)["exists"] is False
    for action in ("verify", "explain", "export"):
        options = {"explain": {"entry": "1"}, "export": {"output": str(book.with_suffix(".csv"))}}.get(action, {})
        with pytest.raises(NotFound, match="there is no ledger"):
            run("ledger", action=action, **options)
    assert list(book.parent.iterdir()) == []


def test_the_list_has_the_newest_first_and_the_totals_of_what_was_tried(filled):
    result = run("ledger")
    assert [entry.sequence for entry in result.entries] == [4, 3, 2, 1]
    assert [entry.kind for entry in result.entries] == ["validate", "backtest", "backtest", "backtest"]
    with Ledger(filled) as ledger:
        direct = ledger.tries(ledger.get(1).data)
    assert result.tries.to_dict()["trials"] == 9
    assert (result.tries.distinct, result.tries.effective) == (direct.distinct, direct.effective)
    assert result.tries.distinct == 8
    found = result.to_dict()
    assert (found["count"], found["tries"]["trials"], found["tries"]["distinct"]) == (4, 9, 8)
    assert all(isinstance(entry["capsule"], str) for entry in found["entries"])


@pytest.mark.parametrize(
    ("options", "sequences", "trials"),
    [
        ({"kind": "validate"}, [4], 6),
        ({"strategy": "rsi_reversal"}, [3], 1),
        ({"kind": "backtest", "strategy": "sma_crossover"}, [2, 1], 2),
        ({"symbol": "acme", "limit": 2}, [4, 3], 9),
        ({"symbol": "OTHER"}, [], 0),
        ({"since": "2020-01-01"}, [4, 3, 2, 1], 9),
        ({"since": "2020-01-01T00:00:00+02:00", "limit": 0}, [4, 3, 2, 1], 9),
        ({"since": "2200-01-01"}, [], 0),
    ],
)
def test_filters_choose_entries_and_what_the_totals_count(options, sequences, trials, filled):
    assert filled.exists()
    result = run("ledger", **options)
    assert [entry.sequence for entry in result.entries] == sequences
    assert result.tries.trials == trials


def test_the_table_shows_every_figure_at_80_and_at_120_columns(filled, augury):
    assert filled.exists()
    narrow, wide = augury("ledger"), augury("ledger", columns=120)
    assert max(map(len, narrow.stdout.splitlines()[:-3])) <= 80
    for shown in (narrow, wide):
        assert shown.exit_code == 0
        assert "…" not in shown.stdout
        assert all(word in shown.stdout for word in ("rsi_reversal", "sma_crossover fast=5", "ACME 1h", "validate"))
        assert "9 tried, 8 distinct" in " ".join(shown.stdout.split())
    assert "Trades" in wide.stdout
    assert "400 bars" in wide.stdout
    assert "the newest" in augury("ledger", "--limit", "2").stdout
    assert "No entry of" in augury("ledger", "--kind", "audit").stdout


def test_a_whole_ledger_verifies_and_prints_the_anchor_to_keep(filled, augury):
    with Ledger(filled) as ledger:
        anchor = ledger.anchor()
    shown = augury("ledger", "verify")
    assert shown.exit_code == 0
    assert "INTACT: 4 entries" in shown.stdout
    assert anchor in shown.stdout.splitlines()
    assert augury("ledger", "verify", "--anchor", anchor).exit_code == 0
    with pytest.raises(InvalidInput, match="expected an anchor"):
        run("ledger", action="verify", anchor=["nonsense"])


def test_an_anchor_of_another_ledger_is_not_met(filled, augury):
    with Ledger(filled) as ledger:
        anchor = ledger.anchor()
    shown = augury("ledger", "verify", "--anchor", anchor.replace(anchor.split(":")[2], "0" * 32))
    assert shown.exit_code == 1
    assert "anchor not met" in shown.stdout


def test_a_changed_byte_is_found_and_the_entry_named(filled, augury):
    change_a_byte(filled)
    shown = augury("ledger", "verify")
    assert shown.exit_code == 1
    assert "DAMAGED: entry 1" in shown.stdout
    assert "content changed: entry 1" in shown.stdout
    assert "Restore" in shown.stdout
    assert "Keep this anchor" not in shown.stdout
    found = json.loads(augury("ledger", "verify", "--json").stdout)
    assert (found["check"]["ok"], found["check"]["first_bad"]) == (False, 1)


def test_a_changed_ledger_is_not_listed_or_counted_on_but_refused_with_what_to_do(filled, prices, augury, tmp_path):
    change_a_byte(filled)
    for command in (
        ("ledger",),
        ("ledger", "explain", "1"),
        ("backtest", "sma_crossover", prices, "--permutations", "0", "--report", tmp_path / "page.html"),
        ("report", tmp_path / "run.json", "-o", tmp_path / "page.html"),
        ("compare", prices, "sma_crossover", "rsi_reversal", "--permutations", "0", "-r", tmp_path / "page.html"),
    ):
        shown = augury(*command)
        assert shown.exit_code == 1, command
        words = " ".join(shown.stderr.split())
        assert "entry 1" in words
        assert "run `augury ledger verify`, then restore a backup" in words
        assert shown.stdout == ""
    assert not (tmp_path / "page.html").exists()


def test_a_ledger_that_vanished_is_told_from_one_that_never_was(filled, augury):
    filled.unlink()
    with pytest.raises(DamagedLedger, match="remembers 4 entries"):
        run("ledger")
    shown = augury("ledger", "verify")
    assert shown.exit_code == 1
    assert "is gone, with the 4 entries it had" in " ".join(shown.stdout.split())


def test_garbage_and_folders_are_no_ledgers(book, tmp_path):
    book.write_bytes(b"nothing of the kind")
    with pytest.raises(Misconfigured, match="not a ledger"):
        run("ledger")
    assert run("ledger", action="verify").exit_code == 1
    with pytest.raises(InvalidInput, match="is a folder"):
        run("ledger", ledger=str(tmp_path))
    with pytest.raises(Misconfigured, match="does not exist; create it"):
        run("ledger", ledger=str(tmp_path / "no" / "where.sqlite"))
    with pytest.raises(InvalidInput, match="the ledger is off"):
        run("ledger", ledger="off")


def test_an_entry_is_explained_in_plain_words(filled, augury):
    assert filled.exists()
    shown = " ".join(augury("ledger", "explain", "2").stdout.split())
    assert "backtest of sma_crossover on ACME 1h, 400 bars" in shown
    assert "It repeats #1, the identical run, with the same figures" in shown
    found = json.loads(augury("ledger", "explain", "4", "--json").stdout)["explanation"]
    assert found["before"]["trials"] == 3
    assert (found["entry"]["sequence"], found["previous"], found["identical"]) == (4, None, None)
    assert any("6 trials" in fact for fact in found["facts"])
    with pytest.raises(NotFound, match="has no entry '9'"):
        run("ledger", action="explain", entry="9")


@pytest.mark.parametrize("ending", [".csv", ".jsonl"])
def test_the_export_holds_the_entries_that_pass_and_leaves_no_draft(ending, filled, tmp_path, names):
    output = tmp_path / f"tries{ending}"
    before = names(tmp_path)
    result = run("ledger", action="export", output=str(output), kind="backtest")
    assert result.count == 3
    assert result.written == str(output)
    assert names(tmp_path) == sorted([*before, output.name])
    text = output.read_text(encoding="utf-8")
    rows = (
        list(csv.DictReader(text.splitlines())) if ending == ".csv" else [json.loads(row) for row in text.splitlines()]
    )
    assert [int(row["sequence"]) for row in rows] == [1, 2, 3]


@pytest.mark.parametrize(
    ("output", "error", "words"),
    [
        ("tries.txt", InvalidInput, r"ending in .jsonl, .csv"),
        ("nowhere/tries.csv", InvalidInput, "expected a folder"),
        ("folder.csv", InvalidInput, "is a folder"),
        ("link.csv", InvalidInput, "would replace the file that it is made from"),
        ("/proc/tries.csv", Unavailable, "cannot write into /proc"),
    ],
)
def test_an_export_that_cannot_be_is_refused_and_leaves_nothing(output, error, words, filled, tmp_path, names):
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "link.csv").symlink_to(filled)
    before = filled.read_bytes(), names(tmp_path)
    with pytest.raises(error, match=words):
        run("ledger", action="export", output=str(tmp_path / output))
    assert (filled.read_bytes(), names(tmp_path)) == before


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"action": "explain"}, "explain takes the number of an entry"),
        ({"entry": "3"}, "list takes no entry"),
        ({"action": "export"}, "export takes --output"),
        ({"output": "x.csv"}, "list takes no --output"),
        ({"anchor": ["x"]}, "list takes no --anchor"),
        ({"since": "yesterday"}, "expected a day or a moment for --since"),
        ({"since": "2024-01-01T10:00"}, "expected a day or a moment for --since"),
        ({"action": "forget"}, "Expected one of 'list', 'verify', 'explain', 'export'"),
        ({"limit": -1}, "limit"),
    ],
)
def test_what_an_action_does_not_take_is_refused(options, words, book):
    assert not book.exists()
    with pytest.raises(InvalidInput, match=words):
        run("ledger", **options)
