"""How raw probabilities become calibrated ones: the fitted map, as data and as a pure function."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from msgspec import Meta

from augury.arrays import FloatVector
from augury.errors import InvalidInput
from augury.learning.artefacts.arrays import Probabilities
from augury.spec import Spec

__all__ = ["CalibrationMap", "Knots", "calibrate"]

_SLACK = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Knots(Spec):
    """A piecewise-linear map: `raw` probabilities, strictly rising, and the `calibrated` ones there, never falling."""

    raw: tuple[float, ...]
    calibrated: tuple[float, ...]

    def check(self) -> None:
        """As many of both, at least one, in 0..1 and in order."""
        if not self.raw or len(self.raw) != len(self.calibrated):
            raise InvalidInput(
                f"knots need as many raw as calibrated values, at least one; got {len(self.raw)} and "
                f"{len(self.calibrated)}"
            )
        for name, values in (("raw", self.raw), ("calibrated", self.calibrated)):
            if not all(math.isfinite(value) and -_SLACK <= value <= 1.0 + _SLACK for value in values):
                raise InvalidInput(f"{name} knots should be probabilities from 0 to 1; got {values!r:.80}")
        if any(later <= earlier for earlier, later in zip(self.raw, self.raw[1:], strict=False)):
            raise InvalidInput(f"raw knots should rise strictly; got {self.raw!r:.80}")
        if any(later < earlier for earlier, later in zip(self.calibrated, self.calibrated[1:], strict=False)):
            raise InvalidInput(f"calibrated knots should never fall; got {self.calibrated!r:.80}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationMap(Spec):
    """What is done to raw probabilities before they are shown.

    `none`: nothing. `isotonic`: `knots`, one set for the last of two classes, or one a class for more (one against the
    rest, rescaled to sum 1; Zadrozny and Elkan 2002). `temperature`: probabilities to the power 1 / `temperature`,
    rescaled to sum 1, which is a softmax of logits over the temperature (Guo et al. 2017).

    >>> CalibrationMap(kind="temperature", temperature=2.0).to_dict()["temperature"]
    2.0
    """

    kind: Literal["none", "isotonic", "temperature"] = "none"
    temperature: Annotated[float, Meta(gt=0.0)] = 1.0
    knots: tuple[Knots, ...] = ()

    def check(self) -> None:
        """Knots go with isotonic maps, a temperature with temperature maps."""
        if (self.kind == "isotonic") != bool(self.knots):
            raise InvalidInput(f"a calibration map of kind {self.kind!r} was given {len(self.knots)} sets of knots")
        if self.kind != "temperature" and self.temperature != 1.0:
            raise InvalidInput(f"a calibration map of kind {self.kind!r} takes no temperature; got {self.temperature}")


def calibrate(raw: Probabilities, calibration: CalibrationMap) -> Probabilities:
    """Calibrated probabilities float64[m, classes] of raw ones; rows with NaN stay NaN.

    The result of a row depends on that row alone, bit for bit. A row whose calibrated values are all 0 keeps its raw
    ones. Raises InvalidInput when the knots do not fit the number of classes.

    >>> knots = Knots(raw=(0.2, 0.8), calibrated=(0.4, 0.6))
    >>> calibrate(np.array([[0.5, 0.5], [0.1, 0.9]]), CalibrationMap(kind="isotonic", knots=(knots,))).tolist()
    [[0.5, 0.5], [0.4, 0.6]]
    """
    if calibration.kind == "none":
        return raw.copy()
    if calibration.kind == "temperature":
        power = 1.0 / calibration.temperature
        # one value at a time: vectorised powers may differ in the last bit with the length of the array
        powers = [value**power if value > 0.0 else value * 0.0 for value in raw.ravel().tolist()]
        return _rescaled(np.array(powers).reshape(raw.shape), raw)
    classes = raw.shape[1]
    wanted = 1 if classes == 2 else classes
    if len(calibration.knots) != wanted:
        raise InvalidInput(
            f"{classes} classes need {wanted} sets of knots, the calibration map has {len(calibration.knots)}; fit it "
            "on the probabilities of this model"
        )
    if classes == 2:
        last = _interpolated(raw[:, 1], calibration.knots[0])
        return np.column_stack((1.0 - last, last))
    each = [_interpolated(raw[:, place], knots) for place, knots in enumerate(calibration.knots)]
    return _rescaled(np.column_stack(each), raw)


def _interpolated(values: FloatVector, knots: Knots) -> FloatVector:
    x, y = np.array(knots.raw), np.array(knots.calibrated)
    if x.size == 1:
        return np.where(np.isnan(values), np.nan, y[0])
    piece = np.clip(np.searchsorted(x, values, side="right") - 1, 0, x.size - 2)
    start, end = x[piece], x[piece + 1]
    share = (np.clip(values, start, end) - start) / (end - start)
    return np.asarray(y[piece] + share * (y[piece + 1] - y[piece]))


def _rescaled(values: Probabilities, raw: Probabilities) -> Probabilities:
    total = values[:, 0].copy()
    for column in range(1, values.shape[1]):
        total += values[:, column]
    nothing = total == 0.0
    scaled: Probabilities = values / np.where(nothing, 1.0, total)[:, None]
    scaled[nothing] = raw[nothing]
    return scaled
