"""Fitting one kind of calibration map: temperature, sigmoid, or isotonic with few knots."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, TypeAlias

import numpy as np
from scipy.optimize import minimize, minimize_scalar

from augury.arrays import FloatMatrix, FloatVector, IntVector
from augury.extras import require
from augury.learning.artefacts.calibration_map import CalibrationMap, Knots
from augury.learning.evaluation.bins import equal_mass_bins

__all__ = ["CALIBRATION_KINDS", "CalibrationKind", "fit_map"]

CalibrationKind: TypeAlias = Literal["none", "temperature", "sigmoid", "isotonic"]

_EPS = 1e-6
_ROWS_A_KNOT = 50
_MOST_KNOTS = 20
_SIGMOID_KNOTS = 65
_TEMPERATURES = (0.05, 100.0)
_SLOPES = ((0.0, 20.0), (-10.0, 10.0))


def fit_map(kind: CalibrationKind, probabilities: FloatMatrix, target: IntVector) -> CalibrationMap:
    """The map of this kind with the least loss on float64[m, classes] and the classes int64[m] that came true."""
    return CALIBRATION_KINDS[kind](probabilities, target)


def _none(probabilities: FloatMatrix, target: IntVector) -> CalibrationMap:  # noqa: ARG001
    return CalibrationMap()


def _temperature(probabilities: FloatMatrix, target: IntVector) -> CalibrationMap:
    """One exponent for all classes that minimises the log-loss (Guo et al. 2017)."""
    logs, rows = np.log(np.clip(probabilities, _EPS, None)), np.arange(target.size)

    def loss(log_temperature: float) -> float:
        scaled = logs / np.exp(log_temperature)
        total = np.log(np.exp(scaled - scaled.max(axis=1, keepdims=True)).sum(axis=1)) + scaled.max(axis=1)
        return float((total - scaled[rows, target]).mean())

    found = minimize_scalar(loss, bounds=(math.log(_TEMPERATURES[0]), math.log(_TEMPERATURES[1])), method="bounded")
    return CalibrationMap(kind="temperature", temperature=float(np.exp(found.x)))


def _sigmoid(probabilities: FloatMatrix, target: IntVector) -> CalibrationMap:
    """A logistic curve of the log-odds (Platt 1999), never falling, written down as knots of an isotonic map."""
    return _by_class(probabilities, target, _sigmoid_knots)


def _isotonic(probabilities: FloatMatrix, target: IntVector) -> CalibrationMap:
    """The never-falling frequencies of at most 20 equal-mass bins of at least 50 rows (Zadrozny and Elkan 2002)."""
    return _by_class(probabilities, target, _isotonic_knots)


def _by_class(
    probabilities: FloatMatrix, target: IntVector, knots: Callable[[FloatVector, FloatVector], Knots]
) -> CalibrationMap:
    classes = probabilities.shape[1]
    chosen = [1] if classes == 2 else range(classes)
    found = tuple(knots(probabilities[:, c], (target == c).astype(np.float64)) for c in chosen)
    return CalibrationMap(kind="isotonic", knots=found)


def _sigmoid_knots(p: FloatVector, hit: FloatVector) -> Knots:
    odds = _log_odds(p)
    prior = min(max(float(hit.mean()), _EPS), 1.0 - _EPS)

    def loss(point: FloatVector) -> tuple[float, FloatVector]:
        score = point[0] * odds + point[1]
        gap = 1.0 / (1.0 + np.exp(-score)) - hit
        value = float((np.logaddexp(0.0, score) - hit * score).mean())
        return value, np.array([float((gap * odds).mean()), float(gap.mean())])

    start = np.array([1.0, float(np.log(prior / (1.0 - prior)) - odds.mean())])
    slope, shift = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=_SLOPES).x
    places = np.unique(np.linspace(odds.min(), odds.max(), _SIGMOID_KNOTS))
    raw, calibrated = 1.0 / (1.0 + np.exp(-places)), 1.0 / (1.0 + np.exp(-(slope * places + shift)))
    return _strict(raw, calibrated)


def _isotonic_knots(p: FloatVector, hit: FloatVector) -> Knots:
    bins = min(max(p.size // _ROWS_A_KNOT, 2), _MOST_KNOTS)
    which = equal_mass_bins(p, bins)
    count = np.bincount(which).astype(np.float64)
    raw = np.bincount(which, p) / count
    # each bin gets one row of the whole's frequency, so that none says 0 or 1
    shares = (np.bincount(which, hit) + hit.mean()) / (count + 1.0)
    regression = require("sklearn.isotonic", extra="learn").IsotonicRegression(y_min=_EPS, y_max=1.0 - _EPS)
    return _strict(raw, np.asarray(regression.fit_transform(raw, shares, sample_weight=count)))


def _strict(raw: FloatVector, calibrated: FloatVector) -> Knots:
    """Knots whose raw values rise; the calibrated ones rounded so that they never fall."""
    raw, first = np.unique(np.clip(raw, 0.0, 1.0), return_index=True)
    rising = np.maximum.accumulate(np.clip(calibrated[first], 0.0, 1.0))
    return Knots(raw=tuple(raw.tolist()), calibrated=tuple(rising.tolist()))


def _log_odds(p: FloatVector) -> FloatVector:
    cut = np.clip(p, _EPS, 1.0 - _EPS)
    return np.asarray(np.log(cut / (1.0 - cut)))


CALIBRATION_KINDS: dict[CalibrationKind, Callable[[FloatMatrix, IntVector], CalibrationMap]] = {
    "none": _none,
    "temperature": _temperature,
    "sigmoid": _sigmoid,
    "isotonic": _isotonic,
}
