"""What a search's own scores say: is the best one out of the ordinary, or what the luckiest of so many would be?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from augury.audit.claim import Remark, Variants
from augury.validation import Outcome, expected_max_sharpe

__all__ = ["SearchStudy", "search_remarks", "study_search"]

_FEWEST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchStudy(Outcome):
    """The distribution of `count` scores, larger is better (those to be minimised are negated).

    `best_z` is how many standard deviations the best lies above the mean, `luck_z` where the best of as many
    independent draws from a normal distribution is expected to lie. `quantiles` are the 5, 25, 50, 75 and 95 % points.
    """

    count: int
    best: float
    mean: float
    deviation: float
    quantiles: tuple[float, ...]
    best_z: float
    luck_z: float


def study_search(variants: Variants | None) -> SearchStudy | None:
    """The study of a search's scores; None without scores, refused with a reason below 10 or when all are equal."""
    if variants is None or variants.values is None:
        return None
    values = variants.values if variants.larger_is_better else -variants.values
    count, best, mean = len(values), float(values.max()), float(values.mean())
    deviation = float(values.std(ddof=1)) if count > 1 else math.nan
    reason = None
    if count < _FEWEST:
        reason = f"{count} scores; at least {_FEWEST} are needed to speak of a distribution"
    elif not deviation > 0.0:
        reason = "all scores are equal"
    known = reason is None
    return SearchStudy(
        method="scores against the largest of as many normal draws (Bailey and Lopez de Prado 2014, equation 1)",
        reason=reason,
        count=count,
        best=best,
        mean=mean,
        deviation=deviation,
        quantiles=tuple(float(point) for point in np.quantile(values, (0.05, 0.25, 0.5, 0.75, 0.95))),
        best_z=(best - mean) / deviation if known else math.nan,
        luck_z=expected_max_sharpe(1.0, float(count)) if known else math.nan,
    )


def search_remarks(study: SearchStudy | None) -> list[Remark]:
    """Says so when the best score is no further out than luck puts the best of so many."""
    if study is None or study.reason is not None or study.best_z > study.luck_z:
        return []
    text = (
        f"The best of {study.count} scores lies {study.best_z:.1f} standard deviations above their mean; the "
        "luckiest of as "
        f"many draws is expected at {study.luck_z:.1f}."
    )
    remedy = "The search found nothing that stands out: do not read the best trial as better than the typical one."
    return [Remark(rule="best_trial_is_ordinary", severity="warning", text=text, remedy=remedy)]
