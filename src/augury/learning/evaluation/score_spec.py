"""How scores are computed and how far chance can move them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from augury.spec import Spec

__all__ = ["ScoreSpec"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSpec(Spec):
    """`replications` resamples for each interval at `confidence`, in blocks of `block_times` distinct times on average.

    None chooses the larger of the longest label and the Politis-White length of the mean loss of each time.
    `calibration_bins` is the number of equal-mass bins of the calibration error (fewer where rows or distinct
    probabilities do not fill them).
    """

    replications: Annotated[int, Meta(ge=199)] = 999
    confidence: Annotated[float, Meta(gt=0.5, lt=1.0)] = 0.95
    block_times: Annotated[float, Meta(ge=1)] | None = None
    calibration_bins: Annotated[int, Meta(ge=2, le=100)] = 10
