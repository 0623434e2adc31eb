"""Hash every stored file again and compare it with what was registered."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from augury_server.registry.artefact_files import ArtefactFile
from augury_server.registry.blob_store import BlobStore, open_store
from augury_server.registry.finding import find_model
from augury_server.registry.models import VersionFile

__all__ = ["Damaged", "Verification", "verify_files"]

Follow: TypeAlias = Callable[[Iterable[ArtefactFile], int], Iterable[ArtefactFile]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Damaged:
    """A stored file that is missing or altered, and the versions ("trend@3") that need it."""

    file: ArtefactFile
    problem: str
    versions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """How many distinct files were hashed, and what is wrong with which."""

    files: int
    size_bytes: int
    damaged: tuple[Damaged, ...]


def verify_files(
    name: str | None = None, *, follow: Follow = lambda files, _: files, store: BlobStore | None = None
) -> Verification:
    """Hash the stored files of every version, or of one model's, each distinct file once.

    `follow(files, total)` passes the files on and may report progress. Raises Unavailable when the store is away.
    """
    store = store or open_store()
    rows = VersionFile.objects.order_by("sha256")
    if name is not None:
        rows = rows.filter(version__model=find_model(name))
    needing: dict[str, tuple[ArtefactFile, list[str]]] = {}
    found = rows.values_list("sha256", "name", "size_bytes", "version__model__name", "version__number")
    for sha256, file_name, size, model, number in found.iterator():
        file = ArtefactFile(name=file_name, sha256=sha256, size_bytes=size)
        needing.setdefault(sha256, (file, []))[1].append(f"{model}@{number}")
    damaged = []
    for file in follow([file for file, _ in needing.values()], len(needing)):
        problem = store.damage(file)
        if problem is not None:
            versions = tuple(dict.fromkeys(needing[file.sha256][1]))
            damaged.append(Damaged(file=file, problem=problem, versions=versions))
    size = sum(file.size_bytes for file, _ in needing.values())
    return Verification(files=len(needing), size_bytes=size, damaged=tuple(damaged))
