"""Confidence intervals by block bootstrap, for the statistics of a return series or any function of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Annotated, Literal, TypeAlias

import numpy as np
from msgspec import Meta
from scipy.special import ndtr, ndtri

from augury.arrays import FloatMatrix, FloatVector
from augury.errors import InvalidInput, nearest
from augury.spec import Spec
from augury.validation.block_length import optimal_block_length
from augury.validation.bootstrap_kernels import CURVE_FIGURES, bootstrap_curves, curve_figures, resample_places
from augury.validation.outcome import Outcome
from augury.validation.random_streams import stream_base
from augury.validation.ranges import in_ranges
from augury.validation.seeds import Seed, seed_number
from augury.validation.series import finite_vector

__all__ = ["BootstrapInterval", "BootstrapSpec", "bootstrap_interval", "bootstrap_intervals"]

Statistic: TypeAlias = Callable[[FloatVector], float]
_KINDS = ("stationary", "circular", "moving")
CURVE_STATISTICS = ("cagr", "max_drawdown", "mean", "sharpe")
_JACKKNIFE_GROUPS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapSpec(Spec):
    """How to resample.

    `block_bars` None chooses the larger of the Politis-White lengths of the returns and of their squares, so that
    volatility clustering survives too. `interval` "auto" is BCa (Efron 1987, acceleration from a delete-block
    jackknife), except percentile for the maximum drawdown, an extreme to which BCa's expansion does not apply.
    """

    replications: Annotated[int, Meta(ge=199)] = 2000
    confidence: Annotated[float, Meta(gt=0.5, lt=1.0)] = 0.95
    kind: Literal["stationary", "circular", "moving"] = "stationary"
    block_bars: Annotated[float, Meta(ge=1)] | None = None
    interval: Literal["auto", "bca", "basic", "percentile"] = "auto"
    bars_per_year: Annotated[float, Meta(gt=0)] = 252.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapInterval(Outcome):
    """`estimate` with its interval [`lower`, `upper`] at `confidence`; `standard_error` of the resampled statistics.

    `undefined` resamples gave no value; more than one in a hundred and the interval is refused.
    """

    statistic: str
    estimate: float
    lower: float
    upper: float
    confidence: float
    standard_error: float
    block_bars: float
    observations: int
    undefined: int
    distribution: FloatVector = field(repr=False, compare=False)

    @property
    def replications(self) -> int:
        """How many resamples were drawn."""
        return len(self.distribution)

    def share_below(self, value: float) -> float:
        """Share of resampled statistics below `value`; NaN when there are none."""
        known = self.distribution[~np.isnan(self.distribution)]
        return float((known < value).mean()) if known.size else math.nan


def bootstrap_interval(
    returns: FloatVector,
    statistic: str | Statistic = "sharpe",
    spec: BootstrapSpec | None = None,
    *,
    seed: Seed = 0,
    threads: int | None = None,
) -> BootstrapInterval:
    """Interval for "sharpe", "mean" (per bar), "cagr", "max_drawdown", or any function from returns to a number.

    `returns` are simple bar returns float64[n]. Sharpe and CAGR are annualised with `spec.bars_per_year`. Refused with
    a reason below 20 bars, for constant returns, and for growth statistics where a bar loses everything.

    >>> import numpy as np
    >>> returns = np.random.default_rng(3).normal(0.001, 0.01, 1000)
    >>> found = bootstrap_interval(returns, "sharpe")
    >>> found.lower < found.estimate < found.upper
    True
    """
    spec = spec or BootstrapSpec()
    if isinstance(statistic, str):
        return bootstrap_intervals(returns, (statistic,), spec, seed=seed, threads=threads)[0]
    values = finite_vector(returns, "returns")
    number = seed_number(seed)
    block, reason = _block(values, spec)
    name = getattr(statistic, "__name__", type(statistic).__name__)
    if reason is not None:
        return _refused(name, spec, values.size, number, reason)
    distribution = np.empty(spec.replications)
    places = np.empty(values.size, dtype=np.int64)
    for repetition in range(spec.replications):
        resample_places(_KINDS.index(spec.kind), block, stream_base(number, repetition), places)
        distribution[repetition] = statistic(values[places])
    return _interval((name, statistic), values, distribution, spec, (block, number))


def bootstrap_intervals(
    returns: FloatVector,
    statistics: tuple[str, ...] = CURVE_STATISTICS,
    spec: BootstrapSpec | None = None,
    *,
    seed: Seed = 0,
    threads: int | None = None,
) -> tuple[BootstrapInterval, ...]:
    """Intervals of several named statistics from the same resamples, compiled; see `bootstrap_interval`."""
    spec = spec or BootstrapSpec()
    for statistic in statistics:
        if statistic not in CURVE_STATISTICS:
            raise InvalidInput(f"no statistic {statistic!r}; {nearest(statistic, CURVE_STATISTICS)}")
    values = finite_vector(returns, "returns")
    number = seed_number(seed)
    block, reason = _block(values, spec)
    if reason is not None:
        return tuple(_refused(statistic, spec, values.size, number, reason) for statistic in statistics)
    figures = np.empty((spec.replications, CURVE_FIGURES))
    kind = _KINDS.index(spec.kind)

    def work(first: int, last: int) -> None:
        bootstrap_curves(values, kind, block, number, np.array([first, last]), figures)

    in_ranges(work, spec.replications, threads)
    found = []
    for name in statistics:
        if name in ("cagr", "max_drawdown") and (values <= -1.0).any():
            found.append(_refused(name, spec, values.size, number, "a bar loses everything, growth is undefined"))
            continue
        distribution = _named(name, figures, values.size, spec)
        found.append(_interval((name, _one_curve(name, spec)), values, distribution, spec, (block, number)))
    return tuple(found)


def _named(name: str, figures: FloatMatrix, bars: int, spec: BootstrapSpec) -> FloatVector:
    """The named statistic from rows of curve figures."""
    if name == "mean":
        return figures[:, 0].copy()
    if name == "max_drawdown":
        return figures[:, 3].copy()
    if name == "cagr":
        with np.errstate(over="ignore"):  # beyond the largest number: undefined
            return np.asarray(np.expm1(figures[:, 2] * (spec.bars_per_year / bars)))
    spread = np.where(figures[:, 1] > 1e-14, figures[:, 1], np.nan)
    return np.asarray(figures[:, 0] / spread * math.sqrt(spec.bars_per_year))


def _one_curve(name: str, spec: BootstrapSpec) -> Statistic:
    def statistic(values: FloatVector) -> float:
        row = np.empty((1, CURVE_FIGURES))
        curve_figures(values, row[0])
        return float(_named(name, row, values.size, spec)[0])

    return statistic


def _block(values: FloatVector, spec: BootstrapSpec) -> tuple[float, str | None]:
    lengths = [optimal_block_length(values)]
    if lengths[0].reason is not None:
        return math.nan, lengths[0].reason
    if spec.block_bars is not None:
        return float(spec.block_bars), None
    squares = (values - values.mean()) ** 2
    lengths += [found for found in [optimal_block_length(squares)] if found.reason is None]
    return max(found.stationary if spec.kind == "stationary" else found.circular for found in lengths), None


def _interval(
    statistic: tuple[str, Statistic],
    values: FloatVector,
    distribution: FloatVector,
    spec: BootstrapSpec,
    drawn: tuple[float, int],
) -> BootstrapInterval:
    """The interval of a (name, function) from its resampled values; `drawn` is (block length, seed)."""
    estimate = float(statistic[1](values))
    known = distribution[np.isfinite(distribution)]
    undefined = distribution.size - known.size
    if not math.isfinite(estimate):
        return _refused(statistic[0], spec, values.size, drawn[1], "the statistic of the series itself is undefined")
    if undefined > 0.01 * distribution.size:
        return _refused(statistic[0], spec, values.size, drawn[1], f"undefined in {undefined} resamples")
    kind = spec.interval
    if kind == "auto":
        kind = "percentile" if statistic[0] == "max_drawdown" else "bca"
    tail = (1.0 - spec.confidence) / 2.0
    shares = np.array([tail, 1.0 - tail])
    if kind == "bca":
        left_out = _leave_out(values, statistic[1])
        if math.isfinite(float(np.ptp(left_out))):
            shares = _bca_shares(shares, estimate, known, left_out)
        else:
            kind = "percentile"  # the acceleration is beyond the largest number
    lower, upper = (float(bound) for bound in np.quantile(known, shares))
    if kind == "basic":
        lower, upper = 2.0 * estimate - upper, 2.0 * estimate - lower
    return BootstrapInterval(
        method=f"{spec.kind} bootstrap, {kind} interval",
        seed=drawn[1],
        statistic=statistic[0],
        estimate=estimate,
        lower=lower,
        upper=upper,
        confidence=spec.confidence,
        standard_error=_spread_of(known),
        block_bars=drawn[0],
        observations=values.size,
        undefined=undefined,
        distribution=distribution,
    )


def _spread_of(known: FloatVector) -> float:
    """The standard deviation; NaN when its squares are beyond the largest number."""
    with np.errstate(over="ignore"):
        found = float(known.std(ddof=1))
    return found if math.isfinite(found) else math.nan


def _leave_out(values: FloatVector, statistic: Statistic) -> FloatVector:
    """The statistic without each of about 100 stretches of neighbours."""
    cuts = np.linspace(0, values.size, min(_JACKKNIFE_GROUPS, values.size) + 1).astype(np.int64)
    return np.array([statistic(np.delete(values, slice(first, last))) for first, last in pairwise(cuts)])


def _bca_shares(shares: FloatVector, estimate: float, known: FloatVector, left_out: FloatVector) -> FloatVector:
    """Shares of the resampled distribution that bound the interval after correction (Efron 1987, eq. 6.8)."""
    below = float(((known < estimate).sum() + 0.5 * (known == estimate).sum()) / known.size)
    edge = 0.5 / known.size
    bias = ndtri(min(max(below, edge), 1.0 - edge))
    spread = left_out.mean() - left_out
    spread = np.ldexp(spread, -math.frexp(float(np.abs(spread).max()))[1])  # exact, keeps the powers below within range
    squares = float((spread**2).sum())
    acceleration = float((spread**3).sum()) / (6.0 * squares**1.5) if squares > 0.0 else 0.0
    moved = bias + ndtri(shares)
    return np.asarray(ndtr(bias + moved / (1.0 - acceleration * moved)))


def _refused(statistic: str, spec: BootstrapSpec, size: int, seed: int, reason: str) -> BootstrapInterval:
    return BootstrapInterval(
        method=f"{spec.kind} bootstrap",
        seed=seed,
        reason=reason,
        statistic=statistic,
        estimate=math.nan,
        lower=math.nan,
        upper=math.nan,
        confidence=spec.confidence,
        standard_error=math.nan,
        block_bars=math.nan,
        observations=size,
        undefined=0,
        distribution=np.empty(0),
    )
