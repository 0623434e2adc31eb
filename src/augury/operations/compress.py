"""The `compress` operation: a smaller and faster model, each step certified on rows later than the training."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from augury import learning
from augury.operations.model_folders import check_model_folder, unwritable_told
from augury.operations.model_inputs import Files, UniverseOptions, nested_track, read_universe
from augury.operations.operation import Operation, Progress, option
from augury.operations.places import BARS, WRITTEN
from augury.operations.registry import register

if TYPE_CHECKING:
    from augury.learning import Artefact, Compression

__all__ = ["CompressOptions", "CompressResult"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompressOptions(UniverseOptions):
    """Options of the `compress` operation."""

    model: Annotated[str, msgspec.Meta(description="The folder of a model artefact.")] = option(
        positional=True, path=True
    )
    files: Files = option(positional=True, path=BARS)
    output: Annotated[str, msgspec.Meta(description="The folder to write the compressed model to.")] = option(
        short="-o", path=WRITTEN
    )
    overwrite: Annotated[bool, msgspec.Meta(description="Replace the model that is in that folder.")] = option(False)
    level: Annotated[
        Literal["conservative", "moderate", "aggressive"],
        msgspec.Meta(description="How much of the score a step may cost: half, once or twice the usual bounds."),
    ] = option("moderate")
    methods: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="A step to try: truncate_rounds, limit_depth, cut_features, prune_splits, prune_units, distil, "
            "fold_batch_norm, quantise, store_int8, select_members, drop_members, mask_weights; repeat. By default "
            "all that fit."
        ),
    ] = option((), short="-m")
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1, description="Seed of every fit and of every interval.")] = (
        option(0)
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CompressResult:
    """The compression with its certificates, and where the smaller model was written: None when no step was kept."""

    compression: Compression = field(repr=False)
    original: Artefact = field(repr=False)
    written: str | None
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        return {
            "original": self.original.model_id,
            **self.compression.to_dict(),
            "written": self.written,
            "notes": list(self.notes),
        }


def _run(options: CompressOptions, progress: Progress) -> CompressResult:
    folder = check_model_folder(options.output, overwrite=options.overwrite)
    artefact = learning.load_artefact(options.model)
    universe = read_universe(options.files, options)
    dataset = learning.dataset_for(artefact.manifest, universe.bars)
    found = learning.compress(
        artefact,
        dataset,
        options.level,
        options.methods or None,
        seed=options.seed,
        track=nested_track(progress, "Compressing"),
    )
    if found.kept:
        with unwritable_told(folder):
            found.export(folder, replace=options.overwrite)
    written = str(folder) if found.kept else None
    return CompressResult(compression=found, original=artefact, written=written, notes=universe.notes)


register(
    Operation(
        name="compress",
        summary="Make a model smaller and faster; a step is kept only with a real gain and no inferior score.",
        example="augury compress models/first sample -o models/small --level moderate",
        spec_type=CompressOptions,
        result="augury.operations.compress:CompressResult",
        run=_run,
        changes_state=True,
        role="operator",
        long=True,
    )
)
