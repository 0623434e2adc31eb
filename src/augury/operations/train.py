"""The `train` operation: a model trained, judged on unseen time and written as an artefact with its card."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from augury import learning
from augury.operations.files import PAGES, check_output
from augury.operations.model_folders import check_model_folder, unwritable_told
from augury.operations.model_inputs import (
    SAMPLE,
    DatasetOptions,
    Files,
    dataset_of,
    nested_track,
    read_universe,
    reads_of,
)
from augury.operations.operation import Operation, Progress, option
from augury.operations.places import BARS, WRITTEN
from augury.operations.registry import register

if TYPE_CHECKING:
    from augury.learning import Training

__all__ = ["TrainOptions", "TrainResult"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainOptions(DatasetOptions):
    """Options of the `train` operation."""

    model: Annotated[
        str,
        msgspec.Meta(
            description="A model family, options in brackets: linear, xgboost, 'lstm(hidden=32)', wavelet, gru, "
            'transformer, chart_cnn, \'stack(members=("xgboost", "linear"))\', average.'
        ),
    ] = option(positional=True)
    files: Files = option(positional=True, path=BARS)
    output: Annotated[str, msgspec.Meta(description="The folder to write the model to.")] = option(
        short="-o", path=WRITTEN
    )
    overwrite: Annotated[bool, msgspec.Meta(description="Replace the model that is in that folder.")] = option(False)
    held_out: Annotated[
        float, msgspec.Meta(gt=0.0, lt=0.9, description="Last share of the time, looked at only by the last judgement.")
    ] = option(0.2)
    folds: Annotated[int, msgspec.Meta(ge=2, le=50, description="Blocks of the cross-validation before that.")] = (
        option(5)
    )
    combinations: Annotated[
        int, msgspec.Meta(ge=1, le=10, description="Blocks tested at once; above 1: combinatorial purged validation.")
    ] = option(1)
    accuracy: Annotated[
        float | None, msgspec.Meta(description="Abstain where the model is not right this often: 0.6.")
    ] = option(None)
    importance: Annotated[
        bool, msgspec.Meta(description="Measure what each feature adds, out of fold, and SHAP values of trees.")
    ] = option(True)
    report: Annotated[str | None, msgspec.Meta(description="Write one self-contained HTML page here.")] = option(
        None, short="-r", path=WRITTEN
    )
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1, description="Seed of every fit and of every interval.")] = (
        option(0)
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainResult:
    """The trained model with its evidence, and the files that were written."""

    training: Training = field(repr=False)
    folder: str
    written: tuple[str, ...]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values: the manifest, the card, and the figures on the held-out time."""
        return {
            "manifest": self.training.artefact.manifest.to_dict(),
            "card": self.training.card.to_dict(),
            "held_out": self.training.held_out.to_dict(),
            "folder": self.folder,
            "written": list(self.written),
            "notes": list(self.notes),
        }


def _run(options: TrainOptions, progress: Progress) -> TrainResult:
    folder = check_model_folder(options.output, overwrite=options.overwrite)
    if options.report is not None:
        check_output(options.report, made_from=[path for path in options.files if path != SAMPLE], endings=PAGES)
    spec, reads = _spec(options), reads_of(options.model)
    learning.make_model(options.model).checked_options()
    universe = read_universe(options.files, options)
    dataset = dataset_of(universe, options, reads)
    import pandas as pd

    training = learning.train_model(
        dataset,
        options.model,
        spec,
        seed=options.seed,
        track=nested_track(progress, "Training"),
    )
    training = training.dated(pd.Timestamp(time.time_ns(), tz="UTC").floor("s"))
    with unwritable_told(folder):
        training.write(folder, overwrite=options.overwrite)
    written = [str(folder)]
    if options.report is not None:
        learning.write_model_report(training, options.report)
        written.append(options.report)
    return TrainResult(training=training, folder=str(folder), written=tuple(written), notes=universe.notes)


def _spec(options: TrainOptions) -> learning.TrainingSpec:
    evaluation = learning.EvaluationSpec(cv=learning.CvSpec(folds=options.folds, test_groups=options.combinations))
    if options.accuracy is not None:
        evaluation = evaluation.replace(abstain_accuracy=options.accuracy)
    if not options.importance:
        evaluation = evaluation.replace(importance=None)
    return learning.TrainingSpec(held_out=options.held_out, evaluation=evaluation)


register(
    Operation(
        name="train",
        summary="Train a model: purged cross-validation, calibration, judgement on held-out time, ONNX artefact.",
        example="augury train xgboost sample -o models/first",
        spec_type=TrainOptions,
        result="augury.operations.train:TrainResult",
        run=_run,
        changes_state=True,
        role="operator",
        long=True,
    )
)
