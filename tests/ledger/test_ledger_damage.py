"""Every way to change a ledger behind its back is found, or the file is refused."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from augury.errors import AuguryError, InvalidInput, Misconfigured, Unavailable
from augury.ledger import Anchor, DamagedLedger, Entry, Ledger, Receipt
from augury.ledger.head import advance_head, head_path

Make = Callable[..., Entry]
REST = (
    "written_at, previous, hash, kind, subject, strategy_id, trial_key, data_id, trials, content, configurations, "
    "sharpes, returns, block_returns, trial_parameters"
)
GUARDS = (
    "entry_no_update",
    "entry_no_delete",
    "series_no_update",
    "series_no_delete",
    "ledger_no_update",
    "ledger_no_delete",
    "entry_in_order",
    "series_in_order",
)


@pytest.fixture
def written(ledger: Ledger, make_entry: Make) -> tuple[Ledger, tuple[Receipt, ...]]:
    """Five entries, the file closed."""
    receipts = ledger.append_many([make_entry(fast) for fast in range(1, 6)])
    ledger.close()
    return ledger, receipts


def tampered(ledger: Ledger, *statements: str) -> None:
    """Run SQL with the guards taken away and put back, as somebody would who knows the file."""
    connection = sqlite3.connect(ledger.path)
    kept = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall())
    for guard in GUARDS:
        connection.execute(f"DROP TRIGGER {guard}")
    for statement in statements:
        connection.execute(statement)
    for guard in GUARDS:
        connection.execute(kept[guard])
    connection.commit()
    connection.close()


def troubles(ledger: Ledger, *anchors: Receipt) -> list[tuple[str, int | None]]:
    return [(one.trouble, one.sequence) for one in ledger.verify(*anchors).problems]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET subject = 'other' WHERE sequence = 2",
        "DELETE FROM entry WHERE sequence = 5",
        "DELETE FROM series",
        "UPDATE series SET name = 'x'",
        "UPDATE ledger SET id = 'x'",
        "DELETE FROM ledger",
        "INSERT INTO ledger VALUES (1, 'x', 1, 0, x'00')",
        "INSERT OR REPLACE INTO ledger VALUES (1, 'x', 1, 0, x'00')",
        "INSERT INTO series VALUES (2, 9, 'x', 'y', 0, 0)",
        "INSERT OR REPLACE INTO entry SELECT * FROM entry WHERE sequence = 2",
        f"INSERT INTO entry SELECT 7, {REST} FROM entry WHERE sequence = 2",
        f"INSERT INTO entry SELECT 6, {REST} FROM entry WHERE sequence = 2",
    ],
)
def test_the_file_itself_declines_changes(written: tuple[Ledger, tuple[Receipt, ...]], statement: str) -> None:
    ledger, _ = written
    connection = sqlite3.connect(ledger.path)
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)
    connection.close()
    assert ledger.verify().ok


CHANGES = {
    "figure": ("UPDATE entry SET content = replace(content, '2.5', '9.5') WHERE sequence = 2", ("content changed", 2)),
    "returns": ("UPDATE entry SET returns = zeroblob(length(returns)) WHERE sequence = 3", ("content changed", 3)),
    "no returns": ("UPDATE entry SET returns = NULL WHERE sequence = 3", ("content changed", 3)),
    "moved": ("UPDATE entry SET returns = sharpes, sharpes = returns WHERE sequence = 3", ("content changed", 3)),
    "time": ("UPDATE entry SET written_at = written_at + 1 WHERE sequence = 4", ("content changed", 4)),
    "hash": ("UPDATE entry SET hash = randomblob(32) WHERE sequence = 1", ("content changed", 1)),
    "type": ("UPDATE entry SET content = 5 WHERE sequence = 1", ("content changed", 1)),
    "subject": ("UPDATE entry SET subject = 'other' WHERE sequence = 2", ("lookup changed", 2)),
    "trials": ("UPDATE entry SET trials = 0 WHERE sequence = 2", ("lookup changed", 2)),
    "symbol": ("UPDATE series SET name = 'other' WHERE sequence = 2", ("lookup changed", 2)),
    "unlisted": ("DELETE FROM series WHERE sequence = 2", ("lookup changed", 2)),
    "invented": ("INSERT INTO series VALUES (9, 0, 'x', 'y', 0, 0)", ("lookup changed", 9)),
    "first gone": ("DELETE FROM entry WHERE sequence = 1", ("rows missing", 1)),
    "middle gone": ("DELETE FROM entry WHERE sequence IN (2, 3)", ("rows missing", 2)),
    "newest gone": ("DELETE FROM entry WHERE sequence = 5", ("newest rows missing", 5)),
    "all gone": ("DELETE FROM entry", ("newest rows missing", 1)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_by_sql_is_found_and_its_first_entry_named(
    written: tuple[Ledger, tuple[Receipt, ...]], name: str
) -> None:
    ledger, _ = written
    statement, expected = CHANGES[name]
    tampered(ledger, statement)
    check = ledger.verify()
    assert not check.ok
    assert expected in [(one.trouble, one.sequence) for one in check.problems]
    assert check.first_bad == expected[1]
    assert str(expected[1]) in str(check)


def test_entries_that_change_places_are_found(written: tuple[Ledger, tuple[Receipt, ...]]) -> None:
    ledger, _ = written
    tampered(
        ledger,
        "UPDATE entry SET sequence = 99 WHERE sequence = 2",
        "UPDATE entry SET sequence = 2 WHERE sequence = 3",
        "UPDATE entry SET sequence = 3 WHERE sequence = 99",
    )
    assert ("chain broken", 2) in troubles(ledger)
    assert ("content changed", 2) in troubles(ledger)


def test_an_entry_put_in_between_is_found(written: tuple[Ledger, tuple[Receipt, ...]]) -> None:
    ledger, _ = written
    tampered(
        ledger,
        "UPDATE entry SET sequence = sequence + 100 WHERE sequence > 2",
        "UPDATE entry SET sequence = sequence - 99 WHERE sequence > 100",
        f"INSERT INTO entry SELECT 3, {REST} FROM entry WHERE sequence = 2",
    )
    assert ledger.verify().first_bad == 3


def test_a_history_that_was_rewritten_with_right_hashes_is_found_against_an_anchor(
    written: tuple[Ledger, tuple[Receipt, ...]], make_entry: Make, tmp_path: Path
) -> None:
    """The forger recomputes everything and replaces the head file too; only an anchor kept elsewhere tells."""
    ledger, receipts = written
    with Ledger(
        tmp_path / "forged", identity=lambda: receipts[0].ledger, clock=lambda: 1_700_000_000 * 10**9
    ) as forged:
        forged.append_many([make_entry(fast) for fast in (1, 2, 33, 4, 5)])
    for name in (forged.path, head_path(forged.path)):
        shutil.copy(name, str(name).replace("forged", ledger.path.name))
    assert ledger.verify().ok, "nothing inside the file can tell"
    assert troubles(ledger, receipts[2]) == [("anchor not met", 3)]
    assert troubles(ledger, receipts[4]) == [("anchor not met", 5)]


def test_removed_newest_entries_are_found_against_an_anchor_even_without_the_head_file(
    written: tuple[Ledger, tuple[Receipt, ...]],
) -> None:
    ledger, receipts = written
    head_path(ledger.path).unlink()
    tampered(ledger, "DELETE FROM entry WHERE sequence > 3", "DELETE FROM series WHERE sequence > 3")
    check = ledger.verify()
    assert check.ok
    assert any(".head is missing" in note for note in check.notes)
    assert troubles(ledger, receipts[2]) == []
    check = ledger.verify(receipts[4].anchor)
    assert [(one.trouble, one.sequence) for one in check.problems] == [("newest rows missing", 4)]
    assert "entries 4 to 5 were written and are not there" in str(check)


def test_nothing_is_added_to_or_read_for_a_verdict_from_a_ledger_that_lost_entries(
    written: tuple[Ledger, tuple[Receipt, ...]], make_entry: Make
) -> None:
    ledger, receipts = written
    tampered(ledger, "DELETE FROM entry WHERE sequence > 3", "DELETE FROM series WHERE sequence > 3")
    for use in (lambda: ledger.append(make_entry()), lambda: ledger.tries(make_entry().data)):
        with pytest.raises(DamagedLedger, match="the newest 2 were removed or lost"):
            use()
    loss = ledger.accept_loss("the disk was full")
    assert loss.sequence == 4
    assert ledger.get(4).kind == "loss"
    assert ledger.get(4).parameters == {"missing_entries": 2, "remembered_head": receipts[4].anchor}
    assert ledger.append(make_entry()).sequence == 5
    assert ledger.verify().ok
    assert troubles(ledger, receipts[4]) == [("anchor not met", 5)], "who kept an anchor still sees it"
    with pytest.raises(InvalidInput, match="there is no loss to accept"):
        ledger.accept_loss("again")


def test_a_changed_entry_is_refused_when_it_is_used(
    written: tuple[Ledger, tuple[Receipt, ...]], make_entry: Make
) -> None:
    ledger, _ = written
    tampered(ledger, "UPDATE entry SET sharpes = zeroblob(8) WHERE sequence = 2")
    for use in (lambda: ledger.get(2), lambda: ledger.arrays(2), lambda: ledger.tries(make_entry().data)):
        with pytest.raises(DamagedLedger, match=r"entry 2 .*is not what was written"):
            use()
    assert ledger.get(3).sequence == 3


def test_a_missing_guard_is_found(written: tuple[Ledger, tuple[Receipt, ...]]) -> None:
    ledger, _ = written
    connection = sqlite3.connect(ledger.path)
    connection.execute("DROP TRIGGER entry_no_delete")
    connection.execute("CREATE TRIGGER mine AFTER INSERT ON entry BEGIN DELETE FROM entry; END")
    connection.commit()
    connection.close()
    assert troubles(ledger) == [("guard changed", None)] * 2
    assert "entry_no_delete, part of the file's rules, was removed" in str(ledger.verify())


def test_a_ledger_that_was_deleted_is_not_begun_anew_in_silence(
    written: tuple[Ledger, tuple[Receipt, ...]], make_entry: Make
) -> None:
    ledger, _ = written
    ledger.path.unlink()
    with pytest.raises(DamagedLedger, match=r"is missing or empty, but .*\.head remembers 5 entries"):
        ledger.append(make_entry())
    assert troubles(ledger) == [("newest rows missing", None)]
    ledger.path.write_bytes(b"")
    with pytest.raises(DamagedLedger, match="is missing or empty"):
        ledger.append(make_entry())
    head_path(ledger.path).unlink()
    assert ledger.append(make_entry()).sequence == 1


def test_a_head_file_of_another_ledger_or_a_damaged_one_stops_the_writer(
    written: tuple[Ledger, tuple[Receipt, ...]], make_entry: Make, tmp_path: Path
) -> None:
    ledger, receipts = written
    with Ledger(tmp_path / "other") as other:
        other.append(make_entry())
    shutil.copy(head_path(other.path), head_path(ledger.path))
    with pytest.raises(DamagedLedger, match="one of the two files was replaced"):
        ledger.append(make_entry())
    assert troubles(ledger) == [("anchor not met", None)]
    head_path(ledger.path).write_text("something else")
    with pytest.raises(DamagedLedger, match="does not hold the anchor that was written"):
        ledger.append(make_entry())
    assert troubles(ledger) == [("head unreadable", None)]
    assert ledger.verify(receipts[-1]).first_bad is None


def contents(ledger: Ledger) -> list[object]:
    """Everything a reader can be told."""
    found: list[object] = []
    for one in ledger.entries():
        arrays = ledger.arrays(one.sequence)
        found.append(
            (one.to_dict(), arrays.returns.tobytes(), arrays.sharpes.tobytes(), arrays.configurations.tobytes())
        )
    return [*found, ledger.tries(ledger.get(1).data).to_dict(), ledger.anchor()]


def test_a_flipped_byte_anywhere_is_found_or_changes_nothing(
    written: tuple[Ledger, tuple[Receipt, ...]],
) -> None:
    """All bytes of the header and of the head file, and several of every page, each flipped in turn."""
    ledger, receipts = written
    whole, head = ledger.path.read_bytes(), head_path(ledger.path).read_bytes()
    truth = contents(ledger)
    assert len(whole) % 4096 == 0
    rng = np.random.default_rng(11)
    places = list(range(100)) + [
        page + int(offset) for page in range(0, len(whole), 4096) for offset in rng.integers(0, 4096, 14)
    ]
    told = unchanged = 0
    named: list[bool] = []
    for place in places:
        spoiled = bytearray(whole)
        spoiled[place] ^= int(rng.integers(1, 256))
        ledger.path.write_bytes(spoiled)
        head_path(ledger.path).write_bytes(head)
        try:
            found = ledger.verify(receipts[-1])
            sound = found.ok
        except AuguryError as error:
            named.append(str(ledger.path) in str(error))
            sound = False
        told += not sound
        if sound:
            unchanged += 1
            assert contents(ledger) == truth, f"byte {place} was flipped in silence"
    assert told > len(places) / 4, "most of a small file is empty space"
    assert unchanged > 0, "there are bytes that mean nothing"
    assert all(named), "a refusal names the file"
    ledger.path.write_bytes(whole)
    for place in range(0, len(head), 3):
        spoiled = bytearray(head)
        spoiled[place] ^= 1
        head_path(ledger.path).write_bytes(spoiled)
        assert not ledger.verify().ok or bytes(spoiled).split() == head.split()


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.999])
def test_a_file_cut_short_is_found(written: tuple[Ledger, tuple[Receipt, ...]], keep: float) -> None:
    ledger, _ = written
    whole = ledger.path.read_bytes()
    ledger.path.write_bytes(whole[: int(len(whole) * keep)])
    assert not ledger.verify().ok


def test_commits_lost_with_the_write_ahead_log_are_found(ledger: Ledger, make_entry: Make) -> None:
    ledger.append_many([make_entry(fast) for fast in (1, 2)])
    ledger.close()
    ledger.append(make_entry(3))
    saved = ledger.path.read_bytes()
    ledger.close()
    assert ledger.verify().ok
    ledger.path.write_bytes(saved)  # as a copy without its -wal file, or a disk that lost it
    assert troubles(ledger) == [("newest rows missing", 3)]


def test_a_flipped_byte_in_the_write_ahead_log_is_found_or_changes_nothing(
    ledger: Ledger, make_entry: Make, tmp_path: Path
) -> None:
    receipts = [ledger.append(make_entry(fast)) for fast in (1, 2, 3)]
    log = ledger.path.with_name(ledger.path.name + "-wal")
    whole = log.read_bytes()
    truth = contents(ledger)
    rng = np.random.default_rng(12)
    found = 0
    for place in [*range(32), *rng.integers(32, len(whole), 100).tolist()]:
        folder = tmp_path / f"at {place}"
        folder.mkdir(exist_ok=True)
        spoiled = bytearray(whole)
        spoiled[place] ^= int(rng.integers(1, 256))
        for name in (ledger.path, head_path(ledger.path)):
            shutil.copy(name, folder)
        (folder / log.name).write_bytes(spoiled)
        with Ledger(folder / ledger.path.name) as copy:
            check = copy.verify(receipts[-1])
            found += not check.ok
            assert not check.ok or contents(copy) == truth, f"byte {place} was flipped in silence"
        shutil.rmtree(folder)
    assert found > 60


def test_a_head_file_that_cannot_be_written_is_told_though_the_entry_is_there(
    written: tuple[Ledger, tuple[Receipt, ...]], make_entry: Make
) -> None:
    ledger, _ = written
    head_path(ledger.path).unlink()
    head_path(ledger.path).mkdir()
    with pytest.raises(Misconfigured, match=r"\.head: cannot be read \(Is a directory\)"):
        ledger.append(make_entry())
    assert len(ledger.entries()) == 5
    with pytest.raises(Unavailable, match=r"entry 6 is recorded, but .* cannot be written"):
        advance_head(ledger.path, Anchor(ledger="0" * 32, sequence=6, hash="0" * 64))
