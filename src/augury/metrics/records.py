"""What is measured: an equity curve and the outcomes of its trades, as plain arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from augury.arrays import BoolVector, FloatVector, IntVector
from augury.errors import InvalidInput
from augury.metrics.checked import positive, vector

__all__ = ["Curve", "TradeOutcomes"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """An account over n bars; arrays are taken as they are (not copied) and checked: finite, of one length.

    equity float64[n]: value at each bar's close. initial_cash: value before bar 0, the first peak and the base of the
    first return. periods_per_year: bars that make a year (see `periods_per_year`), NaN when unknown; then annualised
    measures are undefined. opened_at int64[n] ns UTC, increasing, the opens or the closes of the bars: only their
    differences count. gross_exposure float64[n]: sum of |quantity * price| over equity at each close, a fraction.
    traded_notional float64[n]: |quantity change| * price summed over each bar's fills, money. risk_free: rate per bar.
    """

    equity: FloatVector
    initial_cash: float
    periods_per_year: float
    opened_at: IntVector | None = None
    gross_exposure: FloatVector | None = None
    traded_notional: FloatVector | None = None
    risk_free: float = 0.0

    def __post_init__(self) -> None:
        equity = vector(self.equity, "equity")
        object.__setattr__(self, "equity", equity)
        positive(self.initial_cash, "initial_cash")
        if not math.isnan(self.periods_per_year):
            positive(self.periods_per_year, "periods_per_year")
        if not math.isfinite(self.risk_free):
            raise InvalidInput(f"risk_free should be a rate per bar such as 0.0001, got {self.risk_free!r}")
        for name in ("gross_exposure", "traded_notional"):
            values = getattr(self, name)
            if values is not None:
                checked = vector(values, name)
                _same_length(checked.size, equity.size, name, "bars")
                object.__setattr__(self, name, checked)
        if self.opened_at is not None:
            times = np.asarray(self.opened_at)
            if times.dtype != np.int64 or times.ndim != 1:
                raise InvalidInput(f"opened_at should be int64[n] ns UTC, got {times.dtype}{list(times.shape)}")
            _same_length(times.size, equity.size, "opened_at", "bars")
            if times.size > 1 and not bool((times[1:] > times[:-1]).all()):
                at = int(np.flatnonzero(~(times[1:] > times[:-1]))[0]) + 1
                raise InvalidInput(f"opened_at should increase, opened_at[{at}] = {times[at]} does not; sort the bars")
            object.__setattr__(self, "opened_at", times)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TradeOutcomes:
    """m trades, a round trip each, in order of closing; arrays of one length, closed and open trades together.

    pnl float64[m]: net profit in money, after costs (an open trade's is its value at the last bar). is_open bool[m]:
    trades not closed by the last bar; None: none. returns float64[m]: net profit over entry notional. holding_bars
    float64[m] or int64[m]. costs float64[m]: commissions and slippage in money. initial_risk float64[m]: money lost if
    the first stop is hit, NaN without a stop. What is None leaves its measures undefined.
    """

    pnl: FloatVector
    is_open: BoolVector | None = None
    returns: FloatVector | None = None
    holding_bars: FloatVector | IntVector | None = None
    costs: FloatVector | None = None
    initial_risk: FloatVector | None = None

    def __post_init__(self) -> None:
        pnl = vector(self.pnl, "pnl")
        object.__setattr__(self, "pnl", pnl)
        for name in ("returns", "holding_bars", "costs"):
            values = getattr(self, name)
            if values is not None:
                checked = vector(values, name)
                _same_length(checked.size, pnl.size, name, "trades")
                object.__setattr__(self, name, checked)
        for name, kind in (("is_open", np.bool_), ("initial_risk", np.float64)):
            values = getattr(self, name)
            if values is not None:
                array = np.asarray(values)
                if array.dtype != kind or array.ndim != 1:
                    raise InvalidInput(f"{name} should be {kind.__name__}[m], got {array.dtype}{list(array.shape)}")
                _same_length(array.size, pnl.size, name, "trades")
                object.__setattr__(self, name, array)

    @property
    def closed(self) -> BoolVector:
        """Which trades are closed, bool[m]."""
        return np.ones(self.pnl.size, dtype=np.bool_) if self.is_open is None else ~self.is_open


def _same_length(got: int, expected: int, name: str, what: str) -> None:
    if got != expected:
        raise InvalidInput(f"{name} should have one value for each of the {expected} {what}, got {got}")
