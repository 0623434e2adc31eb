"""What a compression gives: the steps tried, the model and graph that are left, and the certificates."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from augury.learning.artefacts.artefact import Artefact
from augury.learning.artefacts.exporting import build_artefact, seal_artefact
from augury.learning.artefacts.manifest import ManifestExtras
from augury.learning.artefacts.state import STATE_NOTE
from augury.learning.artefacts.writing import write_artefact
from augury.learning.compression.certificate import Certificate
from augury.learning.compression.judging import INT8_TOLERANCE

__all__ = ["Compression", "StepRecord"]

_EXACT = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """A step that was tried: `certificate` is None where it could not make a candidate; `reason` says why in words."""

    name: str
    kept: bool
    reason: str
    certificate: Certificate | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        known = None if self.certificate is None else self.certificate.to_dict()
        return {"name": self.name, "kept": self.kept, "reason": self.reason, "certificate": known}


@dataclass(frozen=True, slots=True, kw_only=True)
class Compression:
    """A compressed model with its evidence.

    `certificate` compares it with the original on the validation rows, which decided about the steps; `test` on rows
    that decided nothing. `model` is the trainable model before graph steps such as int8 (None when only a graph was
    given), `graph` the ONNX graph of all kept steps. Where no step was kept, `graph` is the original's.
    """

    level: str
    seed: int
    family: str
    steps: tuple[StepRecord, ...]
    certificate: Certificate
    test: Certificate
    model: Any = field(repr=False)
    graph: bytes = field(repr=False)
    start: Artefact | None = field(default=None, repr=False)

    @property
    def kept(self) -> tuple[str, ...]:
        """Names of the steps that were kept."""
        return tuple(step.name for step in self.steps if step.kept)

    @property
    def int8(self) -> bool:
        """Whether the graph holds int8 weights."""
        return bool({"quantise", "store_int8"} & set(self.kept))

    def artefact(self, extras: ManifestExtras | None = None) -> Artefact:
        """The compressed model as an artefact in memory; `extras` are those of the original where it had some.

        Its manifest's notes name the level, the steps kept and the model that it was made from; its scores are those
        of the certificates. A calibration is kept as it was: fit it again when steps learnt again.
        """
        known = extras or _extras_of(self.start)
        notes = {key: text for key, text in known.notes.items() if key != STATE_NOTE}
        notes |= {"compression": self.level, "compression_steps": ", ".join(self.kept) or "none"}
        if self.start is not None:
            notes["compressed_from"] = self.start.model_id
        if self.model is not None:
            values = build_artefact(self.model, known).to_dict()
        elif self.start is not None:
            values = self.start.to_dict()
        else:
            raise AssertionError("a compression has a model or an artefact that it started from")
        if self.kept:
            loss = "log_loss" if values["classes"] else "squared_error"
            known_scores = {"validation": self.certificate.score, "test": self.test.score}
            values["scores"] = {f"{part}_{loss}": score.loss_after for part, score in known_scores.items()}
        tolerance = INT8_TOLERANCE if self.int8 else max(_EXACT, values["tolerance"])
        return seal_artefact(self.graph, values | {"notes": notes, "tolerance": tolerance})

    def export(self, folder: str | Path, extras: ManifestExtras | None = None, *, replace: bool = False) -> Artefact:
        """Write the artefact into a folder; Conflict when it exists, unless `replace`."""
        return write_artefact(self.artefact(extras), folder, replace_existing=replace)

    def to_frame(self) -> pd.DataFrame:
        """One row a step: what it brought and cost, and the verdict."""
        return pd.DataFrame([_line(step) for step in self.steps], columns=_COLUMNS).set_index("step")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values, without model and graph."""
        return {
            "level": self.level,
            "seed": self.seed,
            "family": self.family,
            "kept": list(self.kept),
            "steps": [step.to_dict() for step in self.steps],
            "certificate": self.certificate.to_dict(),
            "test": self.test.to_dict(),
        }


_COLUMNS = ["step", "kept", "size_cut", "parameter_cut", "time_cut_one", "time_cut_many", "relative_loss", "reason"]


def _line(step: StepRecord) -> list[Any]:
    found = step.certificate
    if found is None:
        return [step.name, step.kept, *[float("nan")] * 5, step.reason]
    cuts = [found.size_cut, found.parameter_cut, *found.time_cuts, found.score.relative_loss]
    return [step.name, step.kept, *cuts, step.reason]


def _extras_of(start: Artefact | None) -> ManifestExtras:
    if start is None:
        return ManifestExtras()
    values = start.to_dict()
    return ManifestExtras.from_dict({name: values[name] for name in ManifestExtras().to_dict()})
