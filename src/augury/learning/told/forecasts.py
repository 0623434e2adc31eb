"""What a model predicted beside what came of it, out of fold and on the held-out time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from augury.learning.evaluation.reliability import reliability_curve
from augury.report import Forecasts, ReliabilityBins

if TYPE_CHECKING:
    from augury.learning.evaluation.calibration import CalibrationReport
    from augury.learning.evaluation.predictions import Predictions
    from augury.learning.evaluation.reliability import ReliabilityCurve
    from augury.learning.training import Training

__all__ = ["told_forecasts"]

_NARROW = "Wilson's intervals, for independent rows: where labels overlap they are too narrow"


def told_forecasts(training: Training) -> tuple[Forecasts, ...]:
    """The held-out forecasts where they were kept, then those out of fold."""
    classes = training.evaluation.dataset.classes
    held_out: Predictions | None = getattr(training.held_out, "predictions", None)
    found = [] if held_out is None else [_held_out(held_out, classes)]
    return (*found, _out_of_fold(training, classes))


def _held_out(said: Predictions, classes: tuple[str, ...]) -> Forecasts:
    bins = None
    if classes:
        bins = _bins(reliability_curve(said.predicted[:, -1], said.target == said.classes - 1))
    return _forecasts(said, classes, "held out", bins, f"Reliability on {len(said):,} held-out rows")


def _out_of_fold(training: Training, classes: tuple[str, ...]) -> Forecasts:
    report = training.evaluation.calibration
    said = training.evaluation.cv.predictions
    bins = None if report is None else _bins(report.curve)
    return _forecasts(
        said, classes, "out of fold, before calibration" if classes else "out of fold", bins, _title(report)
    )


def _title(report: CalibrationReport | None) -> str:
    if report is None:
        return ""
    kind = "uncalibrated" if report.tried.kind == "none" else f"{report.tried.kind} calibration of the earlier ones"
    return f"Reliability on the last {report.rows:,} out-of-fold rows, {kind}"


def _bins(curve: ReliabilityCurve) -> ReliabilityBins:
    return ReliabilityBins(
        predicted=curve.probability,
        observed=curve.frequency,
        low=curve.lower,
        high=curve.upper,
        rows=curve.rows,
        level=curve.confidence,
    )


def _forecasts(
    said: Predictions, classes: tuple[str, ...], where: str, bins: ReliabilityBins | None, bins_title: str
) -> Forecasts:
    if classes:
        event, group, groups = f"P({classes[-1]})", said.target.astype(np.int64), classes
    else:
        event, group, groups = "value", (said.target > 0.0).astype(np.int64), ("target at most 0", "target above 0")
    return Forecasts(
        title=f"{event[:1].upper()}{event[1:]} by outcome, {where}",
        event=event,
        predicted=said.predicted[:, -1],
        group=group,
        groups=groups,
        unit="fraction" if classes else "ratio",
        bins=bins,
        bins_title=bins_title,
        note="" if bins is None else _NARROW,
    )
