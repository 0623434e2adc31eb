"""Options of a Hawkes fit, shared by the fit of given event times and the feature that finds its events in bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec
import numpy as np

from augury.arrays import FloatVector
from augury.errors import InvalidInput
from augury.spec import Spec

__all__ = ["MIN_BASE_RATE", "HawkesFitSpec"]

MIN_BASE_RATE = 1e-8  # events per unit of time; the maximum is never below 1/horizon, so horizons up to 1e8 are exact


@dataclass(frozen=True, slots=True, kw_only=True)
class HawkesFitSpec(Spec):
    """Bounds of the fit and thresholds of the clustering flag. The unit of time is the unit of `times`, usually a bar.

    The bounds on the decay matter: without them a nearly flat kernel makes noise look critical (Filimonov and Sornette
    2015). `starts` is the number of decays at which the search begins.
    """

    decay_min: Annotated[float, msgspec.Meta(gt=0)] = 0.02
    decay_max: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    branching_max: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.99
    starts: Annotated[int, msgspec.Meta(ge=2, le=200)] = 10
    min_events: Annotated[int, msgspec.Meta(ge=2)] = 20
    clustering_branching: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.5
    clustering_likelihood_ratio: Annotated[float, msgspec.Meta(ge=0)] = 2.71

    def check(self) -> None:
        """The largest decay lies above the smallest."""
        if self.decay_max <= self.decay_min:
            raise InvalidInput(
                f"decay_max must lie above decay_min; got {self.decay_max} and {self.decay_min}; widen the interval"
            )

    @property
    def limits(self) -> FloatVector:
        """The bounds as the fitting kernel reads them, float64[5]."""
        return np.array(
            [self.decay_min, self.decay_max, self.branching_max, MIN_BASE_RATE, float(self.starts)], dtype=np.float64
        )
