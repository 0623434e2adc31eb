"""Self-exciting event times with known parameters: the known truth for Hawkes estimators."""

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

__all__ = ["HawkesTruth", "hawkes_expected_count", "hawkes_residuals", "hawkes_times"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HawkesTruth(Spec):
    """Intensity `base_rate + branching_ratio * decay * sum exp(-decay (s - t_i))`, rates per unit of time.

    `branching_ratio` is the mean number of children of one event; below 1 the process is stationary with mean rate
    `base_rate / (1 - branching_ratio)`.
    """

    base_rate: Annotated[float, msgspec.Meta(gt=0)] = 0.1
    branching_ratio: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.5
    decay: Annotated[float, msgspec.Meta(gt=0)] = 0.5


def hawkes_times(horizon: float, truth: HawkesTruth | None = None, *, seed: Seed = None) -> FloatVector:
    """Event times float64[n] in [0, horizon), ascending, of a process that starts without history.

    Thinning (Ogata 1981): between events the intensity only falls, so its present value bounds it.
    Raises InvalidInput unless the horizon is positive and finite.

    >>> bool((np.diff(hawkes_times(100.0, seed=3)) > 0).all())
    True
    """
    if not 0.0 < horizon < math.inf:
        raise InvalidInput(f"need a positive, finite horizon; got {horizon}")
    truth = truth or HawkesTruth()
    rng = np.random.default_rng(seed)
    jump = truth.branching_ratio * truth.decay
    now, excitation = 0.0, 0.0
    times: list[float] = []
    while True:
        bound = truth.base_rate + excitation
        wait = rng.exponential() / bound
        now += wait
        if now >= horizon:
            return np.array(times, dtype=np.float64)
        excitation *= math.exp(-truth.decay * wait)
        if rng.random() * bound <= truth.base_rate + excitation:
            times.append(now)
            excitation += jump


def hawkes_residuals(times: FloatVector, truth: HawkesTruth) -> FloatVector:
    """Compensator increments float64[n] between events, the first one from time 0.

    They are independent Exp(1) when `truth` made the times (random time change; Ogata 1988).
    """
    residuals = np.empty(times.shape[0])
    previous, alive = 0.0, 0.0  # alive: sum of exp(-decay (previous - t_i)) over the events so far
    for i, time in enumerate(times.tolist()):
        wait = time - previous
        faded = math.exp(-truth.decay * wait)
        residuals[i] = truth.base_rate * wait + truth.branching_ratio * alive * (1.0 - faded)
        alive = alive * faded + 1.0
        previous = time
    return residuals


def hawkes_expected_count(horizon: float, truth: HawkesTruth) -> float:
    """Expected number of events in [0, horizon) without history before 0.

    The mean intensity solves a linear equation: `m + (base_rate - m) exp(-decay (1 - branching_ratio) s)` with the
    stationary rate m; this is its integral.
    """
    stationary = truth.base_rate / (1.0 - truth.branching_ratio)
    speed = truth.decay * (1.0 - truth.branching_ratio)
    return stationary * horizon + (truth.base_rate - stationary) * (1.0 - math.exp(-speed * horizon)) / speed
