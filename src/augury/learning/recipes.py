"""How a model was trained, kept in its manifest as far as nothing else there says it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Annotated

from msgspec import Meta

from augury.errors import InvalidArtefact, InvalidInput
from augury.learning.artefacts.manifest import Manifest
from augury.learning.data.dataset import Dataset
from augury.learning.evaluation.evaluation import EvaluationSpec
from augury.spec import Spec

__all__ = ["TrainingSpec", "recipe_notes", "recipe_of"]

_NOTE = "recipe"
_EVERY = "every_bars"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSpec(Spec):
    """How a model is trained: `held_out` is the last share of the time, which only the last judgement looks at."""

    held_out: Annotated[float, Meta(gt=0.0, lt=0.9)] = 0.2
    evaluation: EvaluationSpec = field(default_factory=EvaluationSpec)


def recipe_notes(dataset: Dataset, spec: TrainingSpec) -> dict[str, str]:
    """The notes of a manifest that say how the model was trained; none where it was trained as usual."""
    told = {} if spec == TrainingSpec() else spec.to_dict()
    if dataset.spec.every_bars > 1:
        told[_EVERY] = dataset.spec.every_bars
    return {_NOTE: json.dumps(told, sort_keys=True, separators=(",", ":"))} if told else {}


def recipe_of(manifest: Manifest) -> tuple[TrainingSpec, int]:
    """What `recipe_notes` wrote: how the model was trained, and each so-many-th bar; InvalidArtefact for other text."""
    try:
        told = json.loads(manifest.notes.get(_NOTE, "{}"))
        every_bars = int(told.pop(_EVERY, 1))
        return TrainingSpec.from_dict(told), every_bars
    except (ValueError, TypeError, AttributeError, InvalidInput) as error:
        raise InvalidArtefact(f"{manifest.model_id} has a note {_NOTE!r} that is none: {error}") from error
