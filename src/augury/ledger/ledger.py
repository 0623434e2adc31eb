"""The append-only record of everything tried: one file, many writers, every entry chained to the one before."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from augury.errors import InvalidInput
from augury.ledger.agreement import newest_entry, refuse_gaps, refuse_lost_entries, refuse_lost_file
from augury.ledger.anchor import Anchor, Receipt
from augury.ledger.data_key import DataKey
from augury.ledger.database import Database, LedgerSpec
from augury.ledger.encoding import EncodedEntry, encode
from augury.ledger.entry import Entry
from augury.ledger.explanation import Explanation, explain_entry
from augury.ledger.filters import EntryFilter
from augury.ledger.head import advance_head, head_path, read_head
from augury.ledger.recorded import COLUMNS_WITHOUT_ARRAYS, Recorded, TrialArrays, arrays_of
from augury.ledger.rows import find_row
from augury.ledger.schema import ENTRY_COLUMNS
from augury.ledger.tries import Tries, count_tries
from augury.ledger.verification import LedgerCheck, check_ledger

__all__ = ["Ledger"]

_WHOLE = ", ".join(ENTRY_COLUMNS)
_TEXT = ", ".join(COLUMNS_WITHOUT_ARRAYS)
_INSERT = f"INSERT INTO entry ({_WHOLE}) VALUES ({', '.join('?' * len(ENTRY_COLUMNS))})"  # noqa: S608


class Ledger:
    """What was tried in a project, in one SQLite file.

    Entries are only added. Each holds the SHA-256 of its content, its place and the hash of the one before, so a change
    anywhere is found by `verify`. Any number of processes and threads may append: each entry gets its own place, none
    is lost. A writer killed at any moment leaves its entry whole or absent. A second file, named like the first with
    ".head" behind it, remembers the newest entry, so that removed or lost ones are noticed; whoever must not trust the
    folder keeps `Receipt.anchor` elsewhere.

    The file is made by the first append; reading does not make it. `clock` gives int64 ns UTC, `identity` the 32 hex
    digits of a new ledger. Errors: NotFound when there is no file or no such entry, InvalidInput for a folder or an
    entry that cannot be written, Misconfigured for missing rights or a newer layout, DamagedLedger (a Misconfigured)
    for a file that is not what was written, Unavailable for a full disk or a lock held too long.

    >>> import tempfile
    >>> from augury.ledger import DataKey, Entry, SeriesKey
    >>> data = DataKey(series=(SeriesKey(symbol="SPX", fingerprint="a1", timeframe="1D", bars=9, first=0, last=800),))
    >>> run = Entry(kind="backtest", subject="sma_crossover", strategy_id="c0de", data=data, parameters={"fast": 10})
    >>> with Ledger(tempfile.mkdtemp() + "/augury-ledger.sqlite") as ledger:
    ...     first, again = ledger.append(run), ledger.append(run)
    ...     tries = ledger.tries(data)
    >>> again.sequence, again.repeats, tries.trials, tries.distinct
    (2, 1, 2, 1)
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        spec: LedgerSpec | None = None,
        *,
        clock: Callable[[], int] = time.time_ns,
        identity: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        self.path = Path(path).expanduser()
        self.spec = spec or LedgerSpec()
        self._clock = clock
        self._database = Database(self.path, self.spec, clock=clock, identity=identity)

    def __repr__(self) -> str:
        return f"Ledger({str(self.path)!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_database"):
            self.close()

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        self._database.close()

    def check(self) -> None:
        """Raise at once what an append would say of a file that is no ledger, damaged or newer; no file yet is fine."""
        self._database.check()

    def append(self, entry: Entry) -> Receipt:
        """Write one entry at the end; it is in the file when this returns."""
        return self.append_many([entry])[0]

    def append_many(self, entries: Sequence[Entry]) -> tuple[Receipt, ...]:
        """Write several entries one behind the other, all or none of them."""
        encoded = [encode(entry) for entry in entries]
        return self._write(encoded) if encoded else ()

    def accept_loss(self, note: str) -> Receipt:
        """Go on with a ledger whose newest entries are gone: an entry of kind "loss" says how many, and `note` why.

        Raises InvalidInput when nothing is missing. What the head file remembered is kept in the entry's parameters.
        """
        newest, head = self._newest(), read_head(self.path)
        if head is None or head.sequence <= newest.sequence:
            raise InvalidInput(f"{self.path}: no entry is missing at the end, there is no loss to accept")
        facts = {"missing_entries": head.sequence - newest.sequence, "remembered_head": str(head)}
        loss = Entry(
            kind="loss",
            subject="ledger",
            strategy_id="none",
            data=DataKey(series=()),
            parameters=facts,
            trials=0,
            note=note,
        )
        return self._write([encode(loss)], after_loss=True)[0]

    def entries(self, wanted: EntryFilter | None = None) -> tuple[Recorded, ...]:
        """The entries that pass the filter, in the order of writing, all of them without one."""
        where, values = (wanted or EntryFilter()).sql()
        with self._database.reading() as connection:
            rows = connection.execute(f"SELECT {_TEXT} FROM entry{where}", values).fetchall()  # noqa: S608
        return tuple(Recorded.from_row(row) for row in rows)

    def get(self, reference: int | str) -> Recorded:
        """The entry of this sequence, or whose hash begins with these (at least 4) hex digits.

        Raises NotFound when there is none, InvalidInput when several begin so, DamagedLedger when it was changed.
        """
        return Recorded.from_row(self._row(reference)[: len(COLUMNS_WITHOUT_ARRAYS)])

    def arrays(self, reference: int | str) -> TrialArrays:
        """Sharpe ratios, returns, block returns and parameters of the trials of one entry; errors as `get`."""
        return arrays_of(self._row(reference))

    def tries(
        self, data: DataKey, *, family: str | None = None, until: int | None = None, excluding: Sequence[str] = ()
    ) -> Tries:
        """How often something was tried on this data, and how many of these tries count as independent.

        Counts entries whose data overlap (see `DataKey` for the rule), of one strategy name with `family`, up to
        sequence `until`, without the kinds in `excluding`. No file yet means no tries. Every entry that is counted is
        checked against its hash first: DamagedLedger when one was changed or rows are missing.
        """
        if not self.path.exists() and not head_path(self.path).exists():
            return Tries.none(data)
        head = read_head(self.path)
        with self._database.reading() as connection:
            refuse_gaps(connection, newest_entry(connection, self._database.identity(connection)), head, self.path)
            return count_tries(connection, data, family=family, until=until, excluding=tuple(excluding))

    def anchor(self) -> str:
        """The text that pins the newest entry now; keep it where who writes the ledger cannot change it."""
        return str(self._newest())

    def verify(self, *anchors: str | Anchor | Receipt) -> LedgerCheck:
        """Read every byte again and follow the chain, also against anchors that were kept elsewhere.

        A changed ledger is a result, not an error: `LedgerCheck.problems` names the first bad entry and what is wrong.
        """
        pins = [Anchor.parse(pin.anchor if isinstance(pin, Receipt) else str(pin)) for pin in anchors]
        return check_ledger(self._database, pins)

    def explain(self, reference: int | str) -> Explanation:
        """What an entry is, in plain words: what ran on which data, the tries before it, what changed since then."""
        return explain_entry(self, self.get(reference))

    def _newest(self) -> Anchor:
        with self._database.reading() as connection:
            return newest_entry(connection, self._database.identity(connection))

    def _write(self, encoded: Sequence[EncodedEntry], *, after_loss: bool = False) -> tuple[Receipt, ...]:
        receipts = []
        with self._database.writing(before_creation=lambda: refuse_lost_file(self.path)) as connection:
            identity = self._database.identity(connection)
            tip = newest_entry(connection, identity)
            if not after_loss:
                refuse_lost_entries(connection, tip, read_head(self.path), self.path)
            sequence, previous = tip.sequence, bytes.fromhex(tip.hash)
            for one in encoded:
                sequence += 1
                row = one.row(sequence, self._clock(), previous)
                previous = row[3]
                repeats = connection.execute("SELECT min(sequence) FROM entry WHERE trial_key = ?", (one.trial_key,))
                receipts.append(
                    Receipt(
                        sequence=sequence,
                        hash=previous.hex(),
                        ledger=identity.id,
                        trial_key=one.trial_key,
                        repeats=repeats.fetchone()[0],
                    )
                )
                connection.execute(_INSERT, row)
                series = [(sequence, place, *names) for place, names in enumerate(one.series)]
                connection.executemany("INSERT INTO series VALUES (?, ?, ?, ?, ?, ?)", series)
        advance_head(self.path, Anchor.parse(receipts[-1].anchor), back=after_loss)
        return tuple(receipts)

    def _row(self, reference: int | str) -> tuple[Any, ...]:
        with self._database.reading() as connection:
            return find_row(connection, reference, self.path)
