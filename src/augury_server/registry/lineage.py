"""What a version's row says, read off its artefact: origin, training data, scores, verdict."""

from __future__ import annotations

from typing import Any

from augury.errors import InvalidInput, NotFound
from augury.learning import Manifest
from augury_server.registry.models import ModelVersion, RegisteredModel
from augury_server.registry.state import Relation

__all__ = ["beats_baseline", "described", "parent_of"]

_COMPRESSED_FROM = "compressed_from"
_VERDICT = "verdict"
_WIDTHS = {"artefact_id": 120, "family": 100, "data_fingerprint": 100, "timeframe": 20}


def described(manifest: Manifest) -> dict[str, Any]:
    """The fields of a version that its manifest fills; InvalidInput for one whose names are too long to keep."""
    fields: dict[str, Any] = {
        "artefact_id": manifest.model_id,
        "family": manifest.family,
        "specification": manifest.model,
        "task": manifest.task,
        "label": manifest.label,
        "timeframe": manifest.notes.get("timeframe", ""),
        "symbols": list(manifest.symbols),
        "metrics": dict(manifest.scores),
        "notes": dict(manifest.notes),
        "beats_baseline": beats_baseline(manifest),
        "data_fingerprint": manifest.data_fingerprint,
        "first_training_ns": manifest.first_training_time,
        "last_training_ns": manifest.last_training_time,
        "fit_end_ns": manifest.fit_end,
    }
    for name, most in _WIDTHS.items():
        if len(fields[name]) > most:
            raise InvalidInput(f"the artefact's {name} has {len(fields[name])} characters; at most {most} are kept")
    return fields


def beats_baseline(manifest: Manifest) -> bool | None:
    """The artefact's own verdict on time that its training never saw; None when it carries none.

    A compressed model keeps the verdict of the model that it was made from, which its certificate holds it to.
    """
    verdict = manifest.notes.get(_VERDICT)
    return None if verdict is None else verdict.startswith("better than")


def parent_of(
    manifest: Manifest, model: RegisteredModel | None, given: int | str | None
) -> tuple[ModelVersion | None, str, Relation | None]:
    """What an artefact was made from: the version where it is registered, its artefact's id, and how.

    A compressed artefact names its original itself ("optimised_from"). Otherwise `given`, a version number of the same
    model or an artefact's id, is what it was trained again after ("retrained_from"). Raises NotFound for a given parent
    that is not registered and InvalidInput for one that the artefact contradicts.
    """
    original = manifest.notes.get(_COMPRESSED_FROM, "")
    parent = None if given is None else _given_parent(model, given)
    if not original:
        known = "" if parent is None else parent.artefact_id
        return parent, known, None if parent is None else "retrained_from"
    if parent is not None and parent.artefact_id != original:
        raise InvalidInput(
            f"{manifest.model_id} says that it was made from {original}; the parent given is {parent.artefact_id}"
        )
    return parent or _by_artefact(model, original), original[:120], "optimised_from"


def _given_parent(model: RegisteredModel | None, given: int | str) -> ModelVersion:
    text = str(given)
    if text.isdecimal() and model is not None:
        found = ModelVersion.objects.filter(model=model, number=int(text)).first()
    else:
        found = None if text.isdecimal() else _by_artefact(model, text)
    if found is None:
        raise NotFound(
            f"no version {text!r} is registered to be the parent; give a number of the same model or the id of a "
            "registered artefact"
        )
    return found


def _by_artefact(model: RegisteredModel | None, artefact_id: str) -> ModelVersion | None:
    """The newest version of that artefact, of the same model where there is one."""
    versions = ModelVersion.objects.filter(artefact_id=artefact_id).order_by("-id")
    own = versions.filter(model=model).first() if model is not None else None
    return own or versions.first()
