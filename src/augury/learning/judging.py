"""What an artefact does on bars that it was not trained on, months after its training or on other symbols."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import msgspec
import numpy as np

from augury.errors import InvalidArtefact, InvalidInput, NotEnoughData
from augury.features.computing import parse_feature
from augury.learning.artefacts.manifest import Manifest
from augury.learning.artefacts.predictor import Predictor
from augury.learning.data.building import build_dataset
from augury.learning.data.dataset import Dataset, DatasetSpec
from augury.learning.evaluation.evaluation import EvaluationSpec
from augury.learning.evaluation.held_out import About, HeldOut, held_out_record
from augury.learning.evaluation.predictions import Predictions
from augury.market.bars import BarArrays
from augury.market.timeframe import infer_timeframe
from augury.market.times import iso
from augury.validation.seeds import Seed

__all__ = [
    "TIMEFRAME",
    "TRAINING_TARGETS",
    "dataset_for",
    "judge_artefact",
    "other_timeframe",
    "timeframe_of",
    "training_targets",
]

TRAINING_TARGETS = "training_targets"
"""The note of a manifest that holds what a model would say that learnt nothing but how often each class came."""

TIMEFRAME = "timeframe"
"""The note of a manifest that holds the timeframe of the bars it was trained on."""


def timeframe_of(bars: Iterable[BarArrays]) -> str:
    """The timeframe of the longest of these series, such as "1D"; empty where it cannot be told."""
    try:
        return str(infer_timeframe(max(bars, key=len).opened_at))
    except (NotEnoughData, InvalidInput):
        return ""


def other_timeframe(manifest: Manifest, bars: Iterable[BarArrays]) -> str | None:
    """What has to be said when these bars have another timeframe than those that the model was trained on."""
    then, now = manifest.notes.get(TIMEFRAME, ""), timeframe_of(bars)
    if not then or not now or then == now:
        return None
    return (
        f"{manifest.model_id} was trained on bars of {then}, these are bars of {now}: what it learnt need not hold "
        f"here. Pass bars of {then}."
    )


def training_targets(dataset: Dataset) -> str:
    """The class frequencies of these rows, or their mean target in a regression, as a manifest's note."""
    target = dataset.target
    if not dataset.classes:
        return json.dumps([float(target.mean())])
    counts = np.bincount(target.astype(np.int64), minlength=len(dataset.classes))
    return json.dumps((counts / counts.sum()).tolist())


def dataset_for(manifest: Manifest, bars: Any, *, every_bars: int = 1) -> Dataset:
    """The data set of a model's own features and label on these bars (a frame, or symbol -> frame).

    `every_bars` as in `DatasetSpec`.

    Raises what `build_dataset` raises, and InvalidInput for a model that was exported without its features or label.
    """
    if not manifest.features or not manifest.label:
        raise InvalidInput(
            f"{manifest.model_id} does not say which features and label it was trained on, so it cannot be judged on "
            "bars; export it with extras_of(dataset)"
        )
    columns = [column for text in manifest.features for column in parse_feature(text).columns]
    spec = DatasetSpec(
        features=manifest.features,
        label=manifest.label,
        sequence_bars=manifest.sequence_bars,
        chart_days=None if manifest.chart is None else manifest.chart.days,
        every_bars=every_bars,
        keep_nan=manifest.keep_nan,
        leave_out=tuple(column for column in columns if column not in manifest.columns),
    )
    return build_dataset(bars, spec)


def judge_artefact(
    predictor: Predictor,
    bars: Any,
    spec: EvaluationSpec | None = None,
    *,
    seed: Seed = 0,
    in_sample: bool = False,
) -> HeldOut:
    """Scores, P&L and a verdict of a model on the rows of these bars that are later than its training.

    The baseline says what the training rows taught without looking at any feature: class frequencies, or the mean.
    `in_sample=True` judges every row, those it was trained on too. Raises NotEnoughData when no row is later.
    """
    spec, manifest = spec or EvaluationSpec(), predictor.manifest
    if manifest.features:
        _ = predictor.bar_inputs  # refuses features that are others now
    whole = dataset_for(manifest, bars)
    if whole.classes != manifest.classes:
        raise InvalidInput(
            f"{manifest.model_id} tells {', '.join(manifest.classes) or 'values'} apart, its label {manifest.label} "
            f"makes {', '.join(whole.classes) or 'values'}; train it again on that label"
        )
    after = manifest.fit_end
    rows = np.arange(len(whole)) if in_sample or after is None else np.flatnonzero(whole.inputs.opened_at > after)
    if rows.size < 2:
        raise NotEnoughData(
            f"{rows.size or 'none'} of {len(whole)} rows with a known label is later than {iso(after or 0)[:10]}, "
            f"where the training of {manifest.model_id} ends; pass later bars, or judge the time of its training too "
            "(in_sample=), knowing that it proves nothing"
        )
    found = predictor.predict(whole.rows(rows).inputs)
    learnt = np.array(_learnt(manifest), dtype=np.float64)
    mean = float(learnt @ np.arange(learnt.size)) if manifest.classes else float(learnt[0])
    said = _predictions(whole, rows, found.probabilities if manifest.classes else found.raw, mean)
    naive = np.tile(learnt, (rows.size, 1))
    baseline = _predictions(whole, rows, naive, mean)
    return held_out_record(
        said,
        {"class_frequencies" if manifest.classes else "mean_target": (baseline,)},
        About(name=manifest.model_id, dataset=whole, decided=~found.abstained),
        spec,
        seed=seed,
    )


def _learnt(manifest: Manifest) -> list[float]:
    """What the training rows taught without any feature."""
    note = manifest.notes.get(TRAINING_TARGETS)
    if note is None:
        return [1.0 / len(manifest.classes)] * len(manifest.classes) if manifest.classes else [0.0]
    try:
        values = msgspec.json.decode(note, type=list[float])
    except msgspec.DecodeError:
        values = []
    usual = not manifest.classes or (min(values, default=-1.0) >= 0.0 and abs(sum(values) - 1.0) < 1e-6)
    if len(values) != max(len(manifest.classes), 1) or not usual:
        raise InvalidArtefact(
            f"the note {TRAINING_TARGETS!r} of {manifest.model_id} should hold "
            f"{'the share of each class' if manifest.classes else 'the mean target'}, got {note!r:.80}; train it again"
        )
    return values


def _predictions(dataset: Dataset, rows: Any, predicted: Any, reference: float) -> Predictions:
    inputs = dataset.inputs[rows]
    return Predictions(
        classes=len(dataset.classes),
        predicted=predicted,
        target=dataset.target[rows],
        outcome=dataset.outcome[rows],
        reference=np.full(rows.size, reference),
        symbol=inputs.symbol,
        bar=inputs.bar,
        opened_at=inputs.opened_at,
        label_end=inputs.label_end,
        fold=np.zeros(rows.size, dtype=np.int64),
        row=np.asarray(rows, dtype=np.int64),
    )
