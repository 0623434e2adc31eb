"""What SQLite reports, as errors of ours that say what to do."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from augury.errors import AuguryError, Conflict, Misconfigured, Unavailable
from augury.ledger.damage import DamagedLedger

__all__ = ["LOCKED", "code_of", "explained"]

_FOR_NOW = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM}
LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_RIGHTS = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}
_BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_SCHEMA, sqlite3.SQLITE_MISMATCH}


def explained(error: sqlite3.Error, path: Path, doing: str) -> AuguryError:
    """The error of SQLite as one of ours, with what to do."""
    code, why = code_of(error), f"{path}: cannot {doing} the ledger ({error})"
    if code in LOCKED:
        return Unavailable(f"{why}: other writers held it for too long; retry, or set a longer busy_seconds")
    if code in _FOR_NOW:
        return Unavailable(f"{why}; what was recorded before is unchanged, make room and retry")
    if code in _RIGHTS:
        choice = "name another file with AUGURY_LEDGER, or 'off' to record nothing"
        return Misconfigured(f"{why}: this user may not {doing} there; {choice}")
    if code == sqlite3.SQLITE_CONSTRAINT:
        return Conflict(f"{why}: the rules of the file declined it; run verify, then retry")
    if code in _BROKEN or isinstance(error, sqlite3.DatabaseError):
        return DamagedLedger(f"{why}: damaged, or not a ledger at all; restore it from a backup, or name another file")
    return Misconfigured(why)


def code_of(error: sqlite3.Error) -> int:
    """SQLite's primary result code, 0 for an error of the Python module."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
