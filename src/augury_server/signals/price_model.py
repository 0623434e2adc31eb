"""The registered model that a universe's signals are sized by, as it was at a moment."""

from __future__ import annotations

from datetime import UTC, datetime

from augury.errors import InvalidInput, NotFound
from augury.learning import Artefact, load_artefact
from augury.market.times import iso
from augury_server.registry.as_of import as_of
from augury_server.registry.finding import find_version
from augury_server.registry.models import ModelVersion
from augury_server.registry.opening import open_version

__all__ = ["artefact_of", "version_of"]

_CHAMPION = "champion"


def artefact_of(reference: str, at_ns: int) -> Artefact | None:
    """The artefact of a model reference, verified; None for an empty reference. Raises what `version_of` raises."""
    if not reference:
        return None
    return load_artefact(open_version(version_of(reference, at_ns)))


def version_of(reference: str, at_ns: int) -> ModelVersion:
    """The version that a reference names: "name" or "name@champion", "name@latest", "name@alias", "name@3".

    The champion is the one that served at `at_ns`; other aliases have no history and mean what they mean now. Raises
    NotFound when there is no such model or version, or no champion at that time.
    """
    name, _, wanted = reference.partition("@")
    wanted = wanted or _CHAMPION
    if not name:
        raise InvalidInput(f"a model is named as name, name@alias or name@3; got {reference!r}")
    if wanted != _CHAMPION:
        return find_version(name, int(wanted) if wanted.isdigit() else wanted)
    found = as_of(name, datetime.fromtimestamp(at_ns / 1e9, tz=UTC))
    if found is None:
        raise NotFound(f"{name} had no champion at {iso(at_ns)}; promote a version, or name one as {name}@1")
    return found
