"""Log-likelihood, gradient and compensator of a Hawkes process with one exponential kernel, each in one O(n) pass.

Intensity: lambda(s) = mu + n b sum over t_i < s of exp(-b (s - t_i)); `mu` is the base rate (events per unit of time),
`branching` n the mean number of events that one event sets off, `decay` b per unit of time.
Sources: Hawkes (1971); Ozaki (1979), the recursions; Ogata (1988), the compensator as a residual.
"""

from __future__ import annotations

import math

from augury.arrays import FloatVector
from augury.numerics.compile import kernel

__all__ = ["hawkes_compensator", "hawkes_gradient", "hawkes_log_likelihood"]


@kernel("float64(float64[::1], float64, float64, float64, float64)")
def hawkes_log_likelihood(times: FloatVector, horizon: float, mu: float, branching: float, decay: float) -> float:
    """lnL of ordered `times` (float64[N]) observed on [0, horizon]; every event, the first included, is compensated."""
    total = -mu * horizon
    excitation = 0.0
    for i in range(times.size):
        if i > 0:
            excitation = math.exp(-decay * (times[i] - times[i - 1])) * (1.0 + excitation)
        total += math.log(mu + branching * decay * excitation)
        total -= branching * (1.0 - math.exp(-decay * (horizon - times[i])))
    return total


@kernel("void(float64[::1], float64, float64, float64, float64, float64[::1])")
def hawkes_gradient(
    times: FloatVector, horizon: float, mu: float, branching: float, decay: float, out: FloatVector
) -> None:
    """Derivatives of the log-likelihood with respect to mu, branching and decay, written to `out` (float64[3])."""
    by_mu, by_branching, by_decay = -horizon, 0.0, 0.0
    excitation = 0.0
    lag = 0.0  # minus the derivative of the excitation with respect to the decay
    for i in range(times.size):
        if i > 0:
            gap = times[i] - times[i - 1]
            kept = math.exp(-decay * gap)
            lag = kept * (lag + gap * (1.0 + excitation))
            excitation = kept * (1.0 + excitation)
        intensity = mu + branching * decay * excitation
        left = horizon - times[i]
        survival = math.exp(-decay * left)
        by_mu += 1.0 / intensity
        by_branching += decay * excitation / intensity - (1.0 - survival)
        by_decay += branching * (excitation - decay * lag) / intensity - branching * left * survival
    out[0], out[1], out[2] = by_mu, by_branching, by_decay


@kernel("void(float64[::1], float64, float64, float64, float64[::1])")
def hawkes_compensator(times: FloatVector, mu: float, branching: float, decay: float, out: FloatVector) -> None:
    """Integral of the intensity from one event to the next, float64[N]; independent Exp(1) when the model is true.

    The first entry runs from time 0 to the first event.
    """
    excitation = 0.0  # just after the previous event, that event included
    previous = 0.0
    for i in range(times.size):
        gap = times[i] - previous
        kept = math.exp(-decay * gap)
        out[i] = mu * gap + branching * excitation * (1.0 - kept)
        excitation = kept * excitation + 1.0
        previous = times[i]
