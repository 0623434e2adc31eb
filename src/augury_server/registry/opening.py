"""A version's files as a folder on this machine, every byte verified."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from augury.errors import AuguryError, InvalidArtefact, NotFound
from augury_server.registry.artefact_files import CHUNK, ArtefactFile, opened_plain
from augury_server.registry.blob_store import BlobStore, open_store
from augury_server.registry.finding import champion
from augury_server.registry.models import ModelVersion
from augury_server.settings.current import current_settings

__all__ = ["files_of_version", "folder_damage", "open_champion", "open_version", "opened_folders"]


def open_version(version: ModelVersion, *, store: BlobStore | None = None) -> Path:
    """A folder of this machine with the version's files, for `augury.learning.load_artefact`.

    Every file's SHA-256 is compared with the database's row, each time. The folder is kept, so that a version that was
    opened before opens while the store is away; a copy found altered is replaced from the store. Raises InvalidArtefact
    naming the file when the stored one is missing or altered, and Unavailable when the store cannot be reached.
    """
    files = files_of_version(version)
    place = opened_folders() / version.content_sha256
    if folder_damage(place, files) is not None:
        try:
            _bring(place, files, store or open_store())
        except InvalidArtefact as error:
            raise InvalidArtefact(
                f"{version} is not opened: {error}; restore it from a backup, or register the artefact again"
            ) from error
    return place


def open_champion(name: str, *, store: BlobStore | None = None) -> Path:
    """`open_version` of the version that serves under this name; NotFound when there is none."""
    version = champion(name)
    if version is None:
        raise NotFound(f"{name} has no champion; promote a version: augury registry promote {name} latest")
    return open_version(version, store=store)


def opened_folders() -> Path:
    """Where copies of opened versions lie: a folder each, named for its content."""
    return current_settings().home / "opened"


def files_of_version(version: ModelVersion) -> tuple[ArtefactFile, ...]:
    """The files that were registered, by name."""
    rows = version.files.order_by("name").values_list("name", "sha256", "size_bytes")
    return tuple(ArtefactFile(name=name, sha256=sha256, size_bytes=size) for name, sha256, size in rows)


def folder_damage(place: Path, files: Sequence[ArtefactFile]) -> str | None:
    """What in a folder is not as registered, in words; None when it holds these files and nothing else."""
    if not place.is_dir():
        return "it is not there"
    names = {path.name for path in place.iterdir()}
    if names != {file.name for file in files}:
        return f"it holds {', '.join(sorted(names)) or 'nothing'}"
    for file in files:
        try:
            with opened_plain(place / file.name) as read:
                digest = hashlib.sha256()
                while chunk := read.read(CHUNK):
                    digest.update(chunk)
        except AuguryError as error:
            return str(error)
        if digest.hexdigest() != file.sha256:
            return f"{file.name} was altered"
    return None


def _bring(place: Path, files: Sequence[ArtefactFile], store: BlobStore) -> None:
    """Copy the files into a new folder and put it in its place at once; of two processes, either's copy stays."""
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{place.name[:12]}-", dir=place.parent))
    try:
        for file in files:
            store.fetch(file, fresh / file.name)
        fresh.chmod(0o755)
        if place.exists() and folder_damage(place, files) is not None:
            place.rename(fresh.with_name(f"{fresh.name}-damaged"))
        try:
            fresh.rename(place)
        except OSError:
            if folder_damage(place, files) is not None:
                raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(fresh.with_name(f"{fresh.name}-damaged"), ignore_errors=True)
