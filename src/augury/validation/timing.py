"""Randomisation tests of positions that are given: was it their timing, or would any timing have done?"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
from msgspec import Meta
from scipy.special import betainc

from augury.arrays import FloatVector, IntVector
from augury.errors import InvalidInput
from augury.spec import Spec
from augury.validation.outcome import Outcome
from augury.validation.permutation import tie_floor
from augury.validation.seeds import Seed, seed_number
from augury.validation.series import finite_vector
from augury.validation.timing_kernels import (
    all_sign_sums,
    holding_runs,
    random_entry_profits,
    random_sign_sums,
    shifted_profits,
)

__all__ = ["RandomisationTest", "TimingSpec", "sign_test", "timing_test", "win_rate_test"]

_ENUMERATED = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class TimingSpec(Spec):
    """How positions are randomised.

    `null` "shift" moves the whole series of positions around the end by at least `smallest_shift` bars (every possible
    shift once when there are no more than `repetitions`); "entries" puts the same holding runs at random places.

    `smallest_shift` None means 20 bars, or 1 % of the series if that is less: nearby shifts resemble the positions
    themselves, and leaving many of them out makes the test reject too often (20 of 250 bars: 7-9 % at 5 %).
    """

    null: Literal["shift", "entries"] = "shift"
    repetitions: Annotated[int, Meta(ge=19)] = 1000
    smallest_shift: Annotated[int, Meta(ge=1)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomisationTest(Outcome):
    """One-sided: `p_value` = (1 + exceedances) / (1 + repetitions); `observed` is the mean of the profits tested.

    `null` holds the means under randomisation; `size` is how many bars or trades went in.
    """

    observed: float
    p_value: float
    exceedances: int
    size: int
    null: FloatVector = field(repr=False, compare=False)

    @property
    def repetitions(self) -> int:
        """How many randomisations were evaluated."""
        return len(self.null)


def timing_test(
    positions: FloatVector, returns: FloatVector, spec: TimingSpec | None = None, *, seed: Seed = 0
) -> RandomisationTest:
    """Whether positions earn more than the same positions at other times; says nothing about how they were found.

    `positions[t]` is what was held while `returns[t]` (float64[n], simple bar returns) was earned: decided at t-1 or
    before. The statistic is the mean of their product, before costs. "shift" keeps both series' autocorrelation;
    "entries" keeps number, sign, size and holding times of the trades. Constant positions are refused with a reason.

    >>> import numpy as np
    >>> returns = np.random.default_rng(1).normal(0, 0.01, 500)
    >>> timing_test(np.sign(returns), returns).p_value < 0.01
    True
    """
    held, earned = finite_vector(positions, "positions"), finite_vector(returns, "returns")
    if held.shape != earned.shape:
        raise InvalidInput(f"expected as many positions as returns, got {held.size} and {earned.size}")
    spec = spec or TimingSpec()
    if spec.smallest_shift is None:
        spec = spec.replace(smallest_shift=max(1, min(20, held.size // 100)))
    number = seed_number(seed)
    total = float(held @ earned)
    method = f"circular shift of at least {spec.smallest_shift} bars" if spec.null == "shift" else "random entries"
    reason = _untestable(held, spec)
    if reason is not None:
        return _judged(method, total, np.empty(0), held.size, number, reason)
    null = _shifted(held, earned, spec, number) if spec.null == "shift" else _entered(held, earned, spec, number)
    return _judged(method, total, null, held.size, number, None)


def sign_test(profits: FloatVector, *, repetitions: int = 9999, seed: Seed = 0) -> RandomisationTest:
    """Whether trades earn money on average, for few trades: their signs are drawn at random (Fisher 1935).

    Exact under profits symmetric about zero: up to 16 trades every assignment of signs is enumerated, beyond that
    `repetitions` are drawn. Fewer than 5 trades cannot give p <= 0.05 and are refused with that reason.

    >>> import numpy as np
    >>> sign_test(np.array([3.0, 1.0, 2.0, 4.0, -0.5, 2.0])).p_value
    0.03125
    """
    values = finite_vector(profits, "profits")
    number = seed_number(seed)
    total = float(values.sum())
    if values.size < 5:
        reason = f"{values.size} trades; with fewer than 5 no result can be significant at 5 %"
        return _judged("random signs", total, np.empty(0), values.size, number, reason)
    if values.size > _ENUMERATED:
        sums = np.empty(repetitions)
        random_sign_sums(values, number, sums)
        return _judged("random signs", total, sums, values.size, number, None)
    sums = np.empty(2**values.size)
    all_sign_sums(values, sums)
    return _judged("every assignment of signs", total, sums, values.size, number, None)


def win_rate_test(wins: int, trades: int, break_even: float) -> float:
    """p-value, one-sided and exact, that a win rate this high comes from chance `break_even` = 1 / (1 + payoff).

    NaN without trades.

    >>> round(win_rate_test(8, 10, 0.5), 4)
    0.0547
    """
    if trades < 1:
        return math.nan
    return float(betainc(wins, trades - wins + 1, break_even)) if wins > 0 else 1.0


def _untestable(held: FloatVector, spec: TimingSpec) -> str | None:
    if np.ptp(held) == 0.0:
        return "the position never changes, so it has no timing to test"
    if spec.null == "shift" and _shifts(held.size, spec).size < 19:
        return f"{held.size} bars leave fewer than 19 shifts of at least {spec.smallest_shift} bars"
    if spec.null == "entries" and not (held == 0.0).any():
        return "there is no flat bar, so entries cannot be anywhere else; use the null 'shift'"
    return None


def _shifts(bars: int, spec: TimingSpec) -> IntVector:
    smallest = spec.smallest_shift or 1
    return np.arange(smallest, bars - smallest + 1, dtype=np.int64)


def _shifted(held: FloatVector, earned: FloatVector, spec: TimingSpec, seed: int) -> FloatVector:
    shifts = _shifts(held.size, spec)
    if shifts.size > spec.repetitions:
        shifts = np.random.default_rng([seed, 1]).choice(shifts, spec.repetitions, replace=False)
    out = np.empty(shifts.size)
    shifted_profits(held, earned, shifts, out)
    return out


def _entered(held: FloatVector, earned: FloatVector, spec: TimingSpec, seed: int) -> FloatVector:
    runs = np.empty((2, held.size), dtype=np.int64)
    count = holding_runs(held, runs)
    out = np.empty(spec.repetitions)
    span = np.array([0, spec.repetitions])
    random_entry_profits(held, earned, np.ascontiguousarray(runs[:, :count]), seed, span, out)
    return out


def _judged(
    method: str, total: float, null: FloatVector, size: int, seed: int, reason: str | None
) -> RandomisationTest:
    exceedances = int((null >= tie_floor(total)).sum())
    exact = method.startswith("every")  # the observed assignment is among those enumerated
    p_value = exceedances / null.size if exact else (1 + exceedances) / (1 + null.size)
    return RandomisationTest(
        method=method,
        seed=seed,
        reason=reason,
        observed=total / size if size else math.nan,
        p_value=math.nan if reason else p_value,
        exceedances=exceedances,
        size=size,
        null=null / max(size, 1),
    )
