"""Calibration that moves with time: each prediction is calibrated by what had come true before it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Annotated

import numpy as np
from msgspec import Meta

from augury.arrays import BoolVector
from augury.errors import InvalidInput, NotEnoughData
from augury.learning.artefacts.calibration_map import CalibrationMap, calibrate
from augury.learning.evaluation.calibration_maps import CalibrationKind, fit_map
from augury.learning.evaluation.predictions import Predictions
from augury.spec import Spec

__all__ = ["AdaptiveCalibration", "AdaptiveCalibrationSpec", "calibrate_adaptively"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptiveCalibrationSpec(Spec):
    """A map of this `kind` fitted anew every `refit_times` times on the last `window_times` known (None: on all)."""

    kind: CalibrationKind = "temperature"
    warm_up: Annotated[int, Meta(ge=50)] = 250
    window_times: Annotated[int, Meta(ge=50)] | None = None
    refit_times: Annotated[int, Meta(ge=1)] = 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AdaptiveCalibration:
    """`predictions` calibrated, but raw where not yet `judged` (bool[m]); the `last` map to go on with."""

    predictions: Predictions = field(repr=False)
    judged: BoolVector = field(repr=False)
    last: CalibrationMap
    fits: int


def calibrate_adaptively(said: Predictions, spec: AdaptiveCalibrationSpec | None = None) -> AdaptiveCalibration:
    """Calibrate each row with a map of rows whose labels had ended before its bar opened.

    For base rates that drift: a map fitted once keeps the old one. Rows of the first `warm_up` distinct times stay raw.
    Raises NotEnoughData when no time is left after them, InvalidInput for a regression.
    """
    spec = spec or AdaptiveCalibrationSpec()
    if not said.classes:
        raise InvalidInput("a regression has no probabilities to calibrate; see conformal_intervals")
    times, place = np.unique(said.opened_at, return_inverse=True)
    if times.size <= spec.warm_up:
        raise NotEnoughData(f"expected more than warm_up = {spec.warm_up} distinct times, got {times.size}")
    target = said.target.astype(np.int64)
    predicted, last, fits = said.predicted.copy(), CalibrationMap(), 0
    for first in range(spec.warm_up, times.size, spec.refit_times):
        known = said.label_end < times[first]
        if spec.window_times is not None:
            known &= said.opened_at >= times[max(first - spec.window_times, 0)]
        if np.unique(target[known]).size == said.classes:
            last, fits = fit_map(spec.kind, said.predicted[known], target[known]), fits + 1
        mine = (place >= first) & (place < first + spec.refit_times)
        predicted[mine] = calibrate(said.predicted[mine], last)
    judged: BoolVector = place >= spec.warm_up
    return AdaptiveCalibration(predictions=replace(said, predicted=predicted), judged=judged, last=last, fits=fits)
