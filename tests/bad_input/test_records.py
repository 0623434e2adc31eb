"""Ledgers and run capsules that are not what was written, or not what they are taken for: refused, nothing replaced."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys

import pytest

from augury.errors import AuguryError, InvalidInput
from augury.ledger import Capsule, Ledger

QUICK = ("--permutations", "0")


@pytest.fixture
def recorded(good, write, augury, monkeypatch, tmp_path):
    """A folder with bars, a ledger of one backtest, its capsule, and the command that made them."""
    monkeypatch.setenv("AUGURY_LEDGER", str(tmp_path / "ledger.sqlite"))
    path = write("AAPL.csv", good.text())
    done = augury("backtest", "sma_crossover", path, *QUICK, "--save", tmp_path / "run.json")
    assert done.exit_code == 0, done.stderr
    return tmp_path


def content(folder):
    return {entry.name: entry.read_bytes() for entry in folder.iterdir()}


def cut(path):
    path.write_bytes(path.read_bytes()[:5000])


def text(path):
    path.write_text("date,price\n" * 1000)


def changed(path):
    data = bytearray(path.read_bytes())
    at = data.rfind(b'"subject":"sma_crossover')
    data[at + 12] ^= 1
    path.write_bytes(data)


def noise(path):
    data = bytearray(path.read_bytes())
    data[4096::97] = bytes(byte ^ 255 for byte in data[4096::97])
    path.write_bytes(data)


def newer(path):
    book = sqlite3.connect(path)
    book.execute("PRAGMA user_version = 99")
    book.commit()
    book.close()


def other(path):
    path.unlink()
    book = sqlite3.connect(path)
    book.execute("CREATE TABLE prices (a)")
    book.commit()
    book.close()


def head(path):
    path.with_name(path.name + ".head").write_text("garbage")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (cut, "damaged, or not a ledger at all; restore it"),
        (text, "does not begin like an SQLite file"),
        (changed, "entry 1 of the ledger is not what was written"),
        (noise, "damaged, or not a ledger at all; restore it"),
        (newer, "layout 99, this version reads layouts up to 1; update augury"),
        (other, "an SQLite file of something else (tables ['prices']), not a ledger"),
        (head, "does not hold the anchor that was written"),
        (os.remove, "remembers 1 entries"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_ledger_that_is_not_what_was_written_stops_a_backtest(spoil, words, recorded, fails):
    spoil(recorded / "ledger.sqlite")
    before = {name for name in content(recorded) if not name.endswith(("-wal", "-shm"))}
    message = fails(
        1, "backtest", "sma_crossover", recorded / "AAPL.csv", *QUICK, "-p", "fast=7",
        "--report", recorded / "r.html", "--save", recorded / "new.json",
    )  # fmt: skip
    assert words in message
    after = {name for name in content(recorded) if not name.endswith(("-wal", "-shm"))}
    assert after - {"ledger.sqlite"} == before - {"ledger.sqlite"}


def test_a_ledger_that_cannot_be_is_refused_before_the_search(recorded, fails, monkeypatch):
    monkeypatch.setattr("augury.backtest.sweep", lambda *_given, **_more: pytest.fail("searched for nothing"))
    fails(1, "validate", "sma_crossover", recorded / "AAPL.csv", "--ledger", recorded / "AAPL.csv")


@pytest.mark.parametrize("option", ["--report", "--save"])
def test_an_output_never_replaces_the_ledger(option, recorded, fails):
    place = recorded / ("book.html" if option == "--report" else "book.json")
    given = ("backtest", "sma_crossover", recorded / "AAPL.csv", *QUICK, "--ledger", place, option, place)
    before = content(recorded)
    assert "would replace the ledger" in fails(3, *given)
    assert content(recorded) == before


def test_a_ledger_whose_making_was_cut_off_is_begun_again(recorded, augury):
    place = recorded / "begun.sqlite"
    book = sqlite3.connect(place)
    book.execute("PRAGMA journal_mode = wal")
    book.close()
    assert place.stat().st_size > 0
    done = augury("backtest", "sma_crossover", recorded / "AAPL.csv", *QUICK, "--ledger", place)
    assert done.exit_code == 0, done.stderr
    assert len(Ledger(place).entries()) == 1


@pytest.mark.parametrize("name", ["a\0b", "x" * 300])
def test_a_name_that_no_file_can_have_is_no_ledger(name, tmp_path):
    with pytest.raises(AuguryError, match="ledger"):
        Ledger(tmp_path / name).entries()


def test_several_processes_write_one_ledger_and_one_page(recorded):
    command = [sys.executable, "-m", "augury", "backtest", "sma_crossover", str(recorded / "AAPL.csv"), *QUICK]
    outputs = ["--report", str(recorded / "r.html"), "--save", str(recorded / "same.json")]
    running = [
        subprocess.Popen([*command, "-p", f"fast={fast}", *outputs], stdout=subprocess.DEVNULL) for fast in (5, 6, 7)
    ]
    assert [one.wait(60) for one in running] == [0, 0, 0]
    with Ledger(recorded / "ledger.sqlite") as book:
        assert len(book.entries()) == 4
        assert book.verify().ok
    assert (recorded / "r.html").read_text(encoding="utf-8").endswith("</html>\n")
    Capsule.from_json((recorded / "same.json").read_text(encoding="utf-8"))


def resigned(folder, **changes):
    """The capsule with other content and an id that fits it."""
    values = json.loads((folder / "run.json").read_text(encoding="utf-8")) | changes
    values = {name: value for name, value in values.items() if name not in ("capsule", "id")}
    return Capsule._of(values).to_json()


FILE = {"name": "a.py", "text": "def positions(bars):\n    return [1.0] * len(bars)\n", "sha256": ""}

CAPSULES = {
    "empty": (lambda _folder: "", "text that is not JSON"),
    "cut short": (lambda folder: (folder / "run.json").read_text()[:500], "text that is not JSON"),
    "other JSON": (lambda _folder: "{}", "a mapping with the key 'capsule'"),
    "deep JSON": (lambda _folder: "[" * 100_000, "text that is not JSON"),
    "binary": (lambda _folder: b"\xff\xfe\x00", "text that is not JSON"),
    "edited": (
        lambda folder: (folder / "run.json").read_text().replace('"seed": 0', '"seed": 1'),
        "was changed after it was written",
    ),
    "parameters that are no mapping": (
        lambda folder: json.dumps(json.loads((folder / "run.json").read_text()) | {"parameters": 5}),
        "parameters of a capsule should be a mapping",
    ),
    "a parameter out of bounds": (
        lambda folder: resigned(folder, parameters={"fast": 10**9}),
        "'fast' should be a whole number in 1..1000",
    ),
    "settings of another version": (lambda folder: resigned(folder, spec={"nope": 1}), "cannot take the recorded"),
    "a strategy that is gone": (
        lambda folder: resigned(folder, strategy={"name": "nope", "text": None, "sha256": ""}),
        "not there any more",
    ),
    "files outside its folder": (
        lambda folder: resigned(folder, strategy=FILE, options={"strategy_files": {"../x.py": "x = 1"}}),
        "'../x.py' as a file of its strategy",
    ),
    "files that are no text": (
        lambda folder: resigned(folder, strategy=FILE, options={"strategy_files": {"x.py": 5}}),
        "its strategy's files as text",
    ),
    "files that are no mapping": (
        lambda folder: resigned(folder, strategy=FILE, options={"strategy_files": 5}),
        "its strategy's files as text",
    ),
}


@pytest.mark.parametrize("case", CAPSULES)
def test_a_bad_capsule_is_neither_verified_nor_told(case, recorded, write, fails):
    make, words = CAPSULES[case]
    path = write("c.json", make(recorded))
    before = content(recorded)
    for message in (fails(3, "verify", path), fails(3, "report", path, "-o", recorded / "c.html", *QUICK)):
        assert words in message
    assert {name: data for name, data in content(recorded).items() if not name.endswith(("-wal", "-shm"))} == {
        name: data for name, data in before.items() if not name.endswith(("-wal", "-shm"))
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"data": [{"key": None, "path": 5}]},
        {"data": 5},
        {"strategy": 5},
        {"strategy": {"name": 5, "text": None, "sha256": ""}},
        {"strategy": {"name": "a.py", "text": 5, "sha256": ""}},
    ],
    ids=str,
)
def test_capsules_with_values_of_another_kind_are_refused(changes, recorded):
    values = json.loads((recorded / "run.json").read_text(encoding="utf-8"))
    if isinstance(changes.get("data"), list):
        changes = {"data": [values["data"][0] | {"path": 5}]}
    with pytest.raises(InvalidInput):
        Capsule.from_dict(values | changes)


def test_a_report_is_not_told_with_a_proof_that_is_none(recorded, write, fails):
    options = json.loads((recorded / "run.json").read_text(encoding="utf-8"))["options"] | {"proof": 5}
    path = write("c.json", resigned(recorded, options=options))
    assert "ProofSpec should be a mapping" in fails(3, "report", path, "-o", recorded / "c.html")


NASTY = "<img src=x onerror=alert(1)>\x1b[31m\u202e" + "N" * 270


def test_markup_and_signs_that_steer_a_terminal_are_shown_and_not_obeyed(recorded, augury, write):
    name = "[bold red]<b>.py"
    write(name, "'''<script>alert(2)</script> \x1b[31m'''\ndef positions(bars):\n    return [1.0] * len(bars)\n")
    page = recorded / "r.html"
    outputs = [
        augury("backtest", recorded / name, recorded / "AAPL.csv", *QUICK, "--symbol", NASTY, "--report", page),
        augury("ledger"),
        augury("ledger", "explain", "2"),
        augury("report", "2", "-o", recorded / "r2.html", *QUICK),
        augury("verify", "2"),
    ]
    for done in outputs:
        assert done.exit_code == 0, done.stderr
        assert "\x1b" not in done.stdout
        assert "\u202e" not in done.stdout
    for written in (page, recorded / "r2.html"):
        html = written.read_text(encoding="utf-8")
        for raw in ("<img src=x", "<script>alert", "[red]<b>", "\x1b", "\u202e"):
            assert raw not in html, raw
