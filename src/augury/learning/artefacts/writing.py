"""Writing an artefact: a folder that is either whole or not there."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from augury.errors import Conflict, InvalidInput
from augury.learning.artefacts.artefact import Artefact, check_graph
from augury.learning.artefacts.reading import GRAPH_FILE, MANIFEST_FILE, encode_manifest

__all__ = ["write_artefact"]


def write_artefact(
    artefact: Artefact,
    folder: str | Path,
    *,
    replace_existing: bool = False,
    beside: Mapping[str, str | bytes] | None = None,
) -> Artefact:
    """Write `model.onnx` and `manifest.json` (and what is to lie `beside` them, by file name) into a new folder.

    The folder is made under a temporary name next to its place and renamed when it is whole. Raises Conflict when the
    folder exists, unless `replace_existing` and it is an artefact; InvalidArtefact for a graph that would be refused.
    Returns the artefact with its folder.
    """
    check_graph(artefact.graph, artefact.manifest)
    place = Path(folder)
    _refuse_occupied(place, replace_existing)
    files = {MANIFEST_FILE: encode_manifest(artefact.manifest), GRAPH_FILE: artefact.graph}
    for name, text in (beside or {}).items():
        if Path(name).name != name or name in files or name.startswith("."):
            raise InvalidInput(f"expected a plain file name beside {', '.join(files)}; got {name!r}")
        files[name] = text if isinstance(text, bytes) else text.encode()
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
    try:
        for name, data in files.items():
            _write_durably(fresh / name, data)
        fresh.chmod(0o755)
        _swap(fresh, place)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return replace(artefact, folder=place)


def _refuse_occupied(place: Path, replace_existing: bool) -> None:
    if not place.exists() and not place.is_symlink():
        return
    if not replace_existing:
        raise Conflict(f"{str(place)!r} exists already; choose another folder, or replace it (replace=True)")
    if place.is_symlink() or not place.is_dir() or not (place / MANIFEST_FILE).is_file():
        raise Conflict(f"{str(place)!r} is no artefact, so it is not replaced; choose another folder")


def _write_durably(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _swap(fresh: Path, place: Path) -> None:
    """Put the whole new folder in its place; the old one, if any, is moved aside first and put back on failure."""
    aside = Path(f"{fresh}-old")
    replaced = place.exists()
    if replaced:
        place.rename(aside)
    try:
        fresh.rename(place)
    except OSError as error:
        if replaced:
            aside.rename(place)
        raise Conflict(f"{str(place)!r} came into being meanwhile ({error}); look again and retry") from error
    shutil.rmtree(aside, ignore_errors=True)
