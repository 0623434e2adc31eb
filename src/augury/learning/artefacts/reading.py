"""Reading an artefact: nothing is believed that its hashes do not confirm, and nothing in it is run as code."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Any

from augury.errors import InvalidArtefact, InvalidInput, NotFound
from augury.learning.artefacts.artefact import Artefact, check_graph
from augury.learning.artefacts.manifest import FORMAT_VERSION, Manifest
from augury.version import __version__

__all__ = ["GRAPH_FILE", "MANIFEST_FILE", "decode_manifest", "encode_manifest", "load_artefact"]

GRAPH_FILE = "model.onnx"
MANIFEST_FILE = "manifest.json"
_LARGEST = {MANIFEST_FILE: 4 << 20, GRAPH_FILE: 1 << 30}
_NO_FOLLOWING = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_AGAIN = "copy or export the artefact again"


def load_artefact(folder: str | Path) -> Artefact:
    """The artefact in a folder, checked: sizes, hashes, version, fields, operators, no reference to other files.

    Only `manifest.json` and `model.onnx` are read, as plain files of that folder. Raises NotFound when there is no such
    folder or file, and InvalidArtefact for anything that is damaged, altered, unsafe or of a later version.
    """
    place = Path(folder)
    if not place.is_dir():
        raise NotFound(f"there is no artefact folder {str(place)!r}; `augury models` lists those there are")
    manifest = decode_manifest(_bytes_of(place, MANIFEST_FILE))
    graph = _bytes_of(place, GRAPH_FILE)
    check_graph(graph, manifest)
    return Artefact(manifest=manifest, graph=graph, folder=place)


def encode_manifest(manifest: Manifest) -> bytes:
    """The manifest as readable JSON with its own SHA-256; equal manifests give equal bytes."""
    return _canonical({"manifest": manifest.to_dict(), "sha256": _content_hash(manifest.to_dict())})


def decode_manifest(data: bytes) -> Manifest:
    """The manifest in these bytes; InvalidArtefact unless they are exactly what `encode_manifest` wrote."""
    try:
        document = json.loads(data.decode())
        again = _canonical(document)
    except (ValueError, RecursionError) as error:
        raise InvalidArtefact(f"{MANIFEST_FILE} is no readable JSON ({str(error)[:80]}); {_AGAIN}") from error
    values = document.get("manifest") if isinstance(document, dict) else None
    if not isinstance(values, dict) or set(document) != {"manifest", "sha256"}:
        raise InvalidArtefact(f'{MANIFEST_FILE} should hold "manifest" and "sha256" and nothing else; {_AGAIN}')
    _refuse_other_versions(values.get("format_version"))
    if document["sha256"] != _content_hash(values):
        raise InvalidArtefact(f"{MANIFEST_FILE} does not match its own SHA-256: it was altered; {_AGAIN}")
    if again != data:
        raise InvalidArtefact(f"{MANIFEST_FILE} is not written the way it was exported: it was altered; {_AGAIN}")
    try:
        return Manifest.from_dict(values)
    except (InvalidInput, TypeError) as error:
        raise InvalidArtefact(f"{MANIFEST_FILE} is not a manifest of this version: {error}; {_AGAIN}") from error


def _refuse_other_versions(version: Any) -> None:
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise InvalidArtefact(f"{MANIFEST_FILE} names no format version, got {version!r}; {_AGAIN}")
    if version > FORMAT_VERSION:
        raise InvalidArtefact(
            f"the artefact has format {version}; Augury {__version__} reads up to {FORMAT_VERSION}: upgrade with "
            "pip install --upgrade augury, or export the model with this version"
        )


def _canonical(document: Any) -> bytes:
    return (json.dumps(document, indent=1, sort_keys=True, allow_nan=False) + "\n").encode()


def _content_hash(values: Any) -> str:
    compact = json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(compact.encode()).hexdigest()


def _bytes_of(folder: Path, name: str) -> bytes:
    path = folder / name
    try:
        linked = path.is_symlink()
        # neither follows a link that appears meanwhile nor waits for a pipe
        descriptor = -1 if linked else os.open(path, os.O_RDONLY | _NO_FOLLOWING)
    except OSError as error:
        raise NotFound(f"the artefact {str(folder)!r} has no readable {name} ({error.strerror}); {_AGAIN}") from error
    if linked:
        raise InvalidArtefact(f"{name} in {str(folder)!r} is no plain file but a link, so it is not read; {_AGAIN}")
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise InvalidArtefact(f"{name} in {str(folder)!r} is no plain file, so it is not read; {_AGAIN}")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(_LARGEST[name] + 1) if found.st_size <= _LARGEST[name] else b""
    finally:
        os.close(descriptor)
    if max(found.st_size, len(data)) > _LARGEST[name]:
        raise InvalidArtefact(
            f"{name} in {str(folder)!r} has {max(found.st_size, len(data)):,} bytes; at most {_LARGEST[name]:,} are "
            "read: export the artefact again"
        )
    return data
