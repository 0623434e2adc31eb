"""The small file beside the ledger that remembers its newest entry, so that lost and removed entries are noticed."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from augury.errors import InvalidInput, Misconfigured, Unavailable
from augury.ledger.anchor import Anchor
from augury.ledger.damage import DamagedLedger

__all__ = ["advance_head", "head_path", "read_head"]

_BYTES = 160
_TRIES = 200


def head_path(ledger: Path) -> Path:
    """The file beside this ledger: its name and ".head"."""
    return ledger.with_name(ledger.name + ".head")


def read_head(ledger: Path) -> Anchor | None:
    """The newest entry that was acknowledged, None when the file is missing; DamagedLedger when it is not an anchor."""
    path = head_path(ledger)
    try:
        with _opened(path, os.O_RDONLY) as handle:
            _lock(handle, fcntl.LOCK_SH)
            content = os.pread(handle, _BYTES + 1, 0)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Misconfigured(
            f"{path}: cannot be read ({error.strerror}); ask for the rights, or move it away"
        ) from error
    return _parsed(path, content) if content else None


def advance_head(ledger: Path, newest: Anchor, *, back: bool = False) -> None:
    """Write the anchor unless the file has a later one already; with `back` even then.

    Called after the commit, so that the file is never ahead of the ledger unless entries were lost. A writer that finds
    the file held leaves it: the holder, or the next writer, brings it up to date, and until then it only remembers
    less.
    """
    path = head_path(ledger)
    try:
        with _opened(path, os.O_RDWR | os.O_CREAT) as handle:
            if not _lock(handle, fcntl.LOCK_EX):
                return
            content = os.pread(handle, _BYTES + 1, 0)
            if content and not back and _parsed(path, content).sequence >= newest.sequence:
                return
            os.pwrite(handle, f"{newest}\n".rjust(_BYTES).encode(), 0)
    except OSError as error:
        raise Unavailable(
            f"entry {newest.sequence} is recorded, but {path}, which should remember it, cannot be written "
            f"({error.strerror}); make room or ask for the rights: the next entry writes it again"
        ) from error


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    handle = os.open(path, flags, 0o644)
    try:
        yield handle
    finally:
        os.close(handle)


def _lock(handle: int, kind: int) -> bool:
    for _ in range(_TRIES):
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            os.sched_yield()
        else:
            return True
    return False


def _parsed(path: Path, content: bytes) -> Anchor:
    try:
        if len(content) == _BYTES:
            return Anchor.parse(content.decode("ascii"))
    except (InvalidInput, UnicodeDecodeError):
        pass
    raise DamagedLedger(
        f"{path} does not hold the anchor that was written; verify the ledger with an anchor you kept elsewhere, then "
        "delete this file: the next entry makes it again"
    )
