"""Files stored under their own SHA-256, in a folder or at any fsspec URL: there whole, or not at all.

    blobs/ab/ab12...   a stored file, named for its content
    drafts/...         what is being written; renamed when it is whole, read back and found right

A remote store (s3://, gs://, ...) needs its fsspec package; credentials come from that package's own configuration.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import fsspec
from fsspec.implementations.local import LocalFileSystem
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from augury.errors import InvalidArtefact, Misconfigured, MissingExtra, Unavailable
from augury.market.store_disk import make_folders, sync_folder
from augury_server.registry.artefact_files import CHUNK, ArtefactFile, opened_plain
from augury_server.registry.storage_url import shown_url, storage_url

__all__ = ["Blob", "BlobStore", "open_store"]

Value = TypeVar("Value")
_WRITES = 3
_TIMES = ("mtime", "LastModified", "last_modified", "updated", "modified", "created")
_FINAL = (FileNotFoundError, PermissionError, NotADirectoryError, IsADirectoryError, FileExistsError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """One stored file: its path in the store, its size, and when it was written where the store knows."""

    path: str
    size_bytes: int
    written_at: datetime | None

    @property
    def sha256(self) -> str:
        """The name that it is stored under."""
        return self.path.rpartition("/")[2]


def open_store() -> BlobStore:
    """The store that the settings name."""
    return BlobStore(storage_url())


class BlobStore:
    """A content-addressed store.

    What fails for a moment is tried again `attempts` times with growing, random pauses; then it raises Unavailable.
    Misconfigured where the store may not be used as it is set up.
    """

    def __init__(self, url: str, *, attempts: int = 4, longest_pause_seconds: float = 5.0) -> None:
        self.shown = shown_url(url)
        self._retrying = Retrying(
            stop=stop_after_attempt(attempts),
            wait=wait_random_exponential(0.1, max=longest_pause_seconds),
            retry=retry_if_exception(lambda error: isinstance(error, OSError) and not isinstance(error, _FINAL)),
            reraise=True,
        )
        try:
            filesystem, root = fsspec.core.url_to_fs(url, use_listings_cache=False)
        except ImportError as error:
            raise MissingExtra(f"artefacts at {self.shown} need another package: {error}") from error
        except ValueError as error:
            raise Misconfigured(f"artefacts.url {self.shown!r} cannot be used: {error}") from error
        self.filesystem: Any = filesystem
        self._root = root.rstrip("/")
        self.local = isinstance(filesystem, LocalFileSystem)

    def path_of(self, sha256: str) -> str:
        """Where in the store a file of that hash lies."""
        return f"{self._root}/blobs/{sha256[:2]}/{sha256}"

    def holds(self, file: ArtefactFile) -> bool:
        """Whether a file of that hash and size is stored; its content is not read."""
        return self._size(self.path_of(file.sha256)) == file.size_bytes

    def damage(self, file: ArtefactFile) -> str | None:
        """What is wrong with the stored file, in words, after hashing all of it; None when it is as registered."""
        try:
            found = self._run("read the store", lambda: self._hashed(self.path_of(file.sha256)))
        except FileNotFoundError:
            return f"{file.name} is missing from {self.shown}"
        if found == file.sha256:
            return None
        return f"{file.name} in {self.shown} was altered: expected SHA-256 {file.sha256}, found {found}"

    def put(self, file: ArtefactFile, source: Path) -> bool:
        """Store a file unless it is there and right; whether it was written.

        Written as a draft, read back, and renamed. Raises InvalidArtefact when `source` is no longer what was hashed.
        """
        if self.damage(file) is None:
            return False
        for _ in range(_WRITES):
            if self._put(file, source):
                return True
        raise Unavailable(f"what is written of {file.name} to {self.shown} reads back otherwise; check the store")

    def fetch(self, file: ArtefactFile, target: Path) -> None:
        """Copy a stored file to `target`, hashing it on the way.

        Raises InvalidArtefact, naming the file, when it is missing or not what was registered; `target` is then gone.
        """
        path, digest, size = self.path_of(file.sha256), hashlib.sha256(), 0

        def copy() -> None:
            nonlocal digest, size
            digest, size = hashlib.sha256(), 0
            with self.filesystem.open(path, "rb") as stored, target.open("wb") as written:
                for chunk in _chunks(stored):
                    digest.update(chunk)
                    size += len(chunk)
                    written.write(chunk)

        try:
            self._run(f"read {file.name}", copy)
        except FileNotFoundError:
            target.unlink(missing_ok=True)
            raise InvalidArtefact(f"{file.name} is missing from {self.shown}") from None
        if size != file.size_bytes or digest.hexdigest() != file.sha256:
            target.unlink(missing_ok=True)
            raise InvalidArtefact(
                f"{file.name} in {self.shown} was altered: expected {file.size_bytes:,} bytes with SHA-256 "
                f"{file.sha256}, found {size:,} with {digest.hexdigest()}"
            )

    def blobs(self) -> Iterator[Blob]:
        """Every stored file, folder by folder."""
        for folder in self._listed(f"{self._root}/blobs"):
            if folder["type"] == "directory":
                yield from self._files(folder["name"])

    def drafts(self) -> Iterator[Blob]:
        """What is being written, or was when its writer ended."""
        yield from self._files(f"{self._root}/drafts")

    def delete(self, blob: Blob) -> None:
        """Remove a stored file or draft; nothing happens when it is gone already."""

        def remove() -> None:
            try:
                self.filesystem.rm_file(blob.path)
            except FileNotFoundError:
                return

        self._run(f"delete {blob.path}", remove)

    def _put(self, file: ArtefactFile, source: Path) -> bool:
        """Write a draft and publish it; False when it reads back otherwise than `source`."""
        final, draft, doing = self.path_of(file.sha256), f"{self._root}/drafts/{uuid.uuid4().hex}", f"write {file.name}"
        try:
            self._run(doing, lambda: self._write(draft, source))
            if self._run(doing, lambda: self._hashed(draft)) == file.sha256:
                self._run(doing, lambda: self._publish(draft, final))
                return True
        except BaseException as error:
            self._discard(draft)
            if isinstance(error, FileNotFoundError):
                raise Unavailable(f"{file.name} vanished from {self.shown} while it was written; retry") from error
            raise
        self._discard(draft)
        with opened_plain(source) as again:
            if _digest(again) != file.sha256:
                raise InvalidArtefact(f"{source} changed while it was registered; register it again")
        return False

    def _write(self, draft: str, source: Path) -> None:
        if self.local:
            make_folders(Path(draft).parent)
        else:
            self.filesystem.makedirs(draft.rpartition("/")[0], exist_ok=True)
        with opened_plain(source) as read, self.filesystem.open(draft, "wb") as written:
            for chunk in _chunks(read):
                written.write(chunk)
        if self.local:
            _sync(draft)

    def _publish(self, draft: str, final: str) -> None:
        if self.local:
            make_folders(Path(final).parent)
            Path(draft).replace(final)
            sync_folder(Path(final).parent)
        else:
            self.filesystem.makedirs(final.rpartition("/")[0], exist_ok=True)
            try:
                self.filesystem.mv(draft, final)
            except FileNotFoundError:  # an attempt before this one got further than it could tell
                if not self.filesystem.exists(final):
                    raise

    def _discard(self, draft: str) -> None:
        try:
            self.filesystem.rm_file(draft)
        except OSError:
            return  # it was not written, or cannot be reached: `collect` removes what is left

    def _size(self, path: str) -> int | None:
        def look() -> int | None:
            try:
                return int(self.filesystem.info(path)["size"])
            except FileNotFoundError:
                return None

        return self._run("look into the store", look)

    def _hashed(self, path: str) -> str:
        with self.filesystem.open(path, "rb") as stored:
            return _digest(stored)

    def _listed(self, path: str) -> list[dict[str, Any]]:
        def look() -> list[dict[str, Any]]:
            try:
                return sorted(self.filesystem.ls(path, detail=True), key=lambda found: str(found["name"]))
            except FileNotFoundError:
                return []

        return self._run("list the store", look)

    def _files(self, folder: str) -> Iterator[Blob]:
        for found in self._listed(folder):
            if found["type"] == "file":
                path, size = str(found["name"]), int(found["size"])
                yield Blob(path=path, size_bytes=size, written_at=_time_in(found) or self._written_at(path))

    def _written_at(self, path: str) -> datetime | None:
        try:
            return _as_time(self._run("look into the store", lambda: self.filesystem.modified(path)))
        except (NotImplementedError, FileNotFoundError):
            return None

    def _run(self, doing: str, work: Callable[[], Value]) -> Value:
        with self._reached(doing):
            return self._retrying(work)

    @contextmanager
    def _reached(self, doing: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except (PermissionError, NotADirectoryError, IsADirectoryError) as error:
            raise Misconfigured(
                f"cannot {doing} at {self.shown}: {error.strerror or type(error).__name__}; artefacts.url should name "
                "a place that this user may read and write"
            ) from error
        except OSError as error:
            raise Unavailable(
                f"cannot {doing} at {self.shown}: {error.strerror or error}; nothing was registered by halves, retry"
            ) from error


def _time_in(listed: dict[str, Any]) -> datetime | None:
    """When a listed file was written, where the listing says so: each kind of store has its own word for it."""
    return next((_as_time(listed[word]) for word in _TIMES if listed.get(word) is not None), None)


def _as_time(value: Any) -> datetime | None:
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return None


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk


def _digest(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    for chunk in _chunks(file):
        digest.update(chunk)
    return digest.hexdigest()


def _sync(path: str) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
