"""The tables of a ledger file and the triggers that let rows in at the end only."""

from __future__ import annotations

from typing import Final

__all__ = ["APPLICATION_ID", "ENTRY_COLUMNS", "LAYOUT", "SCHEMA", "object_names"]

APPLICATION_ID: Final = 0x4155474C  # "AUGL": marks the file as ours
LAYOUT: Final = 1

ENTRY_COLUMNS: Final = (
    "sequence",
    "written_at",
    "previous",
    "hash",
    "kind",
    "subject",
    "strategy_id",
    "trial_key",
    "data_id",
    "trials",
    "content",
    "configurations",
    "sharpes",
    "returns",
    "block_returns",
    "trial_parameters",
)

_TABLES = {
    "ledger": (
        "CREATE TABLE ledger (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL, layout INTEGER NOT NULL, "
        "created_at INTEGER NOT NULL, genesis BLOB NOT NULL)"
    ),
    "entry": (
        "CREATE TABLE entry (sequence INTEGER PRIMARY KEY, written_at INTEGER NOT NULL, previous BLOB NOT NULL, "
        "hash BLOB NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, strategy_id TEXT NOT NULL, "
        "trial_key TEXT NOT NULL, data_id TEXT NOT NULL, trials INTEGER NOT NULL, content BLOB NOT NULL, "
        "configurations BLOB NOT NULL, sharpes BLOB, returns BLOB, block_returns BLOB, trial_parameters BLOB)"
    ),
    "series": (
        "CREATE TABLE series (sequence INTEGER NOT NULL, place INTEGER NOT NULL, name TEXT NOT NULL, "
        "fingerprint TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (sequence, place)) "
        "WITHOUT ROWID"
    ),
}

_INDEXES = {
    "entry_by_trial": "CREATE INDEX entry_by_trial ON entry (trial_key)",
    "entry_by_subject": "CREATE INDEX entry_by_subject ON entry (subject)",
    "series_by_name": "CREATE INDEX series_by_name ON series (name)",
    "series_by_fingerprint": "CREATE INDEX series_by_fingerprint ON series (fingerprint)",
}


def _forbidden(table: str, change: str) -> str:
    return (
        f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: no {change}'); END"
    )


# The order check also stops INSERT OR REPLACE, which removes rows without firing delete triggers.
_TRIGGERS = {
    f"{table}_no_{change.lower()}": _forbidden(table, change) for table in _TABLES for change in ("UPDATE", "DELETE")
} | {
    "ledger_once": (
        "CREATE TRIGGER ledger_once BEFORE INSERT ON ledger WHEN (SELECT count(*) FROM ledger) > 0 "
        "BEGIN SELECT RAISE(ABORT, 'a ledger has one identity'); END"
    ),
    "entry_in_order": (
        "CREATE TRIGGER entry_in_order BEFORE INSERT ON entry "
        "WHEN NEW.sequence IS NOT (SELECT coalesce(max(sequence), 0) + 1 FROM entry) OR NEW.previous IS NOT coalesce("
        "(SELECT hash FROM entry ORDER BY sequence DESC LIMIT 1), (SELECT genesis FROM ledger)) "
        "BEGIN SELECT RAISE(ABORT, 'an entry follows the newest one'); END"
    ),
    "series_in_order": (
        "CREATE TRIGGER series_in_order BEFORE INSERT ON series "
        "WHEN NEW.sequence IS NOT (SELECT max(sequence) FROM entry) OR NEW.place IS NOT "
        "(SELECT coalesce(max(place), -1) + 1 FROM series WHERE sequence = NEW.sequence) "
        "BEGIN SELECT RAISE(ABORT, 'series belong to the newest entry'); END"
    ),
}

SCHEMA: Final = _TABLES | _INDEXES | _TRIGGERS
"""Name to statement, in the order of creation; `verify` compares the file with it word by word."""


def object_names() -> frozenset[str]:
    """The names a ledger file has, SQLite's own left out."""
    return frozenset(SCHEMA)
