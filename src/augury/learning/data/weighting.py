"""Sample weights of a data set's rows: lower where labels overlap."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Literal

import numpy as np
from msgspec import Meta

from augury.arrays import FloatVector
from augury.errors import InvalidInput
from augury.learning.data.dataset import Dataset
from augury.learning.data.inputs import Inputs
from augury.learning.labels.overlap import age_decay, average_uniqueness, return_attribution
from augury.spec import Spec

__all__ = ["WeightSpec", "reweighted", "sample_weights"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightSpec(Spec):
    """`by` the average uniqueness of each label, by the absolute return attributed to it, or all equal.

    `oldest_weight` is the factor of the oldest row, falling linearly from 1 for the newest with cumulative uniqueness;
    below 0 the oldest rows that hold that share of it get no weight at all.
    """

    by: Literal["uniqueness", "return", "equal"] = "uniqueness"
    oldest_weight: Annotated[float, Meta(gt=-1.0, le=1.0)] = 1.0


def sample_weights(inputs: Inputs, spec: WeightSpec | None = None) -> FloatVector:
    """Weights float64[rows] with mean 1, for rows in order of time.

    Only labels of the same symbol overlap; symbols that move together are not weighed down. Up to the common factor
    that makes the mean 1 a row's weight depends on rows and bars up to its own label's end only. Decay also depends on
    the rows that follow, so weigh training rows alone by age. Source: Lopez de Prado (2018), chapter 4. Raises
    InvalidInput when every weight is zero.
    """
    spec = spec or WeightSpec()
    uniqueness, attributed = np.ones(len(inputs)), np.ones(len(inputs))
    for at, bars in enumerate(inputs.bars):
        mine = np.flatnonzero(inputs.symbol == at)
        start = inputs.bar[mine]
        end = np.searchsorted(bars.opened_at, inputs.label_end[mine])
        uniqueness[mine] = average_uniqueness(start, end, len(bars))
        if spec.by == "return":
            attributed[mine] = return_attribution(start, end, np.diff(np.log(bars.matrix[3]), prepend=np.nan))
    weights = {"uniqueness": uniqueness, "return": attributed, "equal": np.ones(len(inputs))}[spec.by]
    weights = weights * age_decay(uniqueness, spec.oldest_weight)
    total = float(weights.sum())
    if not total > 0.0:
        raise InvalidInput(f"expected some weight above 0 over {len(inputs)} rows, got none; choose by='uniqueness'")
    found: FloatVector = weights * (weights.size / total)
    return found


def reweighted(dataset: Dataset, spec: WeightSpec) -> Dataset:
    """The same data set, or training rows of one, with other weights; its fingerprint does not cover weights."""
    return replace(dataset, weights=sample_weights(dataset.inputs, spec))
