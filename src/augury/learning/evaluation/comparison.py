"""Two models on the same rows: the difference of their scores, paired, with an interval and a sentence."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from augury.errors import InvalidInput
from augury.learning.evaluation.cross_validation import CrossValidation
from augury.learning.evaluation.score_spec import ScoreSpec
from augury.learning.evaluation.scores import SCORES, Paths, paths_given, primary_score, score_function
from augury.learning.evaluation.time_bootstrap import bootstrap_over_time, time_blocks
from augury.validation.outcome import Outcome
from augury.validation.seeds import Seed

__all__ = ["Comparison", "ComparisonLevel", "compare_scores"]

ComparisonLevel: TypeAlias = Literal["better than", "no better than", "worse than"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(Outcome):
    """`difference` of the scores of `model` and `baseline`, above 0 where the model is the better one, with interval.

    `verdict` is "better than" when the whole interval lies above 0, "worse than" when it lies below, else
    "no better than", also without an interval. `model_score` and `baseline_score` are the scores themselves.
    """

    score: str
    title: str
    model: str
    baseline: str
    model_score: float
    baseline_score: float
    difference: float
    lower: float
    upper: float
    confidence: float
    standard_error: float
    verdict: ComparisonLevel

    @property
    def text(self) -> str:
        """The verdict as a sentence."""
        ending = f"no interval: {self.reason}"
        if self.reason is None:
            ending = f"{self.confidence:.0%} interval {self.lower:+.4f} to {self.upper:+.4f}"
        return (
            f"{self.model} is {self.verdict} its baseline {self.baseline}: {self.title} {self.model_score:.4f} against "
            f"{self.baseline_score:.4f}, gain {self.difference:+.4f} ({ending})."
        )

    def __str__(self) -> str:
        return self.text


def compare_scores(
    model: Paths,
    baseline: Paths,
    score: str | None = None,
    spec: ScoreSpec | None = None,
    *,
    seed: Seed = 0,
    names: tuple[str, str] | None = None,
) -> Comparison:
    """Whether one model is better than another on the same out-of-fold rows.

    Both are resampled together, so what moves both cancels. `score` defaults to log-loss, or R2 in a regression. Raises
    InvalidInput when the rows differ.
    """
    spec, mine, theirs = spec or ScoreSpec(), paths_given(model), paths_given(baseline)
    if not mine[0].same_rows_as(theirs[0]):
        raise InvalidInput(
            f"expected both models on the same rows and targets, got {len(mine[0])} and {len(theirs[0])} rows; "
            "cross-validate both on the same data set and folds"
        )
    name = score or primary_score(mine[0].task)
    if name not in SCORES or not SCORES[name].fits(mine[0].task):
        raise InvalidInput(f"expected a score of {mine[0].task}, got {name!r}")
    sign = 1.0 if SCORES[name].higher_is_better else -1.0
    first, second = score_function(mine, name, spec), score_function(theirs, name, spec)
    found = bootstrap_over_time(
        lambda weights: sign * (first(weights) - second(weights)), time_blocks(mine, spec, theirs), seed=seed
    )
    called = names or (_name(model, "the model"), _name(baseline, "the baseline"))
    equal = np.ones(len(mine[0]))
    return Comparison(
        method=f"paired {found.method}",
        seed=found.seed,
        reason=found.reason,
        score=name,
        title=SCORES[name].title,
        model=called[0],
        baseline=called[1],
        model_score=first(equal),
        baseline_score=second(equal),
        difference=found.estimate,
        lower=found.lower,
        upper=found.upper,
        confidence=spec.confidence,
        standard_error=found.standard_error,
        verdict=_verdict(found.estimate, found.lower, found.upper),
    )


_SAME = 1e-6
"""A difference of scores below this is the arithmetic's, not the model's."""


def _verdict(difference: float, lower: float, upper: float) -> ComparisonLevel:
    if math.isnan(lower) or math.isnan(upper) or abs(difference) < _SAME:
        return "no better than"
    return "better than" if lower > 0.0 else "worse than" if upper < 0.0 else "no better than"


def _name(given: Paths, otherwise: str) -> str:
    return given.name if isinstance(given, CrossValidation) else otherwise
