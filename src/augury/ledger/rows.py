"""One row by its sequence or the beginning of its hash, checked before anybody uses it."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any

from augury.errors import InvalidInput, NotFound
from augury.ledger.damage import DamagedLedger
from augury.ledger.recorded import checked_hash
from augury.ledger.schema import ENTRY_COLUMNS

__all__ = ["WHOLE_ROW", "find_row"]

WHOLE_ROW = ", ".join(ENTRY_COLUMNS)
_PREFIX = re.compile(r"[0-9a-fA-F]{4,64}")


def find_row(connection: sqlite3.Connection, reference: int | str, path: Path) -> tuple[Any, ...]:
    """The whole row of a sequence, as a number or its digits, or of a hash that begins with these hex digits.

    Digits that are both are taken as a sequence. Errors as `Ledger.get`.
    """
    rows = []
    digits = str(reference)
    if digits.isdecimal() and int(digits) < 2**63:
        rows = _select(connection, "sequence = ?", int(digits))
    if not rows and isinstance(reference, str) and _PREFIX.fullmatch(reference):
        rows = _select(connection, f"substr(hex(hash), 1, {len(reference)}) = ?", reference.upper())
    if not rows:
        count = connection.execute("SELECT count(*) FROM entry").fetchone()[0]
        raise NotFound(
            f"{path} has no entry {reference!r}; it has {count}: name one by its number from 1, or by 4 or more "
            "digits of its hash"
        )
    if len(rows) > 1:
        raise InvalidInput(f"several entries have a hash that begins with {reference!r}; give more digits")
    if not checked_hash(rows[0]):
        raise DamagedLedger(f"{path}: entry {rows[0][0]} is not what was written; run verify, then restore a backup")
    return rows[0]


def _select(connection: sqlite3.Connection, condition: str, value: int | str) -> list[tuple[Any, ...]]:
    return connection.execute(f"SELECT {WHOLE_ROW} FROM entry WHERE {condition} LIMIT 2", (value,)).fetchall()  # noqa: S608
