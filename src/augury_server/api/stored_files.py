"""The files that were uploaded, and what operations made beside them: listed, opened, removed; told by their hash."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from augury.errors import NotFound, nearest
from augury_server.api.etags import if_match_fails
from augury_server.api.problems import ProblemError
from augury_server.api.remote_files import checked_name, files_folder

__all__ = ["StoredFile", "delete_file", "demand", "exclusively", "find_file", "list_files", "open_file"]

_LOCK = ".lock"
_MOST_DIGESTS = 4096
_digests: dict[tuple[int, int, int, int], str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file, or a folder that an operation made, in the folder of files. A folder has no tag."""

    name: str
    is_folder: bool
    size: int
    changed_at: datetime
    etag: str | None = None


def list_files() -> list[StoredFile]:
    """Files and folders by name, without drafts, locks and links."""
    found = []
    for entry in sorted(os.scandir(files_folder()), key=lambda entry: entry.name):
        with suppress(FileNotFoundError):  # removed meanwhile
            if not entry.name.startswith(".") and not entry.is_symlink():
                found.append(_stored(Path(entry.path), entry.stat(follow_symlinks=False), None))
    return found


def open_file(name: str) -> tuple[int, StoredFile]:
    """A descriptor of a file's content, which the caller closes, and what it is; that goes on to be so.

    Raises NotFound with the nearest names, and a problem with status 409 for a folder.
    """
    path = files_folder() / checked_name(name)
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise NotFound(f"no file is named {name!r}; {nearest(name, [each.name for each in list_files()])}") from error
    try:
        return handle, _opened(path, handle)
    except BaseException:
        os.close(handle)
        raise


def find_file(name: str) -> StoredFile | None:
    """What is there under a name; None when nothing is, or a link."""
    path = files_folder() / checked_name(name)
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(status.st_mode):
        return _stored(path, status, None)
    if not stat.S_ISREG(status.st_mode):
        return None
    handle, found = open_file(name)
    os.close(handle)
    return found


def delete_file(name: str, conditions: Mapping[str, str], announce: Callable[[], object] = lambda: None) -> StoredFile:
    """Remove a file, or a folder with what is in it, if the headers of the request allow it.

    `announce` is called when nothing speaks against it any more, just before; what it raises prevents it. Raises
    NotFound, and a problem with status 412 when something else is there than If-Match says.
    """
    checked_name(name)
    with exclusively():
        known = find_file(name)
        if known is None:
            raise NotFound(f"no file is named {name!r}; {nearest(name, [each.name for each in list_files()])}")
        demand(known, conditions)
        path = files_folder() / name
        announce()
        if known.is_folder:
            shutil.rmtree(path)
        else:
            path.unlink()
    return known


def demand(known: StoredFile | None, conditions: Mapping[str, str]) -> None:
    """Raise a problem with status 412 when If-Match names something else than what is there."""
    if if_match_fails(conditions, None if known is None else known.etag):
        there = "nothing" if known is None else known.etag or "a folder"
        raise ProblemError("precondition-failed", f"If-Match is {conditions['if-match'][:100]}, and {there} is there")


@contextmanager
def exclusively() -> Iterator[None]:
    """One process and thread at a time changes what is in the folder."""
    handle = os.open(files_folder() / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _opened(path: Path, handle: int) -> StoredFile:
    status = os.fstat(handle)
    if stat.S_ISDIR(status.st_mode):
        raise ProblemError("conflict", f"{path.name} is a folder that an operation made; it is not sent as a whole")
    if not stat.S_ISREG(status.st_mode):
        raise NotFound(f"{path.name!r} is no file")
    return _stored(path, status, _tag_of(handle, status))


def _tag_of(handle: int, status: os.stat_result) -> str:
    """The tag of an open file: SHA-256 of its content, worked out once for as long as it is the same one."""
    key = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
    digest = _digests.get(key)
    if digest is None:
        with os.fdopen(os.dup(handle), "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.lseek(handle, 0, os.SEEK_SET)
        while len(_digests) >= _MOST_DIGESTS:
            _digests.pop(next(iter(_digests)), None)
        _digests[key] = digest
    return f'"{digest}"'


def _stored(path: Path, status: os.stat_result, etag: str | None) -> StoredFile:
    folder = stat.S_ISDIR(status.st_mode)
    size = sum(_size_of(each) for each in path.rglob("*")) if folder else status.st_size
    return StoredFile(
        name=path.name,
        is_folder=folder,
        size=size,
        changed_at=datetime.fromtimestamp(status.st_mtime, UTC),
        etag=etag,
    )


def _size_of(path: Path) -> int:
    try:
        status = path.lstat()
    except OSError:
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0
