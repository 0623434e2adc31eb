"""Judging a single row in plain numbers: the bits of `augury.learning`'s `prediction_of`, without making arrays."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from math import isnan, nan
from typing import TypeAlias

import msgspec

from augury.errors import InvalidArtefact
from augury.learning import CalibrationMap, Knots, Manifest

__all__ = ["Judge", "Said", "judge_of"]


class Said(msgspec.Struct, frozen=True, gc=False):
    """What a model says about one row: `probabilities` by class or a regression's single value, and what follows.

    `decision` is the position of a class, -1 where there is none. `known` is False where anything is not finite.
    """

    probabilities: tuple[float, ...]
    decision: int
    abstained: bool
    known: bool


Judge: TypeAlias = Callable[[Sequence[float]], Said]
_Calibrate: TypeAlias = Callable[[Sequence[float]], Sequence[float]]


def judge_of(manifest: Manifest) -> Judge:
    """What turns a row of the graph's output into what is said; for each row exactly what `prediction_of` gives."""
    if not manifest.classes:
        return _regression
    _refuse_other_knots(manifest)
    calibrate = _calibration(manifest.calibration, len(manifest.classes))
    least, quantile = manifest.abstention.min_probability, manifest.abstention.conformal_quantile

    def judge(raw: Sequence[float]) -> Said:
        found = tuple(calibrate(raw))
        total = sum(found)
        if total != total:
            return Said(found, -1, False, False)
        best = max(found)
        unsure = not best >= least
        if quantile is not None and not unsure:
            unsure = sum(1.0 - value <= quantile for value in found) != 1
        return Said(found, -1 if unsure else found.index(best), unsure, total - total == 0.0)

    return judge


def _regression(raw: Sequence[float]) -> Said:
    return Said(tuple(raw), -1, False, abs(raw[0]) < float("inf"))


def _refuse_other_knots(manifest: Manifest) -> None:
    classes, knots = len(manifest.classes), manifest.calibration.knots
    if knots and len(knots) != (1 if classes == 2 else classes):
        raise InvalidArtefact(
            f"{manifest.model_id} tells {classes} classes apart, its calibration map has {len(knots)} sets of knots; "
            "export the model again"
        )


def _calibration(calibration: CalibrationMap, classes: int) -> _Calibrate:
    if calibration.kind == "none":
        return lambda raw: raw
    if calibration.kind == "temperature":
        power = 1.0 / calibration.temperature
        return lambda raw: _rescaled([value**power if value > 0.0 else value * 0.0 for value in raw], raw)
    if classes == 2:
        knots = calibration.knots[0]

        def two(raw: Sequence[float]) -> Sequence[float]:
            last = _interpolated(raw[1], knots)
            return (1.0 - last, last)

        return two
    return lambda raw: _rescaled(
        [_interpolated(value, knots) for value, knots in zip(raw, calibration.knots, strict=True)], raw
    )


def _interpolated(value: float, knots: Knots) -> float:
    x, y = knots.raw, knots.calibrated
    if isnan(value):
        return nan
    if len(x) == 1:
        return y[0]
    piece = min(max(bisect_right(x, value) - 1, 0), len(x) - 2)
    start, end = x[piece], x[piece + 1]
    share = (min(max(value, start), end) - start) / (end - start)
    return y[piece] + share * (y[piece + 1] - y[piece])


def _rescaled(values: Sequence[float], raw: Sequence[float]) -> Sequence[float]:
    total = values[0]
    for value in values[1:]:
        total += value
    return raw if total == 0.0 else [value / total for value in values]
