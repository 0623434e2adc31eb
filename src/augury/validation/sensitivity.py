"""How much worse execution may get before the edge is gone: later, dearer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from augury.arrays import FloatVector
from augury.errors import InvalidInput
from augury.validation.outcome import Outcome
from augury.validation.series import finite_vector

__all__ = ["BreakEven", "Sensitivity", "break_even_cost", "cost_sensitivity", "delay_sensitivity"]

DELAYS = (0, 1, 2, 5)
MULTIPLES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEven(Outcome):
    """`cost_rate`: the cost per unit of turnover (fraction, one way) at which nothing is left; `turnover` in all.

    `margin` is that rate over the one assumed, NaN where none was given.
    """

    cost_rate: float
    turnover: float
    margin: float
    bars: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity(Outcome):
    """`values[i]` of the statistic at `settings[i]` of what is varied; `retained` is each over the first or base value.

    `retained` is NaN where the base value is not above zero: a share of a loss means nothing.
    """

    varied: str
    settings: tuple[float, ...]
    values: tuple[float, ...]
    retained: tuple[float, ...]

    def at(self, setting: float) -> float:
        """The value at one setting; NaN when that setting was not tried."""
        return self.values[self.settings.index(setting)] if setting in self.settings else math.nan


def break_even_cost(
    gross_returns: FloatVector,
    turnover: FloatVector,
    *,
    assumed: float | None = None,
    measure: Literal["growth", "mean"] = "growth",
) -> BreakEven:
    """The cost rate at which a strategy ends where it began.

    `gross_returns` float64[n] before costs; `turnover` float64[n] traded value over equity in each bar (one way). Net
    returns are gross - rate x turnover; "growth" asks that they compound to nothing, "mean" that they average to
    nothing. Refused with a reason without turnover or when there is no gross gain to spend.

    >>> import numpy as np
    >>> round(break_even_cost(np.full(10, 0.001), np.full(10, 0.5), measure="mean").cost_rate, 12)
    0.002
    """
    gross, traded = finite_vector(gross_returns, "gross_returns"), finite_vector(turnover, "turnover")
    if gross.shape != traded.shape:
        raise InvalidInput(f"expected as many turnovers as returns, got {traded.size} and {gross.size}")
    if (traded < 0.0).any():
        raise InvalidInput(f"turnover should be at least 0, got {traded.min()}")
    total = float(traded.sum())
    if (gross <= -1.0).any():
        reason: str | None = "a bar loses everything"
    elif total == 0.0:
        reason = "nothing is traded, so costs change nothing"
    elif float(np.log1p(gross).sum() if measure == "growth" else gross.sum()) <= 0.0:
        reason = "there is no gain before costs"
    else:
        reason = None
    rate = math.nan if reason else _root(gross, traded) if measure == "growth" else float(gross.sum()) / total
    return BreakEven(
        method=f"break-even cost, {measure}",
        reason=reason,
        cost_rate=rate,
        turnover=total,
        margin=rate / assumed if assumed else math.nan,
        bars=gross.size,
    )


def cost_sensitivity(
    gross_returns: FloatVector,
    costs: FloatVector,
    statistic: Callable[[FloatVector], float],
    multiples: Sequence[float] = MULTIPLES,
) -> Sensitivity:
    """The statistic of returns net of so many times the costs; the base is multiple 1.

    `costs` float64[n] are the costs of each bar as a fraction of equity, all of them (commission, slippage, ...).
    """
    gross, spent = finite_vector(gross_returns, "gross_returns"), finite_vector(costs, "costs")
    if gross.shape != spent.shape:
        raise InvalidInput(f"expected as many costs as returns, got {spent.size} and {gross.size}")
    values = [float(statistic(gross - multiple * spent)) for multiple in multiples]
    base = float(statistic(gross - spent))
    return _retained("cost multiple", multiples, values, base)


def delay_sensitivity(run: Callable[[int], float], delays: Iterable[int] = DELAYS) -> Sensitivity:
    """The statistic `run(delay)` when every decision is executed so many bars later than assumed; the base is 0.

    An edge that needs the very next fill is often a look-ahead or a cost that was not counted.
    """
    chosen = tuple(delays)
    if any(delay < 0 for delay in chosen):
        raise InvalidInput(f"delays should be at least 0, got {min(chosen)}: trading before deciding is look-ahead")
    values = {delay: float(run(delay)) for delay in chosen}
    base = values[0] if 0 in values else float(run(0))
    return _retained("delay in bars", chosen, list(values.values()), base)


def _root(gross: FloatVector, traded: FloatVector) -> float:
    """The rate where the logarithms of net growth sum to zero, by bisection: the sum falls in the rate throughout."""
    active = traded > 0.0
    with np.errstate(over="ignore"):
        low, high = 0.0, float(((1.0 + gross[active]) / traded[active]).min())  # there a bar loses everything
    if not math.isfinite(high):
        return math.nan
    while high - low > 1e-14 * high:
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        low, high = (middle, high) if float(np.log1p(gross - middle * traded).sum()) > 0.0 else (low, middle)
    return 0.5 * (low + high)


def _retained(varied: str, settings: Sequence[float], values: list[float], base: float) -> Sensitivity:
    return Sensitivity(
        method=f"sensitivity to {varied}",
        reason=None if math.isfinite(base) else "the statistic is undefined at the base setting",
        varied=varied,
        settings=tuple(float(setting) for setting in settings),
        values=tuple(values),
        retained=tuple(value / base if base > 0.0 else math.nan for value in values),
    )
