"""Who owns files in the folder: a process, by a lock that the system drops when it ends, however it ends."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

__all__ = ["Owner", "claim_new", "claim_orphans", "files_of", "sync_folder"]

_LOCK, _SPILL = ".lock", ".spill"


class Owner:
    """A name in the folder that is ours until `release`; files that begin with it are ours to write and to delete."""

    def __init__(self, folder: Path, name: str, descriptor: int) -> None:
        self.folder, self.name = folder, name
        self._descriptor = descriptor

    def file(self, number: int) -> Path:
        """The path of our file of this number."""
        return self.folder / f"{self.name}.{number:08d}{_SPILL}"

    def file_for_others(self, number: int, records: int) -> Path:
        """The path that makes our file of this number an orphan, whose name says how many records it holds."""
        return self.folder / f"{self.name}-out.{number:08d}.{records}{_SPILL}"

    def release(self) -> None:
        """Give the name up. Files that are left are an orphan's, for whoever looks next."""
        try:
            if not files_of(self.folder, self.name):
                (self.folder / f"{self.name}{_LOCK}").unlink(missing_ok=True)
        except FileNotFoundError:  # somebody deleted the folder
            pass
        finally:
            os.close(self._descriptor)


def claim_new(folder: Path) -> Owner:
    """A new name, ours."""
    while True:
        owner = _claim(folder, f"{os.getpid()}-{secrets.token_hex(6)}", os.O_EXCL)
        if owner is not None:
            return owner


def claim_orphans(folder: Path) -> Iterator[Owner]:
    """Each name whose process has ended, ours for one turn of the loop; it is released afterwards."""
    names = {path.name.partition(".")[0] for path in folder.iterdir() if path.suffix in (_LOCK, _SPILL)}
    for name in sorted(names):
        owner = _claim(folder, name, 0)
        if owner is not None:
            try:
                yield owner
            finally:
                owner.release()


def files_of(folder: Path, name: str) -> list[Path]:
    """The files of a name, oldest first."""
    return sorted(path for path in folder.iterdir() if path.suffix == _SPILL and path.name.startswith(f"{name}."))


def sync_folder(folder: Path) -> None:
    """Make sure that files made in the folder are still there after the machine fails."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _claim(folder: Path, name: str, how: int) -> Owner | None:
    """Lock the name; None when another holds it, or took its lock away between opening and locking it."""
    path = folder / f"{name}{_LOCK}"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | how, 0o600)
    except PermissionError:
        if how:
            raise
        return None  # another user's
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(descriptor).st_ino == path.stat().st_ino:
            return Owner(folder, name, descriptor)
    except (BlockingIOError, FileNotFoundError):
        pass
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None
