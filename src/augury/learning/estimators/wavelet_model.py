"""A model that reads the wavelet columns of a data set alone."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import numpy as np
from msgspec import Meta

from augury.arrays import FloatMatrix, FloatVector, IntVector
from augury.errors import InvalidInput
from augury.learning.data.inputs import Inputs
from augury.learning.estimators.checks import columns_of, read_for_prediction
from augury.learning.estimators.estimator import Estimator, Task, Track
from augury.learning.estimators.families import family_of, make_model
from augury.spec import Spec

__all__ = ["WaveletModel", "WaveletModelSpec", "wavelet_columns"]

_WAVELET = re.compile(r"(?:^|_)(?:wavelet|modwt)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveletModelSpec(Spec):
    """Bounds of the options of `WaveletModel`; `learner` is a tabular model as text."""

    task: Task = "classification"
    learner: Annotated[str, Meta(min_length=1)] = "xgboost(max_depth=4)"
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0

    def check(self) -> None:
        """The learner is a single model that reads tables."""
        family = family_of(self.learner.split("(")[0].strip())
        if family.input_kind != "tabular" or family.name in ("wavelet", "average", "stack"):
            raise InvalidInput(
                f"WaveletModelSpec.learner = {self.learner!r}: Expected a table model, xgboost or linear"
            )


def wavelet_columns(columns: tuple[str, ...]) -> IntVector:
    """Positions of the columns that come from wavelet features, told by their names (`wavelet...` or `modwt...`).

    >>> wavelet_columns(("rsi", "wavelet_energy_1", "modwt_trend")).tolist()
    [1, 2]
    """
    return np.flatnonzero([_WAVELET.search(name) is not None for name in columns]).astype(np.int64)


class WaveletModel(Estimator):
    """Boosted trees, or another table model (`learner`), over the wavelet columns of the rows alone.

    Rows are `Inputs` or a frame, whose column names tell which come from wavelets. Wavelets of the feature catalogue
    are causal (MODWT), so a row reads nothing after its bar; a decomposition of the whole series would leak.

    Fitted: `model_` (the learner, fitted on the chosen columns), `wavelet_positions_` int64 in `columns_` (all the
    columns of the rows), `classes_`, `n_features_in_` (all columns), `history_` where the learner has one.

    Source: Percival and Walden, "Wavelet methods for time series analysis", 2000, chapter 5.
    """

    family: ClassVar[str] = "wavelet"
    spec_type: ClassVar[type[Spec]] = WaveletModelSpec
    reads_nan: ClassVar[bool] = True

    def __init__(self, *, task: Task = "classification", learner: str = "xgboost(max_depth=4)", seed: int = 0) -> None:
        self.task = task
        self.learner = learner
        self.seed = seed

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        validation: tuple[Any, Any] | None = None,
        track: Track | None = None,
    ) -> WaveletModel:
        """Learn from the wavelet columns; InvalidInput when the rows have no column names or no wavelet columns."""
        spec: WaveletModelSpec = self.checked_options()
        columns = columns_of(X)
        if columns is None:
            raise InvalidInput(
                "a wavelet model tells its features by name: pass a data set's inputs or a frame with column names"
            )
        chosen = wavelet_columns(columns)
        if chosen.size == 0:
            raise InvalidInput(
                f"expected features whose names hold 'wavelet' or 'modwt', got {', '.join(columns[:8])}; add a "
                "wavelet feature to the data set, or choose another model"
            )
        model = make_model(spec.learner, task=spec.task, seed=spec.seed)
        if validation is not None:
            validation = (_some_columns(validation[0], chosen), validation[1])
        model.fit(_some_columns(X, chosen), y, sample_weight, validation=validation, track=track)
        if spec.task == "classification":
            self.classes_ = model.classes_
        self.columns_, self.n_features_in_ = columns, len(columns)
        self.wavelet_positions_, self.model_ = chosen, model
        if hasattr(model, "history_"):
            self.history_ = model.history_
        return self

    def predict_proba(self, X: Any) -> FloatMatrix:
        """Probability of each class, float64[m, classes]; `X` holds all the columns of the rows learnt from."""
        found: FloatMatrix = self.model_.predict_proba(self._wavelets(X))
        return found

    def predict_values(self, X: Any) -> FloatVector:
        """Predicted values, float64[m]."""
        found: FloatVector = self.model_.predict_values(self._wavelets(X))
        return found

    def _wavelets(self, inputs: Any) -> FloatMatrix:
        features = read_for_prediction(self, inputs, allow_nan=True)
        return np.ascontiguousarray(features[:, self.wavelet_positions_])


def _some_columns(inputs: Any, chosen: IntVector) -> Any:
    """The same rows with some columns only, their times kept."""
    if not isinstance(inputs, Inputs):
        return inputs.iloc[:, chosen]
    return replace(
        inputs,
        tables=tuple(np.ascontiguousarray(table[:, chosen]) for table in inputs.tables),
        columns=tuple(inputs.columns[at] for at in chosen),
    )
