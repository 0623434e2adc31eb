"""Trials of a shared study, one after the other in this process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from augury.arrays import FloatVector
from augury.errors import AuguryError, Misconfigured
from augury.extras import require
from augury.learning.data.dataset import Dataset
from augury.learning.data.folds import Fold
from augury.learning.estimators.families import make_model
from augury.learning.search.dimension import distribution
from augury.learning.search.fold_scores import score_folds, search_folds, value_of
from augury.learning.search.latency import median_latency_us
from augury.learning.search.search_spec import ModelSearchSpec
from augury.learning.search.spaces import search_space
from augury.learning.search.study_folder import StudyFolder, quiet_optuna

__all__ = ["SearchTask", "finished_trials", "run_trials"]

_FAILURES = (AuguryError, ValueError, ArithmeticError, RuntimeError, MemoryError)
"""What a fit may raise because of its options; such a trial is recorded as failed. XGBoost's errors are ValueErrors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchTask:
    """What a process needs to take part in a search."""

    model: str
    dataset: Dataset
    spec: ModelSearchSpec
    folder: Path


def finished_trials(study: Any) -> int:
    """How many trials are over, whatever came of them."""
    return sum(trial.state.is_finished() for trial in study.get_trials(deepcopy=False))


def run_trials(
    task: SearchTask, at_most: int, track: Callable[[Iterable[Any], int], Iterable[Any]] | None = None
) -> int:
    """Try up to `at_most` more settings, fewer when the study reaches the trials asked for; returns how many it tried.

    Another process may take part at the same time: both look at the same study before each trial.
    """
    store = StudyFolder(task.folder)
    study = store.open(task.model, task.dataset, task.spec)
    space = {dimension.name: distribution(dimension) for dimension in search_space(task.model, task.spec.space)}
    folds = search_folds(task.dataset, task.spec)
    tried = 0
    with quiet_optuna():
        for _ in range(at_most) if track is None else track(range(at_most), at_most):
            if finished_trials(study) >= task.spec.trials:
                break
            _try(study, study.ask(fixed_distributions=space), task, folds, store)
            tried += 1
    return tried


def _try(study: Any, trial: Any, task: SearchTask, folds: tuple[Fold, ...], store: StudyFolder) -> None:
    """Evaluate one setting and tell the study what came of it."""
    optuna = require("optuna", extra="learn")
    states = optuna.trial.TrialState
    started = time.process_time()
    try:
        values = _values(trial, task, folds, store)
    except optuna.TrialPruned:
        study.tell(trial, state=states.PRUNED)
    except (KeyboardInterrupt, Misconfigured, *_FAILURES) as error:
        trial.set_user_attr("failure", f"{type(error).__name__}: {error}")
        study.tell(trial, state=states.FAIL)
        if not isinstance(error, _FAILURES) or isinstance(error, Misconfigured):
            raise
    else:
        trial.set_user_attr("cpu_seconds", time.process_time() - started)
        study.tell(trial, values)


def _values(trial: Any, task: SearchTask, folds: tuple[Fold, ...], store: StudyFolder) -> list[float]:
    spec, both = task.spec, task.spec.objective == "score_and_latency"

    done: FloatVector = np.empty(0)

    def report(number: int, scores: FloatVector) -> None:
        nonlocal done
        done = scores
        if both:
            return
        trial.report(value_of(scores, spec.risk), number + 1)
        if number < len(folds) - 1 and trial.should_prune():
            raise require("optuna", extra="learn").TrialPruned

    try:
        found = score_folds(
            lambda: make_model(task.model, task=task.dataset.task, **trial.params), task.dataset, folds, report
        )
    finally:
        trial.set_user_attr("fold_scores", done.tolist())
    store.keep_returns(trial.number, found.returns)
    value = value_of(found.scores, spec.risk)
    if not both:
        return [value]
    latency = median_latency_us(found.last_model, task.dataset.inputs, spec.latency_of)
    return [value, latency]
