"""Paths, settings and files that are not ledgers; ledgers of other versions."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from augury.errors import InvalidInput, Misconfigured
from augury.ledger import DamagedLedger, Entry, Ledger, LedgerSpec, ledger_path

Make = Callable[..., Entry]
KEPT = Path(__file__).parent / "kept"


def test_the_path_is_the_argument_else_the_environment_else_the_working_folder(tmp_path: Path) -> None:
    environment = {"AUGURY_LEDGER": "/else/where.sqlite"}
    assert ledger_path(tmp_path / "mine", environment=environment) == tmp_path / "mine"
    assert ledger_path(None, environment=environment) == Path("/else/where.sqlite")
    assert ledger_path(None, environment={}, folder=tmp_path) == tmp_path / "augury-ledger.sqlite"
    assert ledger_path(None, environment={"AUGURY_LEDGER": ""}, folder=tmp_path) == tmp_path / "augury-ledger.sqlite"
    assert ledger_path("~/ledger", environment={}) == Path.home() / "ledger"


@pytest.mark.parametrize("word", ["off", "OFF", "none", ":none:", " off "])
def test_recording_can_be_switched_off(word: str) -> None:
    assert ledger_path(word, environment={}) is None
    assert ledger_path(None, environment={"AUGURY_LEDGER": word}) is None
    assert ledger_path("./off", environment={"AUGURY_LEDGER": word}) == Path("off")


def test_a_blank_path_is_refused() -> None:
    with pytest.raises(InvalidInput, match="got blank text"):
        ledger_path("  ", environment={})


def uses(ledger: Ledger, entry: Entry) -> list[Callable[[], object]]:
    return [lambda: ledger.append(entry), ledger.entries, lambda: ledger.get(1), lambda: ledger.tries(entry.data)]


def test_a_folder_is_no_ledger(tmp_path: Path, make_entry: Make) -> None:
    for use in uses(Ledger(tmp_path), make_entry()):
        with pytest.raises(InvalidInput, match=r"the ledger should be a file, .* is a folder"):
            use()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path, make_entry: Make) -> None:
    with pytest.raises(Misconfigured, match=r"the folder .*nowhere of the ledger does not exist; create it first"):
        Ledger(tmp_path / "nowhere" / "ledger").append(make_entry())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"timestamp,open,high,low,close\n" * 200, b"x", b"\0" * 5_000])
def test_a_file_of_something_else_is_refused_and_left_as_it_is(
    tmp_path: Path, make_entry: Make, content: bytes
) -> None:
    path = tmp_path / "bars.csv"
    path.write_bytes(content)
    for use in uses(Ledger(path), make_entry()):
        with pytest.raises(DamagedLedger, match=r"not a ledger"):
            use()
    check = Ledger(path).verify()
    assert [problem.trouble for problem in check.problems] == ["file damaged"]
    assert path.read_bytes() == content
    assert [one.name for one in tmp_path.iterdir()] == ["bars.csv"]


def test_a_database_of_something_else_is_refused_and_left_as_it_is(tmp_path: Path, make_entry: Make) -> None:
    path = tmp_path / "other.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE prices (close REAL)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    for use in uses(Ledger(path), make_entry()):
        with pytest.raises(DamagedLedger, match=r"something else \(tables \['prices'\]\), not a ledger"):
            use()
    assert path.read_bytes() == before


def test_a_newer_layout_is_refused_with_the_way_out(ledger: Ledger, make_entry: Make) -> None:
    ledger.append(make_entry())
    ledger.close()
    connection = sqlite3.connect(ledger.path)
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    for use in (*uses(ledger, make_entry()), ledger.verify):
        with pytest.raises(
            Misconfigured, match="written in layout 2, this version reads layouts up to 1; update augury"
        ):
            use()


def test_every_kept_layout_is_read_verified_and_continued(tmp_path: Path, make_entry: Make) -> None:
    """Files made by older versions, never regenerated; a new layout adds one."""
    anchors = {
        "layout-1.sqlite": "augury-ledger:1:0123456789abcdef0123456789abcdef:"
        "2:d5f07aaa8b79c7eca3e6ca90d724cedc4bf237ac3800d68f7df74c2153e8613b",
    }
    assert sorted(path.name for path in KEPT.glob("*.sqlite")) == sorted(anchors)
    for name, anchor in anchors.items():
        shutil.copy(KEPT / name, tmp_path / name)
        with Ledger(tmp_path / name) as ledger:
            check = ledger.verify(anchor)
            assert check.ok, check
            assert check.newest == anchor
            first, second = ledger.entries()
            assert (first.kind, first.subject, first.parameters) == (
                "backtest",
                "sma_crossover",
                {"fast": 10, "slow": 50},
            )
            assert np.array_equal(ledger.arrays(1).returns, [0.5, -0.25, 0.125])
            assert (second.kind, second.trials) == ("sweep", 2)
            assert np.array_equal(ledger.arrays(2).block_returns, [[1, 2, 3], [4, 5, 6]])
            again = make_entry(returns=np.array([0.5, -0.25, 0.125]))
            assert ledger.append(again).repeats == 1, "the same run still has the same key"
            assert ledger.tries(again.data).distinct == 2
            assert ledger.verify(anchor).ok


def test_bad_options_of_a_ledger_are_refused() -> None:
    for options in ({"busy_seconds": -1}, {"journal": "memory"}, {"durability": True}):
        with pytest.raises(InvalidInput):
            LedgerSpec.from_dict(options)


@pytest.mark.parametrize("text", ["", "augury-ledger:1:x:2:y", "augury-ledger:2:" + "0" * 32 + ":1:" + "f" * 64])
def test_something_that_is_no_anchor_is_refused(ledger: Ledger, make_entry: Make, text: str) -> None:
    ledger.append(make_entry())
    with pytest.raises(InvalidInput, match="expected an anchor as a receipt prints it"):
        ledger.verify(text)
