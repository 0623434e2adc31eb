"""The `evaluate` operation: a model artefact on bars later than its training, or on other symbols."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from augury import learning
from augury.operations.model_inputs import Files, UniverseOptions, read_universe, timeframe_notes
from augury.operations.operation import Operation, Progress, option
from augury.operations.places import BARS
from augury.operations.registry import register

if TYPE_CHECKING:
    from augury.learning import HeldOut, Manifest

__all__ = ["EvaluateOptions", "EvaluateResult"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateOptions(UniverseOptions):
    """Options of the `evaluate` operation."""

    model: Annotated[str, msgspec.Meta(description="The folder of a model artefact.")] = option(
        positional=True, path=True
    )
    files: Files = option(positional=True, path=BARS)
    in_sample: Annotated[
        bool, msgspec.Meta(description="Judge the time of its training too, which proves nothing; it is said so.")
    ] = option(False)
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1, description="Seed of every interval.")] = option(0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EvaluateResult:
    """What the model does on these bars."""

    manifest: Manifest = field(repr=False)
    found: HeldOut
    in_sample: bool
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        return {
            "model": self.manifest.model_id,
            "in_sample": self.in_sample,
            **self.found.to_dict(),
            "notes": list(self.notes),
        }


def _run(options: EvaluateOptions, progress: Progress) -> EvaluateResult:
    predictor = learning.Predictor(options.model)
    universe = read_universe(options.files, options)
    for _ in progress.track((predictor,), "Judging", 1):
        found = learning.judge_artefact(predictor, universe.bars, seed=options.seed, in_sample=options.in_sample)
    notes = (*timeframe_notes(predictor.manifest, universe), *universe.notes)
    return EvaluateResult(manifest=predictor.manifest, found=found, in_sample=options.in_sample, notes=notes)


register(
    Operation(
        name="evaluate",
        summary="Judge a model on bars later than its training: scores with intervals, P&L net of costs, a verdict.",
        example="augury evaluate models/first AAPL.csv",
        spec_type=EvaluateOptions,
        result="augury.operations.evaluate:EvaluateResult",
        run=_run,
        role="operator",
        long=True,
    )
)
