"""Scores kept by text hash and model version: in memory, and in one SQLite file when asked."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from augury.arrays import FloatMatrix
from augury.errors import InvalidInput, Misconfigured, Unavailable
from augury.sentiment.model import LABELS, SentimentModel, check_texts

__all__ = ["CacheStatistics", "CachedModel", "ScoreCache", "text_key"]

Row = tuple[float, float, float]

BUSY_SECONDS = 10.0
APPLICATION_ID = 0x41554753  # "AUGS": marks the file as ours
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS score (version TEXT NOT NULL, text_key BLOB NOT NULL, positive REAL NOT NULL, "
    "negative REAL NOT NULL, neutral REAL NOT NULL, PRIMARY KEY (version, text_key)) WITHOUT ROWID"
)


def text_key(text: str) -> bytes:
    """SHA-256 of the whole text: two texts of equal length are two keys."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheStatistics:
    """Texts answered from the cache, texts that were not there, and rows now held in memory."""

    hits: int
    misses: int
    entries: int

    @property
    def hit_rate(self) -> float:
        """hits / (hits + misses); NaN before the first question."""
        asked = self.hits + self.misses
        return self.hits / asked if asked else float("nan")


class ScoreCache:
    """Rows of probabilities by (model version, SHA-256 of the text), the least recently used dropped from memory first.

    With `path`, every row is also written to that SQLite file, which several processes may share: writes are
    transactions, a killed process leaves the file whole. Safe to use from several threads. Raises InvalidInput for a
    capacity below 1, Misconfigured when the file is damaged or is not a score cache, Unavailable when it stays locked.
    """

    def __init__(self, *, capacity: int = 100_000, path: str | os.PathLike[str] | None = None) -> None:
        if capacity < 1:
            raise InvalidInput(f"capacity must be at least 1 row, got {capacity}")
        self._capacity = capacity
        self._lock = threading.Lock()
        self._rows: OrderedDict[tuple[str, bytes], Row] = OrderedDict()
        self._hits = 0
        self._misses = 0
        self._file = None if path is None else _ScoreFile(Path(path))

    def get_many(self, version: str, keys: Sequence[bytes]) -> dict[bytes, Row]:
        """The rows known for these keys under this model version; each key asked counts as one hit or one miss."""
        with self._lock:
            found = {key: self._rows[version, key] for key in keys if (version, key) in self._rows}
            for key in found:
                self._rows.move_to_end((version, key))
            missing = list(dict.fromkeys(key for key in keys if key not in found))
            if self._file is not None and missing:
                stored = self._file.read(version, missing)
                self._keep(version, stored)
                found.update(stored)
            hits = sum(key in found for key in keys)
            self._hits += hits
            self._misses += len(keys) - hits
        return found

    def put_many(self, version: str, rows: Mapping[bytes, Row]) -> None:
        """Keep these rows under this model version, in memory and in the file."""
        with self._lock:
            if self._file is not None and rows:
                self._file.write(version, rows)
            self._keep(version, rows)

    def statistics(self) -> CacheStatistics:
        """Hits and misses since the cache was made, and the rows in memory."""
        with self._lock:
            return CacheStatistics(hits=self._hits, misses=self._misses, entries=len(self._rows))

    def close(self) -> None:
        """Close the file; the cache goes on working in memory and opens the file again when needed."""
        with self._lock:
            if self._file is not None:
                self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _keep(self, version: str, rows: Mapping[bytes, Row]) -> None:
        for key, row in rows.items():
            self._rows[version, key] = row
            self._rows.move_to_end((version, key))
        while len(self._rows) > self._capacity:
            self._rows.popitem(last=False)


class CachedModel:
    """A sentiment model that asks `cache` first; itself a SentimentModel with the same name, version and cut-off.

    The key is the whole text's hash and the model's version, so neither equal lengths nor a new model can give a stale
    score. A text that stands twice in one call is scored once.
    """

    def __init__(self, model: SentimentModel, cache: ScoreCache | None = None) -> None:
        self.model = model
        self.cache = ScoreCache() if cache is None else cache
        self.name = model.name
        self.version = model.version
        self.training_cutoff = model.training_cutoff

    def score(self, texts: Sequence[str]) -> FloatMatrix:
        """float64[n, 3] probabilities; equal to the model's own, bit for bit."""
        checked = check_texts(texts)
        keys = [text_key(text) for text in checked]
        rows = self.cache.get_many(self.version, keys)
        fresh = {key: text for key, text in zip(keys, checked, strict=True) if key not in rows}
        if fresh:
            scored = dict(zip(fresh, _rows_of(self.model.score(list(fresh.values()))), strict=True))
            self.cache.put_many(self.version, scored)
            rows |= scored
        return np.array([rows[key] for key in keys], dtype=np.float64).reshape(len(keys), len(LABELS))


def _rows_of(probabilities: FloatMatrix) -> Iterable[Row]:
    return (tuple(row) for row in probabilities.tolist())


class _ScoreFile:
    """The SQLite side: one connection per process, opened on first use; calls are serialised by the cache's lock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._process = os.getpid()
        self.read("", [])  # a damaged or foreign file is refused when the cache is made, not in mid-run

    def read(self, version: str, keys: Sequence[bytes]) -> dict[bytes, Row]:
        query = "SELECT positive, negative, neutral FROM score WHERE version = ? AND text_key = ?"
        found: dict[bytes, Row] = {}
        try:
            connection = self._open()
            for key in keys:
                row = connection.execute(query, (version, key)).fetchone()
                if row is not None:
                    found[key] = row
        except sqlite3.Error as error:
            raise self._explained(error) from error
        return found

    def write(self, version: str, rows: Mapping[bytes, Row]) -> None:
        statement = "INSERT OR REPLACE INTO score VALUES (?, ?, ?, ?, ?)"
        try:
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            with connection:
                connection.executemany(statement, [(version, key, *row) for key, row in rows.items()])
        except sqlite3.Error as error:
            raise self._explained(error) from error

    def close(self) -> None:
        if self._connection is not None and self._process == os.getpid():
            self._connection.close()
        self._connection = None

    def __del__(self) -> None:
        self.close()

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None and self._process == os.getpid():
            return self._connection
        if not self._path.parent.is_dir():
            raise Misconfigured(f"the folder {self._path.parent} of the score cache does not exist; create it first")
        connection = sqlite3.connect(self._path, timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None)
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        self._connection, self._process = connection, os.getpid()
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("BEGIN IMMEDIATE")
        with connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            mark = connection.execute("PRAGMA application_id").fetchone()[0]
            if tables and mark != APPLICATION_ID:
                raise Misconfigured(
                    f"{self._path} is an SQLite file of something else (tables {sorted(tables)}), not a score cache; "
                    "name another file"
                )
            connection.execute(_SCHEMA)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")

    def _explained(self, error: sqlite3.Error) -> Misconfigured | Unavailable:
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            return Unavailable(f"the score cache {self._path} stayed locked for {BUSY_SECONDS:.0f} s: {error}; retry")
        return Misconfigured(
            f"the score cache {self._path} cannot be used ({error}): damaged, not SQLite or not writable; "
            "delete it (it only holds scores that can be computed again) or name another file"
        )
