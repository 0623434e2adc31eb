"""The spill log: frames of one process on disk, in files that go when what they hold is in the database."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from augury.errors import Misconfigured, Unavailable
from augury_server.serving.recording.encoding import FORMAT
from augury_server.serving.recording.ownership import Owner, claim_new, sync_folder

__all__ = ["SpillLog", "Stretch"]

_FILE_BYTES = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Frames that lie one after the other in a file, from `start` to `end`, all of them on disk for certain."""

    path: Path
    start: int
    end: int
    records: int


@dataclass(slots=True)
class _File:
    path: Path
    descriptor: int | None
    start: int
    end: int
    records: int = 0


class SpillLog:
    """Appends frames and hands them out again, oldest first; any thread may do either.

    A frame counts from the moment that `append` returns: it is on disk then, and survives whatever ends the process.
    `limit_bytes` bounds the room of all processes that share the folder, to within what each of them has appended since
    it last began a file.
    """

    def __init__(self, folder: Path, *, limit_bytes: int, file_bytes: int = _FILE_BYTES) -> None:
        self.folder = folder
        self.backlog = self.backlog_bytes = 0
        self._limit, self._file_bytes = limit_bytes, min(file_bytes, max(limit_bytes // 4, 1))
        self._lock = threading.Lock()
        self._files: list[_File] = []
        self._number = self._others = self._handed = 0
        self._owner: Owner | None = None

    @property
    def name(self) -> str:
        """The name that our files begin with; empty while the log is not open."""
        return self._owner.name if self._owner is not None else ""

    def open(self) -> None:
        """Make the folder and claim a name in it. Raises Misconfigured where that is not possible."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._owner = claim_new(self.folder)
        except OSError as error:
            raise Misconfigured(
                f"{self.folder}: predictions cannot be kept there: {error.strerror}; this user should be allowed to "
                "write there, or set serving.record to off"
            ) from error

    def append(self, frames: Sequence[bytes]) -> None:
        """Put frames on disk, all or none of them.

        Raises Unavailable when the limit is reached or the disk is full; what was there before stays as it is.
        """
        data = b"".join(frames)
        with self._lock:
            if self._owner is None:
                raise Unavailable(f"{self.folder}: the spill log is closed")
            try:
                self._check_room(len(data))
                file = self._append(data)
            except OSError as error:
                raise Unavailable(
                    f"{self.folder}: {len(frames):,} records cannot be put on disk: {error.strerror}; make room"
                ) from error
            file.end += len(data)
            file.records += len(frames)
            self.backlog += len(frames)
            self.backlog_bytes += len(data)

    def stretches(self) -> list[Stretch]:
        """What waits, oldest first."""
        with self._lock:
            return [
                Stretch(path=one.path, start=one.start, end=one.end, records=one.records)
                for one in self._files
                if one.records
            ]

    def forget(self, stretch: Stretch) -> None:
        """Let go of what is in the database now; a file that holds nothing else is deleted."""
        with self._lock:
            (file,) = (one for one in self._files if one.path == stretch.path)
            file.start, file.records = stretch.end, file.records - stretch.records
            self.backlog -= stretch.records
            self.backlog_bytes -= stretch.end - stretch.start
            if file.records:
                return
            self._seal(file)
            self._files.remove(file)
        file.path.unlink(missing_ok=True)

    def hand_over(self) -> None:
        """Make orphans of all that waits, so that another process may take it at once."""
        with self._lock:
            while self._owner is not None and self._files:
                file = self._files[0]
                self._seal(file)
                self._handed += 1
                file.path.rename(self._owner.file_for_others(self._handed, file.records))
                self.backlog -= file.records
                self.backlog_bytes -= file.end - file.start
                del self._files[0]

    def orphaned(self) -> tuple[int, int]:
        """Records and bytes that were handed over, by all processes of the folder, and are there still."""
        records = size = 0
        for entry in os.scandir(self.folder):
            parts = entry.name.split(".")
            if len(parts) == 4 and parts[2].isdecimal():
                with suppress(FileNotFoundError):
                    size += entry.stat().st_size
                    records += int(parts[2])
        return records, size

    def close(self) -> None:
        """Give the name up; what still waits is an orphan's."""
        with self._lock:
            for file in self._files:
                self._seal(file)
            if self._owner is not None:
                self._owner.release()
                self._owner = None

    def _check_room(self, more: int) -> None:
        own = sum(file.end for file in self._files)
        if not own or self._others + own + more > self._limit:
            self._others = self._measure_others()
        if self._others + own + more > self._limit:
            raise Unavailable(
                f"{self.folder}: {(self._others + own) / 1e6:.1f} MB of records wait there for the database; "
                "serving.spill_megabytes allows no more"
            )

    def _measure_others(self) -> int:
        """Bytes in files of other processes."""
        total = 0
        for entry in os.scandir(self.folder):
            if entry.name.endswith(".spill") and not entry.name.startswith(f"{self.name}."):
                with suppress(FileNotFoundError):
                    total += entry.stat().st_size
        return total

    def _append(self, data: bytes) -> _File:
        """Write to the newest file, or to a new one. A file that failed once is not trusted again."""
        try:
            return self._append_once(data)
        except OSError:
            return self._append_once(data)

    def _append_once(self, data: bytes) -> _File:
        file = self._files[-1] if self._files else None
        if file is None or file.descriptor is None or (file.records and file.end + len(data) > self._file_bytes):
            if file is not None:
                self._seal(file)
            file = self._begin()
        assert file.descriptor is not None
        try:
            _write(file.descriptor, data)
            os.fdatasync(file.descriptor)
        except OSError:
            with suppress(OSError):
                os.ftruncate(file.descriptor, file.end)
            self._seal(file)
            if not file.records:
                self._files.remove(file)
                file.path.unlink(missing_ok=True)
            raise
        return file

    def _begin(self) -> _File:
        assert self._owner is not None
        self._others = self._measure_others()
        self._number += 1
        path = self._owner.file(self._number)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        try:
            _write(descriptor, FORMAT)
            sync_folder(self.folder)
        except OSError:
            os.close(descriptor)
            path.unlink(missing_ok=True)
            raise
        self._files.append(_File(path=path, descriptor=descriptor, start=len(FORMAT), end=len(FORMAT)))
        return self._files[-1]

    def _seal(self, file: _File) -> None:
        if file.descriptor is not None:
            with suppress(OSError):  # what counts is on disk already
                os.close(file.descriptor)
            file.descriptor = None


def _write(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
