"""Fit one Hawkes process with an exponential kernel to event times, and judge the fit."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from augury.arrays import FloatVector
from augury.errors import InvalidInput, NotEnoughData
from augury.features.hawkes_fit_spec import MIN_BASE_RATE, HawkesFitSpec
from augury.numerics.hawkes_fit import RESULT_SIZE, fit_exponential_hawkes
from augury.numerics.hawkes_likelihood import hawkes_compensator, hawkes_gradient, hawkes_log_likelihood

__all__ = [
    "HawkesFit",
    "HawkesFitSpec",
    "compensator_increments",
    "fit_hawkes",
    "log_likelihood",
    "log_likelihood_gradient",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class HawkesFit:
    """A fitted Hawkes process.

    `mu`: base rate per unit of time; `branching`: mean number of events set off by one event, in [0, branching_max];
    `decay`: per unit of time, NaN when the branching is 0 (the likelihood then says nothing about it);
    `likelihood_ratio`: against a Poisson process; `clustering`: branching and ratio above the thresholds of the spec;
    `converged`: the searches ended and no feasible direction improves the likelihood; `ks_p_value`: Kolmogorov-Smirnov
    test that the compensator's increments are Exp(1), conservative because the parameters were fitted;
    `spec_id` and `data_id` (a hash of times and horizon) say what was fitted and how; `seed` what jittered the times
    (None when it was a generator or fresh entropy).
    """

    mu: float
    branching: float
    decay: float
    log_likelihood: float
    likelihood_ratio: float
    clustering: bool
    converged: bool
    ks_p_value: float
    events: int
    horizon: float
    spec_id: str
    data_id: str
    jitter: float
    seed: int | None

    @property
    def half_life(self) -> float:
        """Time after which an event's influence has halved, ln 2 / decay; NaN when the branching is 0."""
        return math.log(2.0) / self.decay

    @property
    def mean_rate(self) -> float:
        """Events per unit of time in the long run, mu / (1 - branching)."""
        return self.mu / (1.0 - self.branching)


def fit_hawkes(
    times: ArrayLike,
    horizon: float,
    spec: HawkesFitSpec | None = None,
    *,
    jitter: float = 1.0,
    seed: int | np.random.Generator | None = 0,
) -> HawkesFit:
    """Fit lambda(s) = mu + n b sum exp(-b (s - t_i)) by maximum likelihood on [0, horizon].

    `times`: float[N], strictly increasing, in [0, horizon]. The likelihood is profiled over the decay, so the maximum
    over (mu, n) is exact for each decay; the search over the decay is deterministic. `jitter` is the width of the
    uniform noise added to the times for the goodness-of-fit test only, drawn with `seed`: 1.0 suits times on a grid of
    bars, 0.0 exact times. Nothing after `horizon` is used: the fit is known at `horizon`.

    Raises InvalidInput for unordered, non-finite or outlying times and for a horizon that is not in (0, 1e8];
    NotEnoughData below `spec.min_events` events. Source: Ozaki (1979); Ogata (1988); Filimonov and Sornette (2015).

    >>> bursts = [start + offset for start in range(5, 200, 25) for offset in (0.5, 1.5, 2.5, 4.5)]
    >>> fit = fit_hawkes(bursts, 200.0)
    >>> fit.clustering, round(fit.branching, 2)
    (True, 0.57)
    """
    options = HawkesFitSpec() if spec is None else spec
    events = _checked(times, horizon)
    if events.size < options.min_events:
        raise NotEnoughData(
            f"a Hawkes fit needs at least {options.min_events} events; got {events.size}; pass a longer history"
        )
    result = np.empty(RESULT_SIZE)
    fit_exponential_hawkes(events, float(horizon), options.limits, result)
    mu, branching, decay, reached, ratio, ended = (float(cell) for cell in result)
    clustering = branching > options.clustering_branching and ratio > options.clustering_likelihood_ratio
    fingerprint = hashlib.sha256(events.astype("<f8").tobytes() + np.float64(horizon).tobytes()).hexdigest()[:16]
    return HawkesFit(
        mu=mu,
        branching=branching,
        decay=decay,
        log_likelihood=reached,
        likelihood_ratio=ratio,
        clustering=clustering,
        converged=ended == 1.0 and _is_stationary(events, float(horizon), (mu, branching, decay), options),
        ks_p_value=_residual_p_value(events, (mu, branching, decay), jitter, seed),
        events=int(events.size),
        horizon=float(horizon),
        spec_id=options.id,
        data_id=fingerprint,
        jitter=jitter,
        seed=seed if isinstance(seed, int) else None,
    )


def log_likelihood(times: ArrayLike, horizon: float, *, mu: float, branching: float, decay: float) -> float:
    """Log-likelihood of the times on [0, horizon], every event in the compensator; O(N).

    Raises InvalidInput for bad times or parameters outside mu > 0, 0 <= branching, decay > 0.

    >>> round(log_likelihood([1, 1.5, 2, 5, 5.2, 9], 10, mu=0.3, branching=0.5, decay=1.2), 10)
    -10.2268806511
    """
    events = _checked(times, horizon)
    _check_parameters(mu, branching, decay)
    return float(hawkes_log_likelihood(events, float(horizon), mu, branching, decay))


def log_likelihood_gradient(
    times: ArrayLike, horizon: float, *, mu: float, branching: float, decay: float
) -> FloatVector:
    """Derivatives of `log_likelihood` by mu, branching and decay, float64[3]; raises as `log_likelihood` does."""
    events = _checked(times, horizon)
    _check_parameters(mu, branching, decay)
    out = np.empty(3)
    hawkes_gradient(events, float(horizon), mu, branching, decay, out)
    return out


def compensator_increments(times: ArrayLike, *, mu: float, branching: float, decay: float) -> FloatVector:
    """Integrated intensity between successive events, float64[N], from time 0 to the first: Exp(1) under the model.

    Raises InvalidInput as `log_likelihood` does. Source: Ogata (1988), residual analysis.
    """
    values = np.asarray(times, dtype=np.float64)
    events = _checked(values, float(values[-1]) if values.ndim == 1 and values.size else 1.0)
    _check_parameters(mu, branching, decay)
    out = np.empty(events.size)
    hawkes_compensator(events, mu, branching, decay, out)
    return out


def _checked(times: ArrayLike, horizon: float) -> FloatVector:
    events = np.ascontiguousarray(times, dtype=np.float64)
    if events.ndim != 1:
        raise InvalidInput(f"event times must be one-dimensional; got shape {events.shape}")
    if not 0.0 < horizon <= 1.0 / MIN_BASE_RATE:
        raise InvalidInput(
            f"the horizon must lie in (0, {1.0 / MIN_BASE_RATE:g}]; got {horizon}; change the unit of time"
        )
    if events.size and not (np.isfinite(events).all() and events[0] >= 0.0 and events[-1] <= horizon):
        raise InvalidInput(
            f"event times must be finite and lie in [0, horizon = {horizon}]; got {np.min(events)} to {np.max(events)}"
        )
    if (np.diff(events) <= 0.0).any():
        at = int(np.argmax(np.diff(events) <= 0.0)) + 1
        raise InvalidInput(
            f"event times must increase strictly; time {at} is {events[at]} after {events[at - 1]}; sort, drop ties"
        )
    return events


def _check_parameters(mu: float, branching: float, decay: float) -> None:
    if not (mu > 0.0 and branching >= 0.0 and decay > 0.0 and math.isfinite(mu + branching + decay)):
        raise InvalidInput(
            f"a Hawkes process needs mu > 0, branching >= 0 and decay > 0; got {mu}, {branching} and {decay}"
        )


def _is_stationary(
    events: FloatVector, horizon: float, parameters: tuple[float, float, float], options: HawkesFitSpec
) -> bool:
    """Whether the gradient, projected on the bounds and scaled by the parameters, is small against the event count."""
    mu, branching, decay = parameters
    if branching == 0.0:
        return True
    gradient = np.empty(3)
    hawkes_gradient(events, horizon, mu, branching, decay, gradient)
    by_mu, by_branching, by_decay = gradient[0] * mu, gradient[1] * branching, gradient[2] * decay
    if branching >= options.branching_max:
        by_branching = min(by_branching, 0.0)
    if decay >= options.decay_max:
        by_decay = min(by_decay, 0.0)
    if decay <= options.decay_min:
        by_decay = max(by_decay, 0.0)
    return bool(max(abs(by_mu), abs(by_branching), abs(by_decay)) <= 1e-6 * events.size)


def _residual_p_value(
    events: FloatVector,
    parameters: tuple[float, float, float],
    jitter: float,
    seed: int | np.random.Generator | None,
) -> float:
    """Kolmogorov-Smirnov p-value of the compensator's increments against Exp(1), with Stephens' (1970) correction."""
    mu, branching, decay = parameters
    moved = events
    if jitter > 0.0:
        noise = np.random.default_rng(seed).uniform(-0.5 * jitter, 0.5 * jitter, events.size)
        moved = np.sort(np.maximum(events + noise, 0.0))
    out = np.empty(events.size)
    hawkes_compensator(moved, mu, branching, decay if branching > 0.0 else 1.0, out)
    uniform = np.sort(-np.expm1(-out))
    steps = np.arange(events.size + 1) / events.size
    distance = max(float(np.max(steps[1:] - uniform)), float(np.max(uniform - steps[:-1])))
    root = math.sqrt(events.size)
    return float(special.kolmogorov(distance * (root + 0.12 + 0.11 / root)))
