"""From a data set to a model that can be judged: cross-validated, fitted, calibrated, held to unseen time, exported."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from augury.errors import NotEnoughData
from augury.learning.artefacts.artefact import Artefact
from augury.learning.artefacts.calibration_map import CalibrationMap
from augury.learning.artefacts.exporting import build_artefact, extras_of
from augury.learning.artefacts.predictor import Predictor
from augury.learning.artefacts.state import STATE_FILE, STATE_NOTE, state_bytes
from augury.learning.artefacts.writing import write_artefact
from augury.learning.data.dataset import Dataset
from augury.learning.data.folds import holdout
from augury.learning.estimators.estimator import Track
from augury.learning.evaluation.card_writing import card_texts
from augury.learning.evaluation.cross_validation import CrossValidation, cross_validate
from augury.learning.evaluation.evaluation import Evaluation, evaluate_model
from augury.learning.evaluation.held_out import HeldOut, judge_held_out
from augury.learning.evaluation.model_card import ModelCard, model_card
from augury.learning.evaluation.predictions import Predictions
from augury.learning.evaluation.scores import primary_score
from augury.learning.judging import TIMEFRAME, TRAINING_TARGETS, timeframe_of, training_targets
from augury.learning.recipes import TrainingSpec, recipe_notes
from augury.validation.seeds import Seed, seed_number

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Training", "train_model"]

_PARITY_ROWS = 256


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Training:
    """A trained model with its evidence.

    `evaluation` is the cross-validation on the development rows, `held_out` what the delivered `artefact`, calibration
    included, does on the later rows. `seconds` is the time of the last fit. `card` tells both.
    """

    artefact: Artefact
    model: Any = field(repr=False)
    evaluation: Evaluation = field(repr=False)
    held_out: HeldOut
    card: ModelCard = field(repr=False)
    seconds: float

    @property
    def better(self) -> bool:
        """Whether the delivered model beats the best baseline on the held-out rows, its whole interval above 0."""
        return self.held_out.verdict.better

    def dated(self, at: pd.Timestamp) -> Training:
        """The same with the time at which it was made on its card; the artefact knows no clock."""
        return replace(self, card=replace(self.card, made_at=at))

    def write(self, folder: str | Path, *, overwrite: bool = False) -> Artefact:
        """Write the artefact with its card, and with the state that `restore_model` and `compress` go on from.

        Conflict when the folder exists, unless `overwrite`.
        """
        beside: dict[str, str | bytes] = {**card_texts(self.card), STATE_FILE: state_bytes(self.model)}
        return write_artefact(self.artefact, folder, replace_existing=overwrite, beside=beside)


def train_model(
    dataset: Dataset,
    model: Any,
    spec: TrainingSpec | None = None,
    *,
    seed: Seed = 0,
    track: Track | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Training:
    """Train a model (a text or an unfitted estimator) and judge it on time that nothing before has looked at.

    The first part of the time is cross-validated, purged and embargoed; its out-of-fold predictions choose and fit the
    calibration and the abstention. The delivered model is fitted on that whole part. Deterministic for a given seed.
    Raises NotEnoughData, InvalidInput and MissingExtra as `build_dataset`, `evaluate_model` and the model's fit do.
    """
    spec, number = spec or TrainingSpec(), seed_number(seed) % 2**31
    fold = holdout(dataset, spec.held_out)
    development = dataset.rows(fold.train)
    _require_every_class(development)
    evaluation = evaluate_model(development, model, spec.evaluation, seed=number, track=track)
    started = clock()
    last = cross_validate(dataset, model, seed=number, folds=(fold,), track=track)
    seconds = clock() - started
    fitted = last.fitted.models[0]
    known = _known(evaluation)
    sample = last.dataset.inputs[fold.test[:_PARITY_ROWS]]
    artefact = build_artefact(fitted, extras_of(development, **known), sample=sample)
    held_out = _held_out(last, artefact, spec, number)
    known["scores"] = _figures(evaluation, held_out)
    known["notes"] = {
        "verdict": f"{held_out.verdict.level} its baseline",
        "verdict_sentence": held_out.verdict.sentence,
        TRAINING_TARGETS: training_targets(development),
        TIMEFRAME: timeframe_of(dataset.inputs.bars),
        **recipe_notes(dataset, spec),
        STATE_NOTE: hashlib.sha256(state_bytes(fitted)).hexdigest(),
    }
    artefact = build_artefact(fitted, extras_of(development, **known))
    return Training(
        artefact=artefact,
        model=fitted,
        evaluation=evaluation,
        held_out=held_out,
        card=model_card(evaluation, training=_told(fitted, len(development), seconds), held_out=held_out),
        seconds=seconds,
    )


def _require_every_class(development: Dataset) -> None:
    """A model that has not met a class cannot say how likely it is, nor which way it leans."""
    counts = np.bincount(development.target.astype(np.int64), minlength=len(development.classes))
    missing = [name for name, count in zip(development.classes, counts, strict=False) if not count]
    if missing:
        raise NotEnoughData(
            f"none of the {len(development)} rows to train on is {' or '.join(map(repr, missing))}; pass a longer "
            f"history, or options of the label ({development.spec.label}) by which every class occurs"
        )


def _known(evaluation: Evaluation) -> dict[str, Any]:
    """Calibration and abstention, from out-of-fold predictions."""
    calibration = CalibrationMap() if evaluation.calibration is None else evaluation.calibration.calibration.map
    known: dict[str, Any] = {"calibration": calibration}
    if evaluation.abstention is not None:
        known["abstention"] = evaluation.abstention.rule
    return known


def _held_out(last: CrossValidation, artefact: Artefact, spec: TrainingSpec, seed: int) -> HeldOut:
    raw: Predictions = last.predictions
    found = Predictor(artefact).predict(last.dataset.inputs[raw.row])
    said = replace(raw, predicted=found.probabilities if raw.classes else found.raw)
    return judge_held_out(last, said, spec.evaluation, decided=~found.abstained, seed=seed)


def _figures(evaluation: Evaluation, held_out: HeldOut) -> dict[str, float]:
    """The held-out scores by name, and the cross-validated one that models are judged by."""
    judged_by = primary_score(evaluation.dataset.task)
    found = {name: score.estimate for name, score in held_out.scores.items()}
    found[f"cross_validated_{judged_by}"] = evaluation.scores[judged_by].estimate
    return {name: value for name, value in found.items() if value == value}


def _told(fitted: Any, rows: int, seconds: float) -> Mapping[str, Any]:
    told: dict[str, Any] = {"rows": rows, "fit_seconds": round(seconds, 2)}
    for name in ("best_round_", "best_epoch_"):
        if hasattr(fitted, name):
            told[name.rstrip("_")] = int(getattr(fitted, name))
    return told
