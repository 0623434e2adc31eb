"""Testing a test: how often it rejects data whose truth is known."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from scipy.special import betaincinv

from augury.validation.outcome import Outcome
from augury.validation.seeds import Seed, seed_number

__all__ = ["RejectionRates", "rejection_rates"]

Data = TypeVar("Data")


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectionRates(Outcome):
    """`rates[i]` of `repetitions` p-values were at or below `levels[i]`, with exact 95 % bounds `lower`, `upper`.

    Under a true null this is the test's size (it should not exceed the level), under an alternative its power. An
    undefined p-value (`undefined`) rejects nothing.
    """

    levels: tuple[float, ...]
    rates: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    repetitions: int
    undefined: int

    def exceeds(self, level: float) -> bool:
        """Whether the rate at this level is above it beyond doubt (its lower bound is)."""
        return self.lower[self.levels.index(level)] > level


def rejection_rates(
    test: Callable[[Data], float],
    simulate: Callable[[np.random.Generator], Data],
    repetitions: int,
    *,
    levels: Sequence[float] = (0.01, 0.05, 0.1),
    seed: Seed = 0,
    track: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> RejectionRates:
    """Run `test(simulate(rng))`, which returns a p-value, on independent data sets and count the rejections.

    >>> found = rejection_rates(lambda p: p, lambda rng: rng.random(), 400)
    >>> found.exceeds(0.05)
    False
    """
    number = seed_number(seed)
    streams = np.random.SeedSequence(number).spawn(repetitions)
    values = np.array([float(test(simulate(np.random.default_rng(streams[i])))) for i in track(range(repetitions))])
    counts = [int((values <= level).sum()) for level in levels]
    bounds = [_bounds(count, repetitions) for count in counts]
    return RejectionRates(
        method="rejection rates",
        seed=number,
        levels=tuple(levels),
        rates=tuple(count / repetitions for count in counts),
        lower=tuple(bound[0] for bound in bounds),
        upper=tuple(bound[1] for bound in bounds),
        repetitions=repetitions,
        undefined=sum(math.isnan(value) for value in values),
    )


def _bounds(count: int, repetitions: int) -> tuple[float, float]:
    """Exact 95 % bounds of a rate (Clopper and Pearson 1934)."""
    lower = float(betaincinv(count, repetitions - count + 1, 0.025)) if count > 0 else 0.0
    upper = float(betaincinv(count + 1, repetitions - count, 0.975)) if count < repetitions else 1.0
    return lower, upper
