"""The SQLite file under a ledger: opened, made, locked, and its errors put into words."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from augury.errors import InvalidInput, Misconfigured, NotFound
from augury.ledger.damage import DamagedLedger
from augury.ledger.schema import APPLICATION_ID, LAYOUT, SCHEMA
from augury.ledger.sqlite_errors import LOCKED, code_of, explained
from augury.spec import Spec

__all__ = ["Database", "Identity", "LedgerSpec", "genesis"]

_MAGIC = b"SQLite format 3\0"
_RETRY_SECONDS = 0.02
_CACHE_KIB = 8192
_INHERITED: list[sqlite3.Connection] = []  # of a parent process: neither used nor closed here, as SQLite asks


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSpec(Spec):
    """How a ledger file is written.

    `busy_seconds`: how long a writer waits for others. `journal`: "wal" lets readers and a writer work at the same
    time, where the file system allows it; "delete" for folders on a network. `durable`: wait for the disk at every
    entry, so that not even a power cut loses one; without it a power cut may lose the newest, which `verify` then
    tells.
    """

    busy_seconds: Annotated[float, msgspec.Meta(ge=0)] = 30.0
    journal: Literal["wal", "delete"] = "wal"
    durable: bool = False


def genesis(ledger: str, created_at: int) -> bytes:
    """What the first entry points back to: 32 bytes of the ledger's identity and its time of creation (ns UTC)."""
    return hashlib.sha256(b"augury.ledger.1\0" + f"{ledger}:{created_at}".encode()).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which ledger this is: `id` 32 hex digits, `genesis` the hash before the first entry."""

    id: str
    created_at: int
    genesis: bytes


class Database:
    """One connection that writes, used by one thread at a time, and a fresh one for every reader.

    A process that was forked opens its own. `identity` gives the id of a new ledger, `clock` its time of creation.
    """

    def __init__(self, path: Path, spec: LedgerSpec, *, clock: Callable[[], int], identity: Callable[[], str]) -> None:
        self.path = path
        self.spec = spec
        self._clock = clock
        self._identity = identity
        self._lock = threading.Lock()
        self._writer: sqlite3.Connection | None = None
        self._writer_file = (0, 0)
        self._process = os.getpid()

    @contextmanager
    def writing(self, *, before_creation: Callable[[], None]) -> Iterator[sqlite3.Connection]:
        """A transaction that holds the file's write lock; committed at the end, undone by any error.

        `before_creation` is called when the file is about to become a new ledger, and may refuse.
        """
        with self._lock, self._explained("write"):
            connection = self._open_writer(before_creation)
            self._begin(connection)
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One unchanging view of the file; NotFound when there is none yet."""
        self._check_path()
        if not self.path.exists():
            raise NotFound(f"there is no ledger at {self.path} yet; the first recorded run makes it")
        with self._explained("read"), closing(self._connect(self._read_mode())) as connection:
            connection.execute("BEGIN")
            self.identity(connection)
            yield connection

    def check(self) -> None:
        """Refuse a file that is no ledger, damaged or newer, as a write would; none yet, or an empty one, is fine."""
        self._check_path()
        if not self.path.exists():
            return
        with self._explained("read"), closing(self._connect(self._read_mode())) as connection:
            if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                self.identity(connection)

    def close(self) -> None:
        """Close the writer; the next write opens it again."""
        with self._lock:
            self._forget_inherited()
            if self._writer is not None:
                self._writer.close()
            self._writer = None

    def identity(self, connection: sqlite3.Connection) -> Identity:
        """Who this ledger is; refuses files that are something else, damaged or newer than this code."""
        mark = connection.execute("PRAGMA application_id").fetchone()[0]
        layout = connection.execute("PRAGMA user_version").fetchone()[0]
        if mark != APPLICATION_ID:
            tables = sorted(name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'"))
            raise DamagedLedger(
                f"{self.path} is an SQLite file of something else (tables {tables or 'none'}), not a ledger; name "
                "another file, or restore it from a backup if it was one"
            )
        if layout > LAYOUT:
            raise Misconfigured(
                f"{self.path} is written in layout {layout}, this version reads layouts up to {LAYOUT}; update augury"
            )
        row = connection.execute("SELECT id, layout, created_at, genesis FROM ledger").fetchone()
        if row is None or row[1] != layout or row[3] != genesis(row[0], row[2]):
            raise DamagedLedger(
                f"{self.path}: the first row, which says which ledger this is, was changed or removed (layout "
                f"{layout}); restore the file from a backup"
            )
        return Identity(id=row[0], created_at=row[2], genesis=row[3])

    def _check_path(self) -> None:
        try:
            folder = stat.S_ISDIR(self.path.stat().st_mode)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            folder = False
        except (OSError, ValueError) as error:  # such as a name that is too long
            raise InvalidInput(f"the ledger cannot be {str(self.path)!r:.80}: {error}") from error
        if folder:
            raise InvalidInput(f"the ledger should be a file, {self.path} is a folder; name a file in it")
        if not self.path.parent.is_dir():
            raise Misconfigured(f"the folder {self.path.parent} of the ledger does not exist; create it first")
        with suppress(FileNotFoundError), self._explained("read"), self.path.open("rb") as file:
            begin = file.read(len(_MAGIC))
            if begin and begin != _MAGIC:  # SQLite takes a very short file for an empty one
                raise DamagedLedger(
                    f"{self.path} does not begin like an SQLite file: it is damaged, or not a ledger at all; restore "
                    "it from a backup, or name another file"
                )

    def _read_mode(self) -> str:
        if os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK):
            return "mode=rw"
        waiting = self.path.with_name(self.path.name + "-wal")  # without it nobody is writing: nothing to lock
        return "mode=ro" if waiting.exists() and waiting.stat().st_size else "mode=ro&immutable=1"

    def _connect(self, mode: str) -> sqlite3.Connection:
        return sqlite3.connect(
            f"{self.path.absolute().as_uri()}?{mode}",
            uri=True,
            timeout=self.spec.busy_seconds,
            isolation_level=None,
            check_same_thread=False,
        )

    def _forget_inherited(self) -> None:
        if self._process != os.getpid():
            if self._writer is not None:
                _INHERITED.append(self._writer)
            self._writer, self._process = None, os.getpid()

    def _open_writer(self, before_creation: Callable[[], None]) -> sqlite3.Connection:
        self._forget_inherited()
        if self._writer is not None:
            if self._file() == self._writer_file:
                return self._writer
            self._writer.close()  # the file was replaced: what is written here would go nowhere
            self._writer = None
        self._check_path()
        if not self.path.exists():
            self._refuse_creation(before_creation)
        connection = self._connect("mode=rwc")
        try:
            self._prepare(connection, before_creation)
        except BaseException:
            connection.close()
            raise
        self._writer, self._writer_file = connection, self._file()
        return connection

    def _file(self) -> tuple[int, int]:
        """Which file the path means now."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return (0, 0)
        return (found.st_dev, found.st_ino)

    def _refuse_creation(self, before_creation: Callable[[], None]) -> None:
        """Asked before SQLite makes an empty file; another process may be making the ledger at this moment."""
        try:
            before_creation()
        except DamagedLedger:
            if not self.path.exists():
                raise

    def _prepare(self, connection: sqlite3.Connection, before_creation: Callable[[], None]) -> None:
        connection.execute(f"PRAGMA synchronous = {'FULL' if self.spec.durable else 'NORMAL'}")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            self.identity(connection)
        self._patiently(connection, f"PRAGMA journal_mode = {self.spec.journal}")
        self._begin(connection)
        with connection:
            if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
                before_creation()
                self._create(connection)
            self.identity(connection)

    def _create(self, connection: sqlite3.Connection) -> None:
        for statement in SCHEMA.values():
            connection.execute(statement)
        ledger, now = self._identity(), self._clock()
        connection.execute("INSERT INTO ledger VALUES (1, ?, ?, ?, ?)", (ledger, LAYOUT, now, genesis(ledger, now)))
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {LAYOUT}")

    def _begin(self, connection: sqlite3.Connection) -> None:
        self._patiently(connection, "BEGIN IMMEDIATE")

    def _patiently(self, connection: sqlite3.Connection, statement: str) -> None:
        """Run it again while others hold the file: SQLite's own wait does not cover every case."""
        deadline = time.monotonic() + self.spec.busy_seconds
        while True:
            try:
                connection.execute(statement)
            except sqlite3.OperationalError as error:
                if code_of(error) not in LOCKED or time.monotonic() >= deadline:
                    raise
                time.sleep(_RETRY_SECONDS)
            else:
                return

    @contextmanager
    def _explained(self, doing: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise explained(error, self.path, doing) from error
        except PermissionError as error:
            raise Misconfigured(
                f"{self.path}: cannot {doing} the ledger ({error.strerror}): ask for the rights"
            ) from error
        except UnicodeDecodeError as error:  # SQLite's message quotes bytes of the file that are not text any more
            raise explained(sqlite3.DatabaseError(str(error)), self.path, doing) from error
