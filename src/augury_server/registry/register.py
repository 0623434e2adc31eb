"""Register a model: its files stored, its version written, or nothing at all."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from augury.errors import Conflict, InvalidArtefact, InvalidInput
from augury.learning import Artefact, load_artefact
from augury.learning.artefacts.reading import GRAPH_FILE, MANIFEST_FILE, encode_manifest
from augury_server.registry.applying import Act, Clock, utc_now, write_record
from augury_server.registry.artefact_files import ArtefactFile, content_sha256, files_of
from augury_server.registry.blob_store import BlobStore, open_store
from augury_server.registry.finding import state_of
from augury_server.registry.lineage import described, parent_of
from augury_server.registry.models import ModelVersion, RegisteredModel, VersionFile
from augury_server.registry.requests import Register
from augury_server.registry.state import ModelState
from augury_server.registry.storage_lock import storage_lock
from augury_server.registry.transitions import decide

__all__ = ["Candidate", "RegistrationPlan", "plan_registration", "read_candidate", "register_model"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An artefact folder, checked: what is in it and the hash of every file."""

    folder: Path
    artefact: Artefact
    files: tuple[ArtefactFile, ...]

    @property
    def content_sha256(self) -> str:
        """The hash over all files."""
        return content_sha256(self.files)

    @property
    def size_bytes(self) -> int:
        """Of all files together."""
        return sum(file.size_bytes for file in self.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationPlan:
    """What a registration would make: the version's number, or the `existing` one, and what it was made from."""

    candidate: Candidate
    number: int
    existing: bool
    parent: str
    relation: str


def read_candidate(folder: str | Path) -> Candidate:
    """Check an artefact folder and hash its files; raises NotFound and InvalidArtefact as `load_artefact` does."""
    place = Path(folder)
    files = files_of(place)
    artefact = load_artefact(place)
    read = {
        GRAPH_FILE: artefact.manifest.graph_sha256,
        MANIFEST_FILE: hashlib.sha256(encode_manifest(artefact.manifest)).hexdigest(),
    }
    if {file.name: file.sha256 for file in files if file.name in read} != read:
        raise InvalidArtefact(f"{str(place)!r} changed while it was read; register it again")
    return Candidate(folder=place, artefact=artefact, files=files)


def register_model(
    folder: str | Path,
    *,
    name: str,
    by: str,
    reason: str = "",
    parent: int | str | None = None,
    now: Clock = utc_now,
) -> ModelVersion:
    """Register the artefact in a folder as the next version of the model `name`, a candidate.

    The files are stored under their SHA-256 first and the rows written after, in one transaction: a process that ends
    in between leaves files that nobody refers to, which the next registration uses or `collect` removes. The same
    artefact registered again under the same name is the version that it was; under another name it shares the files.
    `parent` is what the model was trained again after; a compressed artefact names its original itself.

    Raises NotFound, InvalidArtefact or InvalidInput for what cannot be registered, Unavailable when the store is away.
    """
    _check_name(name)
    act = Act(by=by, reason=reason or "registered", now=now)
    candidate, store = read_candidate(folder), open_store()
    for _ in range(_TRIES):
        for file in candidate.files:
            store.put(file, candidate.folder / file.name)
        with storage_lock():
            model = _model(name, act)
            version = ModelVersion.objects.filter(model=model, content_sha256=candidate.content_sha256).first()
            if version is not None:
                return version
            if all(store.holds(file) for file in candidate.files):
                return _write(candidate, model, parent, act, store)
            transaction.set_rollback(True)
    raise Conflict(f"the stored files of {candidate.folder} are deleted by somebody as fast as they are written")


def plan_registration(folder: str | Path, *, name: str, parent: int | str | None = None) -> RegistrationPlan:
    """What `register_model` would do, found out without storing anything; raises what it would raise."""
    _check_name(name)
    candidate = read_candidate(folder)
    described(candidate.artefact.manifest)
    model = RegisteredModel.objects.filter(name=name).first()
    made_from, made_from_id, relation = parent_of(candidate.artefact.manifest, model, parent)
    existing = ModelVersion.objects.filter(model=model, content_sha256=candidate.content_sha256).first()
    state = ModelState(name=name) if model is None else state_of(model)
    number = existing.number if existing else max(decide(state, Register()).state.versions)
    return RegistrationPlan(
        candidate=candidate,
        number=number,
        existing=existing is not None,
        parent="" if made_from is None and not made_from_id else str(made_from or made_from_id),
        relation=relation or "",
    )


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            f"expected a name of letters, digits, '.', '_' and '-', at most 100, such as trend-daily; got {name!r:.120}"
        )


def _model(name: str, act: Act) -> RegisteredModel:
    """The model's row, locked, made where it is missing; called by one process at a time."""
    found = RegisteredModel.objects.select_for_update().filter(name=name).first()
    return found or RegisteredModel.objects.create(name=name, created_at=act.now(), created_by=act.by)


def _write(
    candidate: Candidate, model: RegisteredModel, parent: int | str | None, act: Act, store: BlobStore
) -> ModelVersion:
    """The rows of a new version and of its registration."""
    manifest = candidate.artefact.manifest
    fields = described(manifest)
    made_from, made_from_id, relation = parent_of(manifest, model, parent)
    decision = decide(state_of(model), Register(beats_baseline=fields["beats_baseline"]))
    record = decision.record
    assert record is not None
    assert record.to_version is not None
    version = ModelVersion.objects.create(
        model=model,
        number=record.to_version,
        content_sha256=candidate.content_sha256,
        storage_url=store.shown,
        size_bytes=candidate.size_bytes,
        parent=made_from,
        parent_artefact_id=made_from_id,
        relation=relation or "",
        registered_at=act.now(),
        registered_by=act.by,
        **fields,
    )
    VersionFile.objects.bulk_create(
        VersionFile(version=version, name=file.name, sha256=file.sha256, size_bytes=file.size_bytes)
        for file in candidate.files
    )
    write_record(model, decision.state, record, act)
    return version
