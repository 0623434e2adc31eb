"""The files of an artefact folder with their hashes, and the hash over all of them."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from augury.errors import InvalidArtefact, NotFound

__all__ = ["ArtefactFile", "content_sha256", "files_of", "opened_plain"]

CHUNK = 1 << 20
_MOST_FILES = 64
_LARGEST = 4 << 30
_NO_FOLLOWING = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtefactFile:
    """A file by name with its SHA-256 (hexadecimal) and size."""

    name: str
    sha256: str
    size_bytes: int


def files_of(folder: Path) -> tuple[ArtefactFile, ...]:
    """Every file of an artefact folder, by name.

    Raises NotFound where there is no such folder and InvalidArtefact for one that holds links, folders, hidden or very
    large files, or more than an artefact has.
    """
    if not folder.is_dir():
        raise NotFound(f"there is no artefact folder {str(folder)!r}; `augury models` lists those there are")
    names = sorted(os.listdir(folder))  # noqa: PTH208 - names only
    if len(names) > _MOST_FILES:
        raise InvalidArtefact(f"{str(folder)!r} holds {len(names):,} files; an artefact has at most {_MOST_FILES}")
    return tuple(_file(folder / name) for name in names)


def content_sha256(files: Iterable[ArtefactFile]) -> str:
    """One hash over names and hashes of all files: equal artefacts have equal ones."""
    listed = sorted((file.name, file.sha256) for file in files)
    return hashlib.sha256(json.dumps(listed, separators=(",", ":")).encode()).hexdigest()


@contextmanager
def opened_plain(path: Path) -> Iterator[BinaryIO]:
    """A plain file opened to read, never a link, folder or pipe: InvalidArtefact for those."""
    try:
        descriptor = os.open(path, os.O_RDONLY | _NO_FOLLOWING)
    except OSError as error:
        if path.is_symlink():
            raise InvalidArtefact(f"{str(path)!r} is a link; an artefact holds plain files only") from error
        raise NotFound(f"{str(path)!r} cannot be read: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size > _LARGEST:
            raise InvalidArtefact(f"{str(path)!r} is no plain file of at most {_LARGEST:,} bytes")
        yield file


def _file(path: Path) -> ArtefactFile:
    if path.name.startswith(".") or len(path.name.encode()) > 255:
        raise InvalidArtefact(f"{str(path)!r} is not part of an artefact; remove it, or export the model again")
    if path.is_dir():
        raise InvalidArtefact(f"{str(path)!r} is a folder; an artefact holds plain files only")
    digest, size = hashlib.sha256(), 0
    with opened_plain(path) as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return ArtefactFile(name=path.name, sha256=digest.hexdigest(), size_bytes=size)
