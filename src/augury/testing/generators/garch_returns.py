"""GARCH(1,1) returns with their true conditional variance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import msgspec
import numpy as np

from augury.arrays import FloatVector
from augury.errors import InvalidInput
from augury.spec import Spec
from augury.testing.generators.seed import Seed

__all__ = ["GarchPath", "GarchTruth", "garch_returns"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GarchTruth(Spec):
    """`variance[t] = omega + alpha r[t-1]^2 + beta variance[t-1]`, omega set by the unconditional `std` per bar.

    `degrees_of_freedom` None gives normal innovations, a number gives Student t scaled to unit variance.
    """

    std: Annotated[float, msgspec.Meta(gt=0)] = 0.01
    alpha: Annotated[float, msgspec.Meta(ge=0)] = 0.10
    beta: Annotated[float, msgspec.Meta(ge=0)] = 0.88
    degrees_of_freedom: Annotated[float, msgspec.Meta(gt=2)] | None = None

    def check(self) -> None:
        """Refuse a process without a finite variance."""
        if self.alpha + self.beta >= 1.0:
            raise InvalidInput(f"need alpha + beta < 1 for a finite variance; got {self.alpha} + {self.beta}")


@dataclass(frozen=True, slots=True, kw_only=True)
class GarchPath:
    """Returns float64[n] and the variance float64[n] each was drawn with (known before the return)."""

    returns: FloatVector
    variance: FloatVector


def _innovations(count: int, degrees: float | None, rng: np.random.Generator) -> FloatVector:
    if degrees is None:
        return rng.standard_normal(count)
    return rng.standard_t(degrees, count) * math.sqrt((degrees - 2.0) / degrees)


def garch_returns(count: int, truth: GarchTruth | None = None, *, seed: Seed = None) -> GarchPath:
    """Simulate log returns per bar (Bollerslev 1986), started at the unconditional variance.

    >>> float(garch_returns(3, seed=1).variance[0])
    0.0001
    """
    if count < 1:
        raise InvalidInput(f"need count >= 1; got {count}")
    truth = truth or GarchTruth()
    shocks = _innovations(count, truth.degrees_of_freedom, np.random.default_rng(seed)).tolist()
    unconditional = truth.std**2
    omega = unconditional * (1.0 - truth.alpha - truth.beta)
    returns, variance = np.empty(count), np.empty(count)
    current = unconditional
    for t, shock in enumerate(shocks):
        value = math.sqrt(current) * shock
        returns[t], variance[t] = value, current
        current = omega + truth.alpha * value * value + truth.beta * current
    return GarchPath(returns=returns, variance=variance)
