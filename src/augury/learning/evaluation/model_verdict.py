"""Whether a model is better than the best of its baselines, as a level and a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from augury.learning.evaluation.baselines import Baseline
from augury.learning.evaluation.comparison import Comparison, ComparisonLevel, compare_scores
from augury.learning.evaluation.cross_validation import CrossValidation
from augury.learning.evaluation.score_spec import ScoreSpec
from augury.validation.outcome import plain
from augury.validation.seeds import Seed

__all__ = ["ModelVerdict", "judge_model"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVerdict:
    """`level` says how the model does against the `best` of its baselines; `comparisons` holds each of them."""

    level: ComparisonLevel
    best: str
    comparisons: tuple[Comparison, ...]

    @property
    def against_best(self) -> Comparison:
        """The comparison that decides."""
        return next(found for found in self.comparisons if found.baseline == self.best)

    @property
    def better(self) -> bool:
        """Whether the model is better than the best of its baselines."""
        return self.level == "better than"

    @property
    def sentence(self) -> str:
        """The verdict with its figures."""
        return self.against_best.text

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        return {
            "level": self.level,
            "best_baseline": self.best,
            "sentence": self.sentence,
            "comparisons": [plain(found) for found in self.comparisons],
        }

    def __str__(self) -> str:
        return self.sentence


def judge_model(
    cv: CrossValidation,
    baselines: Mapping[str, Baseline],
    score: str | None = None,
    spec: ScoreSpec | None = None,
    *,
    seed: Seed = 0,
) -> ModelVerdict:
    """The model against the baseline with the best score on the same rows.

    Taking the best of several baselines after the fact favours the baselines: a model said to be better is held to
    more than its confidence. A model without any skill is not, at most (1 - confidence) / 2 of the time.
    """
    found = tuple(
        compare_scores(cv, baseline.paths, score, spec, seed=seed, names=(cv.name, name))
        for name, baseline in baselines.items()
    )
    best = min(found, key=lambda comparison: comparison.difference)
    return ModelVerdict(level=best.verdict, best=best.baseline, comparisons=found)
