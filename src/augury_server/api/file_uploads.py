"""A file on its way up: written beside its place and renamed, whole or not at all."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from augury.errors import Unavailable
from augury_server.api.etags import is_unchanged
from augury_server.api.problems import ProblemError
from augury_server.api.remote_files import checked_name, files_folder, used_bytes
from augury_server.api.stored_files import StoredFile, demand, exclusively, find_file
from augury_server.settings.current import current_settings

__all__ = ["Upload"]

_DRAFT = ".upload-"
_MEGABYTE = 1_000_000


class Upload:
    """A file on its way: `write` its pieces, then `finish`, and `drop` it in any case.

    The draft of a process that was killed is removed by the next upload. Raises Refused for a name that may not be.
    """

    def __init__(self, name: str) -> None:
        self.name = checked_name(name)
        self._folder = files_folder()
        self._hash = hashlib.sha256()
        self.size = self._claimed = 0
        with exclusively():  # between being made and being locked a draft looks abandoned
            _remove_abandoned(self._folder)
            self._handle, draft = tempfile.mkstemp(dir=self._folder, prefix=_DRAFT)
            self._draft = Path(draft)
            fcntl.flock(self._handle, fcntl.LOCK_EX)

    @property
    def digest(self) -> str:
        """SHA-256 of what came so far, as hexadecimal digits."""
        return self._hash.hexdigest()

    def expect(self, size: int) -> None:
        """Claim room for so many bytes, which other uploads then leave; a problem with status 413 when there is none.

        The draft is made that long, so that whoever measures the folder counts what is claimed.
        """
        if size <= self._claimed:
            return
        with exclusively():
            replaced = find_file(self.name)
            room = _most_bytes() - used_bytes() + self._claimed + (0 if replaced is None else replaced.size)
            if size > room:
                most = _most_bytes() // _MEGABYTE
                raise ProblemError(
                    "body-too-large", f"the files may hold {most} MB in all (api.files_megabytes); delete some"
                )
            try:
                os.ftruncate(self._handle, size)
            except OSError as error:
                raise Unavailable(f"the file could not be written: {error.strerror}; nothing was kept") from error
            self._claimed = size

    def write(self, piece: bytes) -> None:
        """Add a piece. Raises what `expect` raises, and Unavailable when it cannot be written."""
        self.size += len(piece)
        self.expect(self.size)
        self._hash.update(piece)
        left = memoryview(piece)
        try:
            while left:
                left = left[os.write(self._handle, left) :]
        except OSError as error:
            raise Unavailable(f"the file could not be written: {error.strerror}; nothing was kept") from error

    def finish(
        self, conditions: Mapping[str, str], announce: Callable[[], object] = lambda: None
    ) -> tuple[StoredFile, bool]:
        """Put the file in its place, if the headers of the request allow it; the file, and whether it is a new one.

        `announce` is called when nothing speaks against it any more, just before; what it raises prevents it. Raises
        problems: 412 when something else is there than If-Match says, or what If-None-Match names; 409 for a
        folder or a link; 413 when others took the room.
        """
        place = self._folder / self.name
        os.ftruncate(self._handle, self.size)  # no more than came, whatever was claimed
        os.fsync(self._handle)
        with exclusively():
            known = find_file(self.name)
            demand(known, conditions)
            if is_unchanged(conditions, "a folder" if known and known.is_folder else known.etag if known else None):
                raise ProblemError("precondition-failed", f"{self.name} is there, which If-None-Match excludes")
            if place.is_symlink() or (known is not None and known.is_folder) or (known is None and place.exists()):
                raise ProblemError("conflict", f"{self.name} is no plain file and is not replaced; take another name")
            if used_bytes() - (known.size if known else 0) > _most_bytes():
                raise ProblemError(
                    "body-too-large", "others took the room meanwhile (api.files_megabytes); delete some"
                )
            announce()
            self._draft.replace(place)
            changed = place.lstat().st_mtime
        os.close(self._handle)
        self._handle = -1
        made = StoredFile(
            name=self.name,
            is_folder=False,
            size=self.size,
            changed_at=datetime.fromtimestamp(changed, UTC),
            etag=f'"{self.digest}"',
        )
        return made, known is None

    def drop(self) -> None:
        """Forget what came so far; nothing happens when it is in its place."""
        if self._handle >= 0:
            self._draft.unlink(missing_ok=True)
            os.close(self._handle)
            self._handle = -1


def _most_bytes() -> int:
    return current_settings().api.files_megabytes * _MEGABYTE


def _remove_abandoned(folder: Path) -> None:
    for draft in folder.glob(f"{_DRAFT}*"):
        try:
            handle = os.open(draft, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            continue  # just removed by its owner
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            draft.unlink(missing_ok=True)
        except BlockingIOError:
            continue  # its owner is at work
        finally:
            os.close(handle)
