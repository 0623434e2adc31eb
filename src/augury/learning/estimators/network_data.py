"""What a network is fitted on: training and validation rows apart in time, targets as it learns them, loss weights."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from augury.arrays import FloatVector, IntVector
from augury.errors import InvalidInput, NotEnoughData
from augury.learning.data.inputs import InputKind, Inputs
from augury.learning.estimators.checks import class_codes, early_stopping_rows, read_targets, read_weights
from augury.learning.estimators.network_options import TrainingSpec
from augury.learning.estimators.network_rows import NetworkRows, data_fingerprint

__all__ = ["FitRows", "Lesson", "NetworkData", "class_numbers", "class_shares", "lesson_of", "value_scale"]

_VALIDATION_SHARE = 0.15
_FEWEST_OF_A_CLASS = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FitRows:
    """Rows with their targets and weights as passed in: float64[n] each."""

    inputs: Any = field(repr=False)
    target: FloatVector = field(repr=False)
    weights: FloatVector = field(repr=False)

    @classmethod
    def checked(cls, inputs: Any, target: Any, weights: Any = None) -> Self:
        """One finite target and one weight a row; InvalidInput otherwise."""
        rows = inputs if isinstance(inputs, Inputs) else np.asarray(inputs)
        if not rows.shape:
            raise InvalidInput(f"expected rows to learn from, got {inputs!r:.80}")
        return cls(inputs=rows, target=read_targets(target, len(rows)), weights=read_weights(weights, len(rows)))

    def __len__(self) -> int:
        return self.target.size

    def __getitem__(self, rows: Any) -> FitRows:
        return FitRows(inputs=self.inputs[rows], target=self.target[rows], weights=self.weights[rows])

    @property
    def fingerprint(self) -> str:
        """SHA-256 of inputs, targets and weights."""
        return data_fingerprint(self.inputs, self.target, self.weights)

    def blocks(self) -> tuple[FitRows, FitRows]:
        """Training rows and the last 15 % of the time, training labels that reach into it left out.

        Rows of an array are taken to be in order of time; nothing is known about their labels, so none is left out.
        """
        train, valid = early_stopping_rows(self.inputs, _VALIDATION_SHARE)
        return self[train], self[valid]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NetworkData:
    """Rows ready for training: `target` int64[n] positions in the classes, or float64[n] standardised values.

    `weights` float64[n] are weights in the loss; their mean over the training rows is 1.
    """

    rows: NetworkRows
    target: IntVector | FloatVector = field(repr=False)
    weights: FloatVector = field(repr=False)

    @classmethod
    def for_classes(cls, fit: FitRows, kind: InputKind, classes: IntVector, share: FloatVector) -> NetworkData:
        """`share` float64[classes] is how much a unit of weight in each class counts (see `class_shares`)."""
        places = class_codes(fit.target, classes, len(fit)).astype(np.int64)
        return cls(rows=NetworkRows(fit.inputs, kind), target=places, weights=fit.weights * share[places])

    @classmethod
    def for_values(cls, fit: FitRows, kind: InputKind, target: tuple[float, float], unit: float) -> NetworkData:
        """`target` is the centre and the scale of training values, `unit` what a sample weight of 1 counts."""
        centred = (fit.target - target[0]) / target[1]
        return cls(rows=NetworkRows(fit.inputs, kind), target=centred, weights=fit.weights * unit)

    def __len__(self) -> int:
        return self.target.size


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lesson:
    """All that a network is fitted on: rows to train and to stop on, and its `classes` or the `scale` of its values."""

    train: NetworkData
    valid: NetworkData
    classes: IntVector | None
    scale: tuple[float, float] | None

    @property
    def outputs(self) -> int:
        """Scores that a network gives a row."""
        return 1 if self.classes is None else int(self.classes.size)

    @property
    def shape(self) -> tuple[int, int]:
        """Form of one row's input."""
        return self.train.rows.shape


def lesson_of(options: TrainingSpec, kind: InputKind, given: FitRows, blocks: tuple[FitRows, FitRows]) -> Lesson:
    """The lesson of `blocks` to train and to stop on, out of the rows `given`; raises as `fit` of the networks does."""
    classes, scale = None, None
    if options.task == "classification":
        classes = class_numbers(given, blocks[0])
        shares = class_shares(blocks[0], classes, balanced=options.class_weights)
        train, valid = (NetworkData.for_classes(rows, kind, classes, shares) for rows in blocks)
    else:
        scale = value_scale(blocks[0])
        unit = len(blocks[0]) / float(blocks[0].weights.sum())
        train, valid = (NetworkData.for_values(rows, kind, scale, unit) for rows in blocks)
    if train.rows.shape != valid.rows.shape:
        raise InvalidInput(
            f"validation rows should have the shape {train.rows.shape} of the training rows, got {valid.rows.shape}"
        )
    if not valid.weights.sum() > 0.0:
        raise InvalidInput("the sample weights of all validation rows are 0; pass validation=(X, y)")
    train.rows.check()
    valid.rows.check()
    return Lesson(train=train, valid=valid, classes=classes, scale=scale)


def class_numbers(given: FitRows, train: FitRows) -> IntVector:
    """The classes of the rows given, in order; refuses values that are no class numbers.

    Raises NotEnoughData when the rows left to train on hold fewer than 2 of a class.
    """
    classes = np.unique(given.target)
    if not (classes == np.round(classes)).all():
        raise InvalidInput(
            f"class numbers should be whole, got {classes[:3].tolist()}; pass task='regression' to learn values"
        )
    if classes.size < 2:
        raise InvalidInput(
            f"expected at least 2 classes, got one class only ({classes.tolist()}); pass a longer history or another "
            "label"
        )
    counts = np.bincount(np.searchsorted(classes, train.target), minlength=classes.size)
    if counts.min() < _FEWEST_OF_A_CLASS:
        raise NotEnoughData(
            f"expected at least {_FEWEST_OF_A_CLASS} rows of each class to train on, got {counts.min()} of class "
            f"{classes[counts.argmin()]:g} before the validation rows; pass a longer history, or validation=(X, y)"
        )
    return classes.astype(np.int64)


def class_shares(train: FitRows, classes: IntVector, *, balanced: bool) -> FloatVector:
    """float64[classes]: what a unit of sample weight counts in each class, so that loss weights have mean 1.

    Balanced, every class has the same total. Raises InvalidInput when a class has no weight at all.
    """
    places = np.searchsorted(classes, train.target)
    totals = np.bincount(places, train.weights, classes.size)
    if (totals == 0.0).any():
        raise InvalidInput(f"all sample weights of class {int(classes[totals.argmin()])} are 0; leave its rows out")
    return len(train) / (classes.size * totals) if balanced else np.full(classes.size, len(train) / totals.sum())


def value_scale(train: FitRows) -> tuple[float, float]:
    """Weighted mean and standard deviation of the training values; InvalidInput when they are constant."""
    centre = float(np.average(train.target, weights=train.weights))
    spread = float(np.sqrt(np.average((train.target - centre) ** 2, weights=train.weights)))
    if spread <= 1e-12 * max(1.0, abs(centre)):
        raise InvalidInput(f"the target is constant ({centre:g}) over the training rows: there is nothing to learn")
    return centre, spread
