"""Whether the file still ends where its newest acknowledged entry was: asked before it is added to or relied on."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from augury.ledger.anchor import Anchor
from augury.ledger.damage import DamagedLedger
from augury.ledger.database import Identity
from augury.ledger.head import head_path, read_head

__all__ = ["newest_entry", "refuse_gaps", "refuse_lost_entries", "refuse_lost_file"]


def newest_entry(connection: sqlite3.Connection, identity: Identity) -> Anchor:
    """The anchor of the last row; sequence 0 when there is none."""
    row = connection.execute("SELECT sequence, hash FROM entry ORDER BY sequence DESC LIMIT 1").fetchone()
    sequence, own = row or (0, identity.genesis)
    return Anchor(ledger=identity.id, sequence=sequence, hash=bytes(own).hex())


def refuse_lost_file(path: Path) -> None:
    """Called when a new ledger would be made: refuse where one was before."""
    head = read_head(path)
    if head is not None:
        raise DamagedLedger(
            f"{path} is missing or empty, but {head_path(path).name} remembers {head.sequence} entries of ledger "
            f"{head.ledger}; restore the file from a backup, or delete the .head file to begin a new ledger"
        )


def refuse_lost_entries(connection: sqlite3.Connection, newest: Anchor, head: Anchor | None, path: Path) -> None:
    """Refuse when the newest entry that was acknowledged is not there any more, or is another one."""
    if head is None or head == newest:
        return
    if head.ledger != newest.ledger:
        raise DamagedLedger(
            f"{path} is ledger {newest.ledger}, but {head_path(path).name} remembers ledger {head.ledger}: one of the "
            "two files was replaced; restore them together, or delete the .head file if the ledger is right"
        )
    if head.sequence > newest.sequence:
        raise DamagedLedger(
            f"{path} ends at entry {newest.sequence}, but entry {head.sequence} was written: the newest "
            f"{head.sequence - newest.sequence} were removed or lost; restore the file from a backup, or record the "
            "loss with accept_loss"
        )
    row = connection.execute("SELECT hash FROM entry WHERE sequence = ?", (head.sequence,)).fetchone()
    if head.sequence and (row is None or bytes(row[0]).hex() != head.hash):
        raise DamagedLedger(f"{path}: entry {head.sequence} is not the one that was written; run verify")


def refuse_gaps(connection: sqlite3.Connection, newest: Anchor, head: Anchor | None, path: Path) -> None:
    """As `refuse_lost_entries`, and refuse when rows are missing anywhere."""
    refuse_lost_entries(connection, newest, head, path)
    count, first = connection.execute("SELECT count(*), min(sequence) FROM entry").fetchone()
    if count != newest.sequence or (count and first != 1):
        raise DamagedLedger(f"{path} has {count} entries, but the newest is number {newest.sequence}; run verify")
