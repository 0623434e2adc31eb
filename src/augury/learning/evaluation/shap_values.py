"""SHAP values of boosted trees: how much each feature moves each prediction, exactly."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from augury.arrays import FloatMatrix
from augury.errors import Refused
from augury.extras import require
from augury.learning.data.inputs import Inputs
from augury.learning.evaluation.cross_validation import CrossValidation
from augury.learning.evaluation.importance import FeatureImportance
from augury.learning.evaluation.score_spec import ScoreSpec
from augury.learning.evaluation.time_bootstrap import mean_over_time, time_blocks
from augury.validation.seeds import Seed

__all__ = ["ShapValues", "shap_importance", "shap_values"]

_FLOAT32_MAX = float(np.finfo(np.float32).max)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShapValues:
    """Contributions float64[rows, outputs, k] of `columns` to the raw score, and its `base` float64[rows, outputs].

    Base and contributions sum to the score: log-odds of the last of two classes (one output), the score of each class
    before the softmax, or the value of a regression.
    """

    columns: tuple[str, ...]
    contributions: npt.NDArray[np.float64] = field(repr=False)
    base: FloatMatrix = field(repr=False)


def shap_values(model: Any, inputs: Any) -> ShapValues:
    """Exact TreeSHAP (path-dependent) of a fitted xgboost or wavelet model, computed by XGBoost itself.

    Source: Lundberg et al. (2020), "From local explanations to global understanding with explainable AI for trees",
    algorithm 2. Raises Refused for models that are no trees.
    """
    trees, columns = _trees_of(model)
    table = inputs.tabular() if isinstance(inputs, Inputs) else np.asarray(inputs, dtype=np.float64)
    names = tuple(model.columns_) if model.columns_ else tuple(f"column {at}" for at in range(table.shape[1]))
    xgboost = require("xgboost", extra="learn")
    own = np.clip(table if columns is None else table[:, columns], -_FLOAT32_MAX, _FLOAT32_MAX)
    matrix = xgboost.DMatrix(own, feature_names=trees.feature_names)
    found = np.asarray(trees.predict(matrix, pred_contribs=True, validate_features=False), dtype=np.float64)
    found = found[:, None, :] if found.ndim == 2 else found
    chosen = names if columns is None else tuple(names[at] for at in columns)
    return ShapValues(columns=chosen, contributions=found[:, :, :-1], base=found[:, :, -1])


def shap_importance(
    cv: CrossValidation, scoring: ScoreSpec | None = None, *, seed: Seed = 0
) -> tuple[FeatureImportance, ...]:
    """The mean absolute contribution of each feature over the out-of-fold rows, the greatest first.

    Outputs (classes) are summed. Intervals resample times. It says what the model uses, not whether that helps: see
    `permutation_importance`. Raises Refused for models that are no trees.
    """
    scoring, said = scoring or ScoreSpec(), cv.predictions
    names = shap_values(cv.fitted.models[0], cv.dataset.inputs[:1]).columns
    absolute = np.zeros((len(said), len(names)))
    for number, model in enumerate(cv.fitted.models):
        mine = np.flatnonzero(said.fold == number)
        if mine.size:
            found = shap_values(model, cv.dataset.inputs[said.row[mine]])
            absolute[mine] = np.abs(found.contributions).sum(axis=1)
    blocks = time_blocks((said,), scoring)
    total = float(absolute.mean(axis=0).sum())
    found_all = []
    for at, name in enumerate(names):
        one = mean_over_time(absolute[:, at], blocks, seed=seed)
        found_all.append(
            FeatureImportance(
                method=f"mean absolute TreeSHAP; {one.method}",
                seed=one.seed,
                reason=one.reason,
                feature=name,
                importance=one.estimate,
                lower=one.lower,
                upper=one.upper,
                confidence=scoring.confidence,
                share=one.estimate / total if total > 0.0 else 0.0,
            )
        )
    return tuple(sorted(found_all, key=lambda one: -one.importance))


def _trees_of(model: Any) -> tuple[Any, Any]:
    """The booster and the columns it reads (None: all)."""
    if hasattr(model, "booster_"):
        return model.booster_, None
    inner: Any = getattr(model, "model_", None)
    if hasattr(inner, "booster_"):
        return inner.booster_, model.wavelet_positions_
    raise Refused(f"{type(model).__name__} is no tree model; use permutation_importance, which works for every model")
