"""Files that are either wholly there or not at all, and the lock that writers take."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from augury.errors import Misconfigured, Unavailable

__all__ = ["explained", "locked", "make_folders", "publish", "sync_folder"]

_FOR_NOW = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ESTALE}
_POLL_SECONDS = 0.01


@contextmanager
def explained(doing: str, path: Path) -> Iterator[None]:
    """Turn an OSError into Unavailable (a full disk, for instance: retry) or Misconfigured (rights, not a folder)."""
    try:
        yield
    except OSError as error:
        why = f"{path}: cannot {doing}: {error.strerror or error}"
        if error.errno in _FOR_NOW:
            raise Unavailable(f"{why}; what was stored before is unchanged, make room and retry") from error
        raise Misconfigured(f"{why}; the store needs a folder that this user may read and write") from error


def make_folders(path: Path) -> None:
    """Make a folder and those above it, each durable before anything is put into it."""
    if path.is_dir():
        return
    make_folders(path.parent)
    with suppress(FileExistsError):
        path.mkdir()
        sync_folder(path.parent)
    os.stat(path / ".")  # a file of that name is an error here, not later  # noqa: PTH116


def sync_folder(path: Path) -> None:
    """Make renames and removals in a folder durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def publish(path: Path, content: bytes) -> None:
    """Put a file in place at once: whoever opens `path` sees the old content or the new, never a part of it.

    The content is durable before the name points to it, and the name before the call returns.
    """
    draft = path.with_name(path.name + ".tmp")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(handle, rest) :]
            os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(draft, path)  # noqa: PTH105
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


@contextmanager
def locked(path: Path, timeout_seconds: float) -> Iterator[None]:
    """Hold the lock of a file; the system drops it when the process ends, however it ends.

    Raises Unavailable when another writer holds it for longer than `timeout_seconds`.
    """
    deadline = time.monotonic() + timeout_seconds
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    holder = os.pread(handle, 20, 0).decode(errors="replace").strip() or "unknown"
                    raise Unavailable(
                        f"{path.name.removesuffix('.lock')}: another writer (process {holder}) held the lock for "
                        f"{timeout_seconds:g} s; retry, or pass a longer lock_timeout_seconds"
                    ) from None
                time.sleep(_POLL_SECONDS)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)
