"""Is the best of many strategies better than the benchmark, given that it was picked as the best?"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
from msgspec import Meta

from augury.arrays import FloatMatrix, FloatVector, IntVector
from augury.errors import InvalidInput
from augury.spec import Spec
from augury.validation.block_length import optimal_block_length
from augury.validation.outcome import Outcome
from augury.validation.ranges import in_ranges
from augury.validation.seeds import Seed, seed_number
from augury.validation.series import finite_matrix, finite_vector
from augury.validation.superiority_kernels import bootstrap_means, long_run_variances

__all__ = ["Superiority", "SuperioritySpec", "superiority_test"]

_CHUNK = 64  # resamples a piece of work, fewer of long series: bounds the memory of their weights
_WEIGHTS_IN_MEMORY = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SuperioritySpec(Spec):
    """How to resample.

    `block_bars` None takes the Politis-White length, the median over up to 50 of the strategies. `studentized` divides
    each strategy's excess by its standard error (Hansen's form); without it a volatile strategy drowns the others.
    `level` is the error rate at which `winners` are named.

    On independent noise the test keeps its level. Where returns follow the bars before, blocks of a short record make
    up for only a part: at 5 %, the best of 30 over 500 bars is called superior in about 9 % of cases with an
    autocorrelation of 0.3, in about 16 % with 0.6.
    """

    replications: Annotated[int, Meta(ge=199)] = 1000
    block_bars: Annotated[float, Meta(ge=1)] | None = None
    studentized: bool = True
    level: Annotated[float, Meta(gt=0.0, lt=0.5)] = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Superiority(Outcome):
    """p-values that no strategy beats the benchmark in mean return; `p_consistent` is the one to decide on.

    `p_lower` and `p_upper` bound it (every poor strategy left out, or kept as if it were as good as the benchmark);
    `p_reality_check` is White's. `winners` are the strategies that StepM singles out at `level`, family-wise, `best`
    the one with the largest statistic. `usable` says how many strategies vary at all.
    """

    p_lower: float
    p_consistent: float
    p_upper: float
    p_reality_check: float
    statistic: float
    best: int
    winners: tuple[int, ...]
    level: float
    strategies: int
    usable: int
    bars: int
    replications: int
    block_bars: float
    excess: FloatVector = field(repr=False, compare=False)


def superiority_test(
    strategies: FloatMatrix,
    benchmark: FloatVector | None = None,
    spec: SuperioritySpec | None = None,
    *,
    seed: Seed = 0,
    threads: int | None = None,
) -> Superiority:
    """Reality check (White 2000), superior predictive ability (Hansen 2005) and StepM (Romano and Wolf 2005).

    `strategies` are returns float64[strategies, bars] of *every* variant tried, `benchmark` float64[bars] or None for
    cash at zero. One-sided. Refused with a reason below 30 bars or when no strategy differs from the benchmark.

    >>> import numpy as np
    >>> returns = np.random.default_rng(0).normal(0, 0.01, size=(30, 500))
    >>> returns[4] += 0.002
    >>> superiority_test(returns).winners
    (4,)
    """
    spec = spec or SuperioritySpec()
    excess = finite_matrix(strategies, "strategies")
    if benchmark is not None:
        level = finite_vector(benchmark, "benchmark")
        if level.size != excess.shape[1]:
            raise InvalidInput(f"expected a benchmark of {excess.shape[1]} bars, got {level.size}")
        excess = excess - level
    number = seed_number(seed)
    spread = excess.std(axis=1)
    usable = np.flatnonzero(spread > 1e-12 * np.maximum(np.abs(excess).max(axis=1, initial=0.0), 1e-300))
    reason = None
    if excess.shape[1] < 30:
        reason = f"{excess.shape[1]} bars; at least 30 are needed"
    elif usable.size == 0:
        reason = "no strategy's return ever differs from the benchmark's"
    if reason is not None:
        return _result(spec, excess, number, usable, reason=reason)
    chosen = np.ascontiguousarray(excess[usable])
    block = spec.block_bars or _typical_block(chosen)
    means, errors = _resample(chosen, block, (spec.replications, number), threads)
    return _result(spec, excess, number, usable, figures=_test(spec.replace(block_bars=block), chosen, means, errors))


def _typical_block(chosen: FloatMatrix) -> float:
    rows = np.unique(np.linspace(0, len(chosen) - 1, min(50, len(chosen))).astype(np.int64))
    return float(np.median([optimal_block_length(chosen[row]).stationary for row in rows]))


def _resample(
    chosen: FloatMatrix, block: float, drawn: tuple[int, int], threads: int | None
) -> tuple[FloatMatrix, FloatVector]:
    """Means under each resample float64[R, k], centred on the sample's, and standard errors of the mean float64[k]."""
    replications, seed = drawn
    by_time = np.ascontiguousarray(chosen.T)
    chunk = max(1, min(_CHUNK, _WEIGHTS_IN_MEMORY // len(by_time)))
    means = np.empty((replications, len(chosen)))
    variances = np.empty(len(chosen))

    def resample(first: int, last: int) -> None:
        for begin in range(first, last, chunk):
            bootstrap_means(by_time, block, seed, np.array([begin, min(last, begin + chunk)]), means)

    def vary(first: int, last: int) -> None:
        long_run_variances(chosen, block, np.array([first, last]), variances)

    in_ranges(resample, replications, threads)
    in_ranges(vary, len(chosen), threads)
    # bars that cancel each other out can bring the estimate to zero or below; the plain variance then stands in
    floor = 1e-3 * chosen.var(axis=1)
    return means - chosen.mean(axis=1), np.sqrt(np.maximum(variances, floor) / chosen.shape[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Figures:
    p_values: tuple[float, float, float, float]
    statistic: float
    best: int
    winners: IntVector
    block: float


def _test(spec: SuperioritySpec, chosen: FloatMatrix, deviations: FloatMatrix, errors: FloatVector) -> _Figures:
    average = chosen.mean(axis=1)
    scale = errors if spec.studentized else np.ones_like(errors)
    scores = average / scale
    # Hansen (2005), section 3: a strategy worse than the threshold cannot be the best in large samples
    poor = average < -errors * math.sqrt(2.0 * math.log(math.log(chosen.shape[1])))
    shifts = (np.minimum(average, 0.0), np.where(poor, average, 0.0), np.zeros_like(average))
    observed = max(float(scores.max()), 0.0)
    p_values = []
    for shift in shifts:
        null = np.maximum(((deviations + shift) / scale).max(axis=1), 0.0)
        p_values.append(_exceedance(null, observed))
    reality = _exceedance(deviations.max(axis=1), float(average.max()))
    if observed == 0.0:  # nothing beats the benchmark in sample: every null reaches that
        p_values = [1.0, 1.0, 1.0]
    simulated = (deviations + shifts[1]) / scale
    return _Figures(
        p_values=(p_values[0], p_values[1], p_values[2], reality),
        statistic=float(scores.max()),
        best=int(scores.argmax()),
        winners=_step_down(scores, simulated, spec.level),
        block=float(spec.block_bars or math.nan),
    )


def _exceedance(null: FloatVector, observed: float) -> float:
    return (1 + int((null >= observed).sum())) / (1 + null.size)


def _step_down(scores: FloatVector, simulated: FloatMatrix, level: float) -> IntVector:
    """StepM: take out what beats the bound for the best of those left, until nothing does."""
    left = np.ones(scores.size, dtype=np.bool_)
    while left.any():
        bound = float(np.quantile(np.maximum(simulated[:, left].max(axis=1), 0.0), 1.0 - level, method="higher"))
        beaten = left & (scores > bound)
        if not beaten.any():
            break
        left &= ~beaten
    return np.flatnonzero(~left)


def _result(
    spec: SuperioritySpec,
    excess: FloatMatrix,
    seed: int,
    usable: IntVector,
    *,
    figures: _Figures | None = None,
    reason: str | None = None,
) -> Superiority:
    p_values = figures.p_values if figures else (math.nan,) * 4
    return Superiority(
        method="superior predictive ability" + (", studentized" if spec.studentized else ""),
        seed=seed,
        reason=reason,
        p_lower=p_values[0],
        p_consistent=p_values[1],
        p_upper=p_values[2],
        p_reality_check=p_values[3],
        statistic=figures.statistic if figures else math.nan,
        best=int(usable[figures.best]) if figures else -1,
        winners=tuple(int(place) for place in usable[figures.winners]) if figures else (),
        level=spec.level,
        strategies=len(excess),
        usable=usable.size,
        bars=excess.shape[1],
        replications=spec.replications,
        block_bars=figures.block if figures else math.nan,
        excess=excess.mean(axis=1),
    )
