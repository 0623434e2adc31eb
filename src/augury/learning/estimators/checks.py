"""What every estimator checks first: form, targets, weights, columns, and rows that nothing can be learnt from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from augury.arrays import FloatVector, IntVector
from augury.errors import InvalidInput, NotEnoughData
from augury.learning.data.inputs import InputKind, Inputs, read_inputs
from augury.learning.estimators.targets import class_codes, class_weights, classes_of, read_targets, read_weights

__all__ = [
    "TrainingRows",
    "class_codes",
    "class_weights",
    "columns_of",
    "early_stopping_rows",
    "read_features",
    "read_for_prediction",
    "read_targets",
    "read_weights",
    "training_rows",
    "validation_rows",
]

_MIN_ROWS = 2
_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainingRows:
    """Checked rows to learn from.

    `features` [n, ...] as the kind says, `target` float64[n]: values, or positions 0, 1, ... in `classes` (int64, the
    class numbers that occur, rising; None for regression). `weights` float64[n] are at least 0. `columns` are the names
    of the features where they are known.
    """

    features: npt.NDArray[Any] = field(repr=False)
    target: FloatVector = field(repr=False)
    weights: FloatVector = field(repr=False)
    classes: IntVector | None
    columns: tuple[str, ...] | None

    def __len__(self) -> int:
        return int(self.target.size)


def training_rows(
    inputs: Any, target: Any, weights: Any, *, kind: InputKind, task: str, allow_nan: bool = False
) -> TrainingRows:
    """Read what is to be learnt from, or refuse with the remedy.

    Raises InvalidInput for another form, lengths that differ, targets that are not class numbers (classification) or
    not finite, NaN (unless `allow_nan`) or infinite features, features that never change, one class only; and
    NotEnoughData for fewer than 2 rows of a class.
    """
    features = read_features(inputs, kind)
    columns = columns_of(inputs)
    if 0 in features.shape[1:]:
        raise InvalidInput(
            f"got 0 feature(s) (shape={features.shape}) while a minimum of 1 is required; name some features"
        )
    if features.shape[0] < _MIN_ROWS:
        raise NotEnoughData(
            f"got {features.shape[0]} sample(s), 1 sample or fewer, while a minimum of {_MIN_ROWS} is "
            "required; pass a longer history"
        )
    if kind != "image":
        features = np.ascontiguousarray(features, dtype=np.float64)
        _require_usable(features, columns, allow_nan)
        _require_change(features, columns)
    values = read_targets(target, features.shape[0])
    classes = None
    if task == "classification":
        classes = classes_of(values)
        values = np.searchsorted(classes, values).astype(np.float64)
    return TrainingRows(
        features=features,
        target=values,
        weights=read_weights(weights, features.shape[0]),
        classes=classes,
        columns=columns,
    )


def read_features(inputs: Any, kind: InputKind) -> npt.NDArray[Any]:
    """`read_inputs`, which also says plainly what sparse, complex and flat arrays lack; objects become numbers."""
    if isinstance(inputs, Inputs):
        return read_inputs(inputs, kind)
    if hasattr(inputs, "tocsr") or hasattr(inputs, "tocoo"):
        raise InvalidInput(f"sparse input is not supported, got {type(inputs).__name__}; pass a dense array")
    array = np.asarray(inputs)
    if array.dtype.kind == "c":
        raise InvalidInput(f"Complex data not supported, got {array.dtype}; pass real numbers")
    if array.ndim == 1 and kind == "tabular":
        raise InvalidInput(
            f"Expected 2D array, got 1D array of {array.size} values instead. Reshape your data: X.reshape(-1, 1) for "
            "a single feature, X.reshape(1, -1) for a single row"
        )
    if array.dtype == object:
        try:
            array = array.astype(np.float64)
        except ValueError as error:
            raise InvalidInput(f"features should be numbers: {error}; leave out columns of text") from error
    return read_inputs(array, kind)


def validation_rows(
    rows: TrainingRows, validation: tuple[Any, Any], *, kind: InputKind, allow_nan: bool = False
) -> tuple[npt.NDArray[Any], FloatVector]:
    """Features and targets (as in `rows`) to validate on; InvalidInput for other features or classes than learnt."""
    if not isinstance(validation, tuple) or len(validation) != 2:
        raise InvalidInput(f"validation should be (X, y), got {type(validation).__name__}")
    inputs, target = validation
    features, columns = read_features(inputs, kind), columns_of(inputs)
    if columns is not None and rows.columns is not None and columns != rows.columns:
        raise InvalidInput(_other_columns(columns, rows.columns))
    if features.shape[1:] != rows.features.shape[1:]:
        raise InvalidInput(
            f"validation rows should have the shape {rows.features.shape[1:]} of the training rows, "
            f"got {features.shape[1:]}"
        )
    if kind != "image":
        features = np.ascontiguousarray(features, dtype=np.float64)
        _require_usable(features, columns, allow_nan)
    if rows.classes is None:
        return features, read_targets(target, features.shape[0])
    return features, class_codes(target, rows.classes, features.shape[0])


def columns_of(inputs: Any) -> tuple[str, ...] | None:
    """The features' names where the inputs carry them: `Inputs`, or a frame whose column names are texts."""
    if isinstance(inputs, Inputs):
        return inputs.columns
    names = getattr(inputs, "columns", None)
    if names is not None and all(isinstance(name, str) for name in names):
        return tuple(names)
    return None


def early_stopping_rows(inputs: Any, share: float) -> tuple[IntVector, IntVector]:
    """Rows to train on and rows to stop early on: the last `share` of the time.

    Of `Inputs`, training rows whose labels reach into the held-out time are left out; an array has no times, so its
    rows count as in order of time and nothing can be purged. Raises NotEnoughData when a side would be empty.
    """
    if isinstance(inputs, Inputs):
        from augury.learning.data.folds import holdout

        fold = holdout(inputs, share)
        train, valid = fold.train, fold.test
    else:
        rows = int(np.shape(inputs)[0])
        first = rows - max(1, round(rows * share))
        train, valid = np.arange(first), np.arange(first, rows)
    if train.size < _MIN_ROWS or valid.size < 1:
        raise NotEnoughData(
            f"expected rows on both sides of the early-stopping split, got {train.size} to train on and {valid.size} "
            "to stop on; pass a longer history, or validation=(X, y) of your own"
        )
    return train, valid


def read_for_prediction(model: Any, inputs: Any, *, allow_nan: bool = False) -> npt.NDArray[Any]:
    """What a fitted model reads of these inputs.

    Raises sklearn's NotFittedError before `fit`; InvalidInput for other columns than those learnt, another width, or
    NaN (unless `allow_nan`) and infinite features.
    """
    from sklearn.utils.validation import check_is_fitted

    check_is_fitted(model)
    columns, learnt = columns_of(inputs), getattr(model, "columns_", None)
    if columns is not None and learnt is not None and columns != learnt:
        raise InvalidInput(_other_columns(columns, learnt))
    features = read_features(inputs, model.input_kind)
    if model.input_kind == "image":
        return features
    if features.shape[-1] != model.n_features_in_:
        raise InvalidInput(
            f"X has {features.shape[-1]} features, but {type(model).__name__} is expecting {model.n_features_in_} "
            "features as input; pass those it was fitted on, in the same order"
        )
    features = np.ascontiguousarray(features, dtype=np.float64)
    _require_usable(features, columns, allow_nan)
    return features


def _require_usable(features: npt.NDArray[np.float64], columns: tuple[str, ...] | None, allow_nan: bool) -> None:
    bad = np.isinf(features) if allow_nan else ~np.isfinite(features)
    if not bad.any():
        return
    rows = int(bad.reshape(bad.shape[0], -1).any(axis=1).sum())
    what = "infinity" if allow_nan else "NaN or infinity"
    remedy = "" if allow_nan else ", or choose a model that reads NaN (xgboost)"
    raise InvalidInput(
        f"features should be {'' if allow_nan else 'defined and '}finite, but {rows} row(s) hold {what} "
        f"in {_named(bad, columns)}; leave those rows or features out{remedy}"
    )


def _require_change(features: npt.NDArray[np.float64], columns: tuple[str, ...] | None) -> None:
    flat = features.reshape(-1, features.shape[-1])
    defined = ~np.isnan(flat)
    low = np.where(defined, flat, np.inf).min(axis=0)
    high = np.where(defined, flat, -np.inf).max(axis=0)
    same = low >= high
    if same.any():
        raise InvalidInput(
            f"features should change, but {_named(same[None, :], columns)} hold the same value (or none) in all "
            f"{features.shape[0]} rows; leave them out or pass a longer history"
        )


def _named(bad: npt.NDArray[np.bool_], columns: tuple[str, ...] | None) -> str:
    places = np.flatnonzero(bad.reshape(-1, bad.shape[-1]).any(axis=0))
    names = [columns[at] if columns and len(columns) == bad.shape[-1] else f"column {at}" for at in places[:_SHOWN]]
    return ", ".join(names) + (f" and {places.size - _SHOWN} more" if places.size > _SHOWN else "")


def _other_columns(columns: tuple[str, ...], learnt: tuple[str, ...]) -> str:
    missing = [name for name in learnt if name not in columns]
    extra = [name for name in columns if name not in learnt]
    what = [f"missing {', '.join(missing[:_SHOWN])}"] if missing else []
    what += [f"unknown {', '.join(extra[:_SHOWN])}"] if extra else []
    return (
        f"expected the {len(learnt)} features that were learnt, in their order; got {len(columns)}: "
        f"{'; '.join(what) or 'the same in another order'}. Build the rows with the model's own feature list"
    )
