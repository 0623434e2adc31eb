"""The record of a search: every trial, the best options, and what the best two objectives allow."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from augury.arrays import FloatMatrix
from augury.errors import Refused
from augury.extras import require
from augury.learning.data.dataset import Dataset
from augury.learning.estimators.families import make_model, model_text
from augury.learning.search.pareto import hypervolume, pareto_rows
from augury.learning.search.search_spec import ModelSearchSpec
from augury.learning.search.study_folder import StudyFolder, quiet_optuna

__all__ = ["ModelSearch", "read_search"]

_LEAST_FOR_IMPORTANCE = 10
_PRUNING_NOTE = "nothing was pruned: Optuna prunes on one objective only, and this search has two"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelSearch:
    """What a search found.

    `trials` has a row for each trial: number, state (complete, pruned, fail), value (what is maximised), mean_score and
    deviation over the folds done, folds_done, fold_scores, latency_us, cpu_seconds, failure, and one column an option.
    `best_model` is the text of the model with the highest value, with two objectives too, where `pareto` lists the
    trials not beaten in both and `hypervolume` what they cover of the plane up to `reference`, the worst value and
    latency seen. `returns` float64[rows, complete trials] are out-of-fold returns of the implied positions, NaN where
    untested: their number and spread are what the best one must be deflated by. `importance` shares out what the
    options explain of the value (PED-ANOVA), None for fewer than 10 complete trials.
    """

    model: str
    spec: ModelSearchSpec
    best_model: str
    best_options: dict[str, Any]
    best_value: float
    trials: pd.DataFrame = field(repr=False)
    returns: FloatMatrix = field(repr=False)
    importance: dict[str, float] | None = None
    pareto: pd.DataFrame | None = field(default=None, repr=False)
    hypervolume: float | None = None
    reference: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()

    @property
    def tried(self) -> int:
        """How many settings were tried, pruned ones included and failed ones not: the count that a deflation needs."""
        return int((self.trials["state"] != "fail").sum())

    def make_best(self) -> Any:
        """The unfitted estimator with the best options."""
        return make_model(self.best_model)


def read_search(study: Any, store: StudyFolder, model: str, dataset: Dataset, spec: ModelSearchSpec) -> ModelSearch:
    """The record of a study as it stands; Refused, with the reasons of the failures, when no trial is complete."""
    finished = [trial for trial in study.get_trials(deepcopy=False) if trial.state.is_finished()]
    table = pd.DataFrame([_row(trial) for trial in finished])
    complete = [trial for trial in finished if trial.state.name == "COMPLETE"]
    if not complete:
        reasons = sorted({trial.user_attrs.get("failure", trial.state.name.lower()) for trial in finished})
        raise Refused(f"none of {len(finished)} trials of {model!r} could be completed: {'; '.join(reasons[:3])}")
    best = max(complete, key=lambda trial: (trial.values[0], -trial.number))
    both = spec.objective == "score_and_latency"
    return ModelSearch(
        model=model,
        spec=spec,
        best_model=model_text(make_model(model, task=dataset.task, **best.params)),
        best_options=dict(best.params),
        best_value=float(best.values[0]),
        trials=table,
        returns=store.returns([trial.number for trial in complete], len(dataset)),
        importance=_importance(study, complete),
        notes=(_PRUNING_NOTE,) if both and spec.pruner != "none" else (),
        **(_both(table[table["state"] == "complete"]) if both else {}),
    )


def _row(trial: Any) -> dict[str, Any]:
    scores = np.array(trial.user_attrs.get("fold_scores", []))
    values = trial.values or []
    complete = trial.state.name == "COMPLETE"
    return {
        "number": trial.number,
        "state": trial.state.name.lower(),
        "value": float(values[0]) if complete else np.nan,
        "mean_score": float(scores.mean()) if scores.size else np.nan,
        "deviation": float(scores.std()) if scores.size else np.nan,
        "folds_done": scores.size,
        "fold_scores": tuple(scores.tolist()),
        "latency_us": float(values[1]) if complete and len(values) > 1 else np.nan,
        "cpu_seconds": trial.user_attrs.get("cpu_seconds", np.nan),
        "failure": trial.user_attrs.get("failure", ""),
        **trial.params,
    }


def _both(complete: pd.DataFrame) -> dict[str, Any]:
    values, latencies = complete["value"].to_numpy(), complete["latency_us"].to_numpy()
    reference = (float(values.min()), float(latencies.max()))
    return {
        "pareto": complete.iloc[pareto_rows(values, latencies)].reset_index(drop=True),
        "hypervolume": hypervolume(values, latencies, reference),
        "reference": reference,
    }


def _importance(study: Any, complete: list[Any]) -> dict[str, float] | None:
    """Source: Watanabe, Bansal and Hutter, "PED-ANOVA", IJCAI 2023."""
    varied = len({trial.values[0] for trial in complete}) > 1
    if len(complete) < _LEAST_FOR_IMPORTANCE or not varied or len(complete[0].params) < 2:
        return None
    importance = require("optuna.importance", extra="learn")
    with quiet_optuna(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="PedAnovaImportanceEvaluator computes")  # the sign is turned below
        found = importance.get_param_importances(
            study, evaluator=importance.PedAnovaImportanceEvaluator(), target=lambda trial: -trial.values[0]
        )
    return {name: float(share) for name, share in found.items()}
