"""Calibrating probabilities on out-of-fold predictions: the map that does best on times it was not fitted on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from augury.arrays import FloatMatrix, FloatVector, IntVector
from augury.errors import InvalidInput, NotEnoughData
from augury.learning.artefacts.calibration_map import CalibrationMap, calibrate
from augury.learning.evaluation.calibration_maps import CALIBRATION_KINDS, CalibrationKind, fit_map
from augury.learning.evaluation.predictions import Predictions
from augury.learning.evaluation.reliability import ReliabilityCurve, reliability_curve
from augury.learning.evaluation.score_spec import ScoreSpec
from augury.learning.evaluation.scores import Score, score_predictions
from augury.validation.outcome import Outcome
from augury.validation.seeds import Seed
from augury.validation.splits import PurgedSpec, purged_splits

__all__ = ["CalibrationReport", "FittedCalibration", "calibrate_predictions", "calibration_report", "fit_calibration"]

AnyKind: TypeAlias = Literal["best", "none", "temperature", "sigmoid", "isotonic"]

LEAST_ROWS = 100
LEAST_ISOTONIC_ROWS = 1000
_GROUPS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedCalibration(Outcome):
    """A calibration `map` (see `calibrate`) and how it was chosen.

    `kind` is the one fitted; `losses` the mean log-loss of each kind tried on times that it was not fitted on (empty
    unless the best was asked for). A sigmoid is stored as an isotonic map of 65 knots.
    """

    kind: CalibrationKind
    map: CalibrationMap
    losses: Mapping[str, float]
    rows: int

    def __call__(self, probabilities: FloatMatrix) -> FloatMatrix:
        """Calibrated probabilities float64[m, classes]."""
        return calibrate(probabilities, self.map)


def fit_calibration(
    probabilities: FloatMatrix,
    target: npt.ArrayLike,
    kind: AnyKind = "best",
    *,
    opened_at: IntVector | None = None,
    label_end: IntVector | None = None,
) -> FittedCalibration:
    """Fit a calibration map on out-of-fold probabilities float64[m, classes] and the class numbers that came true.

    "best" tries none, temperature, sigmoid and isotonic on 5 purged blocks of time and keeps the one with the least
    log-loss, the simpler one unless it gains more than one standard error of the paired difference over the blocks. An
    isotonic map of few rows follows noise: it is tried from 1,000 rows on. Without times rows count as in order of time
    with labels that end at once. Never fit it on predictions of rows that the model learnt from: those are too sure.
    Raises NotEnoughData below 100 rows.
    """
    raw, classes = _checked(probabilities, target)
    if kind != "best":
        return _fitted(kind, raw, classes, {})
    parts = _parts(raw.shape[0], opened_at, label_end)
    kinds = [one for one in CALIBRATION_KINDS if one != "isotonic" or classes.size >= LEAST_ISOTONIC_ROWS]
    losses = {one: np.array([_loss(one, raw, classes, part) for part in parts]) for one in kinds}
    sizes = np.array([test.size for _, test in parts], dtype=np.float64)
    return _fitted(
        _chosen(losses, sizes),
        raw,
        classes,
        {name: float(found @ sizes / sizes.sum()) for name, found in losses.items()},
    )


def calibrate_predictions(said: Predictions, calibration: FittedCalibration | CalibrationMap) -> Predictions:
    """The same predictions with calibrated probabilities."""
    found = calibration.map if isinstance(calibration, FittedCalibration) else calibration
    return replace(said, predicted=calibrate(said.predicted, found))


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationReport:
    """How far a calibration carries: calibration error and log-loss before and after on rows later than its own.

    `curve` is the reliability after calibration of the last class. `calibration` is the map fitted on all rows, the one
    to deliver; the figures are of the one fitted on the first `share` of the time.
    """

    calibration: FittedCalibration
    tried: FittedCalibration
    share: float
    rows: int
    before: Score
    after: Score
    log_loss_before: Score
    log_loss_after: Score
    curve: ReliabilityCurve = field(repr=False)


def calibration_report(
    said: Predictions,
    kind: AnyKind = "best",
    scoring: ScoreSpec | None = None,
    *,
    share: float = 0.6,
    seed: Seed = 0,
) -> CalibrationReport:
    """Fit on the first `share` of the out-of-fold times, judge on the later ones, then fit on all of them.

    Rows whose labels reach into the later part are left out of the first fit. Raises InvalidInput for a regression,
    NotEnoughData below 100 rows a part.
    """
    if not said.classes:
        raise InvalidInput("a regression has no probabilities to calibrate; see conformal_intervals")
    times = np.unique(said.opened_at)
    first = times[min(max(round(share * times.size), 1), times.size - 1)]
    early, late = np.flatnonzero(said.label_end < first), np.flatnonzero(said.opened_at >= first)
    tried = _fit_rows(said, early, kind)
    held = _rows(said, late)
    after = calibrate_predictions(held, tried)
    names = ("calibration_error", "log_loss")
    scores = [score_predictions(part, names, scoring, seed=seed) for part in (held, after)]
    bins = (scoring or ScoreSpec()).calibration_bins
    return CalibrationReport(
        calibration=_fit_rows(said, np.arange(len(said)), kind),
        tried=tried,
        share=share,
        rows=len(held),
        before=scores[0]["calibration_error"],
        after=scores[1]["calibration_error"],
        log_loss_before=scores[0]["log_loss"],
        log_loss_after=scores[1]["log_loss"],
        curve=reliability_curve(after.predicted[:, -1], after.target == said.classes - 1, bins=bins),
    )


def _fit_rows(said: Predictions, rows: IntVector, kind: AnyKind) -> FittedCalibration:
    return fit_calibration(
        said.predicted[rows], said.target[rows], kind, opened_at=said.opened_at[rows], label_end=said.label_end[rows]
    )


def _rows(said: Predictions, rows: IntVector) -> Predictions:
    names = ("predicted", "target", "outcome", "reference", "symbol", "bar", "opened_at", "label_end", "fold", "row")
    return replace(said, **{name: getattr(said, name)[rows] for name in names})


def _checked(probabilities: FloatMatrix, target: npt.ArrayLike) -> tuple[FloatMatrix, IntVector]:
    raw, given = np.asarray(probabilities, dtype=np.float64), np.asarray(target, dtype=np.float64)
    if raw.ndim != 2 or raw.shape[1] < 2 or given.shape != raw.shape[:1]:
        raise InvalidInput(
            f"expected probabilities [rows, classes] and as many targets, got {list(raw.shape)} and {list(given.shape)}"
        )
    if not (np.isfinite(raw).all() and (np.abs(raw.sum(axis=1) - 1.0) < 1e-6).all() and raw.min() >= 0.0):
        raise InvalidInput("probabilities should be finite, at least 0 and sum to 1 in every row")
    if not np.isin(given, np.arange(raw.shape[1])).all():
        raise InvalidInput(f"expected class numbers 0 to {raw.shape[1] - 1} as targets; pass those of the data set")
    if raw.shape[0] < LEAST_ROWS:
        raise NotEnoughData(
            f"expected at least {LEAST_ROWS} rows to calibrate on, got {raw.shape[0]}; pass a longer history, or leave "
            "the probabilities as they are"
        )
    return raw, given.astype(np.int64)


def _parts(rows: int, opened_at: IntVector | None, label_end: IntVector | None) -> list[tuple[IntVector, IntVector]]:
    """Rows to fit on and to judge on, by purged blocks of time without a further embargo."""
    opened = np.arange(rows) if opened_at is None else np.asarray(opened_at)
    ends = opened if label_end is None else np.asarray(label_end)
    times, place = np.unique(opened, return_inverse=True)
    reach = np.arange(times.size)
    np.maximum.at(reach, place, np.searchsorted(times, ends, side="right") - 1)
    splits = purged_splits(reach, PurgedSpec(groups=_GROUPS, test_groups=1, embargo_bars=0))
    return [
        (np.flatnonzero(np.isin(place, split.train)), np.flatnonzero(np.isin(place, split.test))) for split in splits
    ]


def _loss(kind: CalibrationKind, raw: FloatMatrix, target: IntVector, part: tuple[IntVector, IntVector]) -> float:
    train, test = part
    said = calibrate(raw[test], fit_map(kind, raw[train], target[train]))
    return float(-np.log(np.clip(said[np.arange(test.size), target[test]], 1e-15, None)).mean())


def _chosen(losses: Mapping[CalibrationKind, FloatVector], sizes: FloatVector) -> CalibrationKind:
    """From the simplest on, a kind replaces the one kept when it gains more than one standard error over the blocks."""
    kept: CalibrationKind = "none"
    for kind in losses:
        gain = losses[kept] - losses[kind]
        mean = float(gain @ sizes / sizes.sum())
        if mean > float(gain.std(ddof=1)) / np.sqrt(sizes.size):
            kept = kind
    return kept


def _fitted(
    kind: CalibrationKind, raw: FloatMatrix, target: IntVector, losses: Mapping[str, float]
) -> FittedCalibration:
    return FittedCalibration(
        method="least log-loss over 5 purged blocks of time" if losses else f"{kind} as asked",
        kind=kind,
        map=fit_map(kind, raw, target),
        losses=losses,
        rows=int(target.size),
    )
