"""What is to be learnt: targets, classes and weights, one a row."""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.arrays import FloatVector, IntVector
from augury.errors import InvalidInput, NotEnoughData

__all__ = ["class_codes", "class_weights", "classes_of", "read_targets", "read_weights"]

_MIN_ROWS_OF_A_CLASS = 2


def read_targets(target: Any, rows: int) -> FloatVector:
    """float64[rows], finite; InvalidInput when it is missing, of another length or not made of numbers."""
    if target is None:
        raise InvalidInput("learning requires y to be passed, but the target y is None; pass one number a row")
    array = np.asarray(target)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1 or array.size != rows:
        raise InvalidInput(f"expected one target for each of {rows} rows, got {list(array.shape)}")
    try:
        values = array.astype(np.float64) if array.dtype.kind in "fiubO" else None
    except (TypeError, ValueError):
        values = None
    if values is None:
        raise InvalidInput(
            f"Unknown label type: targets should be class numbers or values, got {array.dtype} such as "
            f"{array[0]!r:.40}; number the classes 0, 1, ..."
        )
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        raise InvalidInput(
            f"targets should be finite, got {values[bad[0]]} (NaN or inf) in row {bad[0]} and {bad.size} in all; "
            "leave out the rows without a label"
        )
    return values


def read_weights(weights: Any, rows: int) -> FloatVector:
    """float64[rows], finite, at least 0 and not all 0; ones when None."""
    if weights is None:
        return np.ones(rows)
    array = np.asarray(weights, dtype=np.float64)
    if array.ndim == 0:
        array = np.full(rows, float(array))
    if array.shape != (rows,):
        raise InvalidInput(f"expected one sample weight for each of {rows} rows, got {list(array.shape)}")
    if not np.isfinite(array).all() or array.min() < 0.0 or array.max() == 0.0:
        raise InvalidInput("sample weights should be finite, at least 0 and not all zero")
    return array


def classes_of(values: FloatVector) -> IntVector:
    """The class numbers that occur, int64, rising.

    Raises InvalidInput when one is not whole or there is only one, NotEnoughData for fewer than 2 rows of one.
    """
    classes, counts = np.unique(values, return_counts=True)
    odd = classes[classes != np.round(classes)]
    if odd.size:
        raise InvalidInput(
            f"Unknown label type: classes should be whole numbers, got {odd[0]:g}; pass task='regression' to learn "
            "continuous values"
        )
    if classes.size < 2:
        raise InvalidInput(
            f"expected at least 2 classes, got one class only ({classes[0]:g}); pass a longer history or another label"
        )
    if counts.min() < _MIN_ROWS_OF_A_CLASS:
        raise NotEnoughData(
            f"expected at least {_MIN_ROWS_OF_A_CLASS} rows of each class, got {counts.min()} of class "
            f"{classes[counts.argmin()]:g}; pass a longer history or a label with fewer classes"
        )
    return classes.astype(np.int64)


def class_codes(target: Any, classes: IntVector, rows: int) -> FloatVector:
    """Positions in `classes`, float64[rows]; InvalidInput for a class that was not learnt."""
    values = read_targets(target, rows)
    codes = np.searchsorted(classes, values)
    known = classes[np.minimum(codes, classes.size - 1)] == values
    if not known.all():
        raise InvalidInput(
            f"expected the classes learnt, {classes.tolist()}, got {float(values[~known][0]):g}; "
            "validate with rows of the same label"
        )
    return codes.astype(np.float64)


def class_weights(codes: FloatVector, weights: FloatVector, classes: int) -> FloatVector:
    """`weights` scaled so that every class weighs the same and their sum stays: "balanced" class weights.

    A class whose rows all weigh 0 keeps weight 0.
    """
    totals = np.bincount(codes.astype(np.int64), weights=weights, minlength=classes)
    scale = np.divide(totals.sum() / classes, totals, out=np.zeros(classes), where=totals > 0.0)
    balanced: FloatVector = weights * scale[codes.astype(np.int64)]
    return balanced
