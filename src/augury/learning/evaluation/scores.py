"""The scores of out-of-fold predictions, each with an interval from resampled blocks of time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias

import numpy as np

from augury.arrays import FloatVector
from augury.errors import InvalidInput, NotFound, nearest
from augury.learning.evaluation import weighted_scores as weighted
from augury.learning.evaluation.cross_validation import CrossValidation
from augury.learning.evaluation.predictions import Predictions
from augury.learning.evaluation.score_spec import ScoreSpec
from augury.learning.evaluation.time_bootstrap import Blocks, bootstrap_over_time, time_blocks
from augury.validation.outcome import Outcome
from augury.validation.seeds import Seed, seed_number

__all__ = ["SCORES", "Score", "ScoreKind", "paths_given", "primary_score", "score_function", "score_predictions"]

Paths: TypeAlias = CrossValidation | Predictions | Sequence[Predictions]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreKind:
    """A score by name: how it is called, which way is better, and for which task; `make` gives the function."""

    name: str
    title: str
    higher_is_better: bool
    task: Literal["classification", "regression", "both"]
    make: Callable[[Predictions, ScoreSpec], weighted.WeightedScore]

    def fits(self, task: str) -> bool:
        """Whether predictions of that task have this score."""
        return self.task in ("both", task)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score(Outcome):
    """`estimate` with its interval [`lower`, `upper`] at `confidence`, over `rows` rows of `times` distinct times.

    `t` is the estimate over its bootstrap standard error where 0 means no skill (information coefficient, R2).
    `block_times` is the mean length of the resampled blocks. `per_fold` holds the score of each fold or path alone.
    `floor` of the calibration error is what perfectly calibrated probabilities would show on as many rows.
    """

    name: str
    title: str
    higher_is_better: bool
    estimate: float
    lower: float
    upper: float
    confidence: float
    standard_error: float
    rows: int
    times: int
    block_times: float
    t: float = math.nan
    floor: float = math.nan
    per_fold: tuple[float, ...] = ()

    def __str__(self) -> str:
        if self.reason is not None:
            known = f"{self.estimate:.4f}, " if math.isfinite(self.estimate) else ""
            return f"{self.title} {known}no interval: {self.reason}"
        return f"{self.title} {self.estimate:.4f} ({self.confidence:.0%} interval {self.lower:.4f} to {self.upper:.4f})"


def _unbinned(make: Callable[[Predictions], weighted.WeightedScore], said: Predictions, spec: ScoreSpec) -> Any:  # noqa: ARG001
    return make(said)


def _kinds() -> tuple[ScoreKind, ...]:
    plain: list[tuple[str, str, bool, Any, Any]] = [
        ("log_loss", "log-loss", False, "classification", weighted.log_loss),
        ("accuracy", "accuracy", True, "classification", weighted.accuracy),
        ("balanced_accuracy", "balanced accuracy", True, "classification", weighted.balanced_accuracy),
        ("auc", "AUC", True, "classification", weighted.auc),
        ("brier", "Brier score", False, "classification", weighted.brier),
        ("r2", "out-of-sample R2", True, "regression", weighted.r2),
        ("mean_absolute_error", "mean absolute error", False, "regression", weighted.mean_absolute_error),
        ("information_coefficient", "information coefficient", True, "both", weighted.information_coefficient),
    ]
    found = [
        ScoreKind(name=name, title=title, higher_is_better=up, task=task, make=partial(_unbinned, of))
        for name, title, up, task, of in plain
    ]
    found.insert(
        5,
        ScoreKind(
            name="calibration_error",
            title="expected calibration error",
            higher_is_better=False,
            task="classification",
            make=lambda said, spec: weighted.calibration_error(said, spec.calibration_bins),
        ),
    )
    return tuple(found)


SCORES: dict[str, ScoreKind] = {kind.name: kind for kind in _kinds()}


def primary_score(task: str) -> str:
    """The score that models are judged by: log-loss, or out-of-sample R2 in a regression."""
    return "r2" if task == "regression" else "log_loss"


def score_predictions(
    given: Paths, names: Sequence[str] | None = None, spec: ScoreSpec | None = None, *, seed: Seed = 0
) -> dict[str, Score]:
    """Scores by name, all those of the task unless `names` says which.

    Several paths (combinatorial) give the mean of their scores. Intervals come from a stationary bootstrap of times:
    rows of one time are drawn together, in blocks at least as long as the longest label, so neither markets that move
    together nor overlapping labels make them narrow. BCa (Efron 1987); basic, cut at 0, for the calibration error,
    which resampling pushes up. An interval that cannot be had is NaN with the reason. Raises NotFound for an unknown
    name, InvalidInput for a score of the other task.
    """
    spec, paths = spec or ScoreSpec(), paths_given(given)
    number = seed_number(seed)
    chosen = [kind.name for kind in SCORES.values() if kind.fits(paths[0].task)] if names is None else list(names)
    blocks = time_blocks(paths, spec)
    return {name: _score(paths, _kind(name, paths[0].task), blocks, number) for name in chosen}


def paths_given(given: Paths) -> tuple[Predictions, ...]:
    """The paths of a cross-validation, or the predictions passed as they are."""
    if isinstance(given, CrossValidation):
        return given.paths
    found = (given,) if isinstance(given, Predictions) else tuple(given)
    if not found or not all(isinstance(part, Predictions) and len(part) for part in found):
        raise InvalidInput("expected a CrossValidation or Predictions with rows; see cross_validate")
    return found


def score_function(paths: Sequence[Predictions], name: str, spec: ScoreSpec) -> weighted.WeightedScore:
    """The mean over paths of a score, as a function of the rows' weights."""
    parts = [SCORES[name].make(said, spec) for said in paths]
    if len(parts) == 1:
        return parts[0]
    return lambda weights: sum(part(weights) for part in parts) / len(parts)


def _kind(name: str, task: str) -> ScoreKind:
    if name not in SCORES:
        raise NotFound(f"no score is named {name!r}; {nearest(name, SCORES)}")
    if not SCORES[name].fits(task):
        raise InvalidInput(f"{name} is a score of {SCORES[name].task}, the predictions are of {task}")
    return SCORES[name]


def _score(paths: tuple[Predictions, ...], kind: ScoreKind, blocks: Blocks, seed: int) -> Score:
    function = score_function(paths, kind.name, blocks.spec)
    interval: Literal["bca", "basic"] = "basic" if kind.name == "calibration_error" else "bca"
    found = bootstrap_over_time(function, blocks, seed=seed, interval=interval)
    reason = found.reason
    if math.isnan(found.estimate):
        reason = "predictions or outcomes do not vary" if kind.name == "information_coefficient" else reason
    tested = kind.name in ("information_coefficient", "r2") and found.standard_error > 0.0
    lowest = 0.0 if kind.name == "calibration_error" else -math.inf
    return Score(
        method=found.method,
        seed=seed,
        reason=reason,
        name=kind.name,
        title=kind.title,
        higher_is_better=kind.higher_is_better,
        estimate=found.estimate,
        lower=max(found.lower, lowest) if reason is None else math.nan,
        upper=max(found.upper, lowest) if reason is None else math.nan,
        confidence=blocks.spec.confidence,
        standard_error=found.standard_error,
        rows=len(paths[0]),
        times=blocks.times,
        block_times=blocks.length,
        t=found.estimate / found.standard_error if tested else math.nan,
        floor=calibration_floor(paths[0], blocks.spec.calibration_bins) if lowest == 0.0 else math.nan,
        per_fold=_parts(paths, kind, blocks.spec),
    )


def _parts(paths: tuple[Predictions, ...], kind: ScoreKind, spec: ScoreSpec) -> tuple[float, ...]:
    """The score of each path, or of each fold of a single one."""
    if len(paths) > 1:
        return tuple(kind.make(said, spec)(np.ones(len(said))) for said in paths)
    function = kind.make(paths[0], spec)
    return tuple(function((paths[0].fold == one).astype(np.float64)) for one in np.unique(paths[0].fold))


def calibration_floor(said: Predictions, bins: int) -> float:
    """The calibration error to expect of perfectly calibrated probabilities on as many independent rows.

    Each bin's gap is then about normal with variance mean p(1 - p) / rows, hence sqrt(2 / pi) of its spread on average.
    """
    from augury.learning.evaluation.bins import equal_mass_bins

    floors = []
    for c in [1] if said.classes == 2 else range(said.classes):
        p: FloatVector = said.predicted[:, c]
        spread = np.bincount(equal_mass_bins(p, bins), p * (1.0 - p))
        floors.append(float(np.sqrt(spread * 2.0 / math.pi).sum()) / len(said))
    return sum(floors) / len(floors)
