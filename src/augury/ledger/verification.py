"""Reading a ledger again from its first byte to its last: is it what was written, all of it, in order?"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from augury.errors import NotFound
from augury.ledger.anchor import Anchor
from augury.ledger.damage import DamagedLedger
from augury.ledger.data_key import DataKey
from augury.ledger.database import Database, Identity
from augury.ledger.head import head_path, read_head
from augury.ledger.recorded import COLUMNS_WITHOUT_ARRAYS, checked_hash
from augury.ledger.rows import WHOLE_ROW
from augury.ledger.schema import SCHEMA

__all__ = ["LedgerCheck", "LedgerProblem", "Trouble", "check_ledger"]

Trouble: TypeAlias = Literal[
    "content changed",
    "chain broken",
    "rows missing",
    "newest rows missing",
    "lookup changed",
    "guard changed",
    "anchor not met",
    "head unreadable",
    "file damaged",
]

_MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerProblem:
    """One thing that is wrong: `sequence` of the entry concerned, None when it is the file as a whole."""

    trouble: Trouble
    sequence: int | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerCheck:
    """What a verification found.

    `entries` were read; `newest` is the anchor of the last one, None when the file cannot be read. `problems` are in
    the order of the entries, at most 20. `anchors` were compared, the head file's among them; `notes` say what could
    not be checked.
    """

    entries: int
    newest: str | None
    problems: tuple[LedgerProblem, ...]
    anchors: int
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    @property
    def first_bad(self) -> int | None:
        """The first entry concerned by a problem; None when there is none or it cannot be told."""
        return min((problem.sequence for problem in self.problems if problem.sequence is not None), default=None)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        problems = [{"trouble": one.trouble, "sequence": one.sequence, "detail": one.detail} for one in self.problems]
        return {
            "ok": self.ok,
            "entries": self.entries,
            "newest": self.newest,
            "first_bad": self.first_bad,
            "problems": problems,
            "anchors": self.anchors,
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        if self.ok:
            return f"{self.entries:,} entries, each as it was written; {self.anchors} anchors met"
        shown = [f"entry {one.sequence}: {one.detail}" if one.sequence else one.detail for one in self.problems]
        return "\n".join(shown)


def check_ledger(database: Database, pins: Sequence[Anchor]) -> LedgerCheck:
    """See `Ledger.verify`. Raises NotFound when there is no file and nothing that remembers one."""
    problems, notes, anchors = [], [], list(pins)
    try:
        head = read_head(database.path)  # before the file: it can only be behind what is read afterwards
    except DamagedLedger as error:
        head = None
        problems.append(LedgerProblem(trouble="head unreadable", sequence=None, detail=str(error)))
    else:
        if head is None:
            notes.append(
                f"{head_path(database.path).name} is missing: removed newest entries show only against anchors"
            )
        else:
            anchors.append(head)
    scan = _Scan(anchors)
    try:
        with database.reading() as connection:
            scan.run(connection, database.identity(connection))
    except DamagedLedger as error:
        scan.add("file damaged", None, str(error))
    except NotFound:
        if not anchors:
            raise
        scan.add(
            "newest rows missing", None, f"{database.path} is gone, with the {anchors[-1].sequence} entries it had"
        )
    ordered = sorted(problems + scan.problems, key=lambda one: one.sequence or 0)
    return LedgerCheck(
        entries=scan.entries,
        newest=scan.newest,
        problems=tuple(ordered[:_MOST]),
        anchors=len(anchors),
        notes=tuple(notes),
    )


class _Scan:
    """One pass over the rows, in the order of their sequence."""

    def __init__(self, anchors: Sequence[Anchor]) -> None:
        self.entries = 0
        self.newest: str | None = None
        self.problems: list[LedgerProblem] = []
        self._anchors = anchors
        self._wanted = {anchor.sequence for anchor in anchors}
        self._met: dict[int, str] = {}

    def add(self, trouble: Trouble, sequence: int | None, detail: str) -> None:
        self.problems.append(LedgerProblem(trouble=trouble, sequence=sequence, detail=detail))

    def run(self, connection: sqlite3.Connection, identity: Identity) -> None:
        connection.text_factory = bytes  # text that is not UTF-8 any more must not stop the pass
        for (message,) in connection.execute(f"PRAGMA integrity_check({_MOST})"):
            if message != b"ok":
                self.add("file damaged", None, f"SQLite finds: {message.decode(errors='replace')}")
        self._check_guards(connection)
        previous, expected = identity.genesis, 1
        self._met[0] = previous.hex()
        for row in connection.execute(f"SELECT {WHOLE_ROW} FROM entry ORDER BY sequence"):  # noqa: S608
            self._check_row(row, previous, expected)
            self._check_lookup(connection, row)
            previous, expected = row[3], row[0] + 1
            self.entries += 1
            if row[0] in self._wanted:
                self._met[row[0]] = _hexadecimal(row[3])
            if len(self.problems) > 10 * _MOST:
                return
        for (stray,) in connection.execute(
            "SELECT DISTINCT sequence FROM series WHERE sequence NOT IN (SELECT sequence FROM entry)"
        ):
            self.add("lookup changed", stray, "the list of data names an entry that is not there")
        self.newest = str(Anchor(ledger=identity.id, sequence=expected - 1, hash=_hexadecimal(previous)))
        self._check_anchors(identity, expected - 1)

    def _check_guards(self, connection: sqlite3.Connection) -> None:
        query = "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
        found = {_text(name): _text(sql) for name, sql in connection.execute(query)}
        for name in sorted(found.keys() | SCHEMA.keys()):
            if found.get(name) != SCHEMA.get(name):
                how = "was removed" if name not in found else "was added" if name not in SCHEMA else "was changed"
                self.add("guard changed", None, f"{name}, part of the file's rules, {how}: entries were not protected")

    def _check_row(self, row: Sequence[Any], previous: bytes, expected: int) -> None:
        sequence = row[0]
        if sequence != expected:
            missing = str(expected) if sequence == expected + 1 else f"{expected} to {sequence - 1}"
            self.add("rows missing", expected, f"missing: {missing}; the next one found is number {sequence}")
        elif row[2] != previous:
            self.add("chain broken", sequence, "it does not continue the entry before it: one of the two was replaced")
        if not checked_hash(row):
            self.add("content changed", sequence, "what it holds is not what its hash was made of")

    def _check_lookup(self, connection: sqlite3.Connection, row: Sequence[Any]) -> None:
        """The columns that are searched must say what the hashed content says."""
        try:
            content = json.loads(row[len(COLUMNS_WITHOUT_ARRAYS) - 1])
            names = ("kind", "subject", "strategy_id", "trial_key", "data_id", "trials")
            told = [content[name] for name in names]
            series = [
                (one.name, one.fingerprint, one.first, one.last) for one in DataKey.from_dict(content["data"]).series
            ]
        except (ValueError, TypeError, KeyError, AttributeError):
            return  # the content itself is wrong, which its hash has told
        query = "SELECT name, fingerprint, first, last FROM series WHERE sequence = ? ORDER BY place"
        kept = [tuple(map(_text, one)) for one in connection.execute(query, (row[0],))]
        if [_text(value) for value in row[4 : 4 + len(names)]] != told or kept != series:
            self.add("lookup changed", row[0], "the columns it is found by do not agree with its content")

    def _check_anchors(self, identity: Identity, last: int) -> None:
        for anchor in self._anchors:
            if anchor.ledger != identity.id:
                detail = f"an anchor is of ledger {anchor.ledger}, this file is ledger {identity.id}: it was replaced"
                self.add("anchor not met", None, detail)
            elif anchor.sequence > last:
                detail = f"entries {last + 1} to {anchor.sequence} were written and are not there: removed, or lost"
                self.add("newest rows missing", last + 1, detail)
            elif self._met.get(anchor.sequence) != anchor.hash:
                detail = "it is another one than an anchor tells: the ledger was rewritten from here or before"
                self.add("anchor not met", anchor.sequence, detail)


def _text(value: Any) -> Any:
    return value.decode(errors="backslashreplace") if isinstance(value, bytes) else value


def _hexadecimal(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else repr(value)
