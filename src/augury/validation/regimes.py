"""Where the profit was made: by state of the market's volatility, by calendar year."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from augury.arrays import FloatVector, IntVector
from augury.errors import InvalidInput
from augury.validation.outcome import Outcome
from augury.validation.series import finite_vector

__all__ = ["Period", "RegimeTable", "performance_by_volatility", "performance_by_year", "volatility_regimes"]

_NAMES = {2: ("calm", "wild"), 3: ("calm", "middling", "wild")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Figures of the bars of one regime: mean per bar, Sharpe ratio annualised, compounded return, share of profit.

    `sharpe` is NaN below 20 bars or without variation; `profit_share` is the share of the sum of returns, NaN when that
    sum is not above zero.
    """

    name: str
    bars: int
    mean: float
    sharpe: float
    total_return: float
    profit_share: float

    def to_dict(self) -> dict[str, str | int | float | None]:
        """Plain JSON-ready values; undefined ones are None."""
        figures = {name: getattr(self, name) for name in ("mean", "sharpe", "total_return", "profit_share")}
        known = {name: value if math.isfinite(value) else None for name, value in figures.items()}
        return {"name": self.name, "bars": self.bars, **known}


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimeTable(Outcome):
    """The periods in order, the share of them (those with a defined mean) that gained, and the largest profit share."""

    periods: tuple[Period, ...]
    gaining_share: float
    largest_profit_share: float


def volatility_regimes(market_returns: FloatVector, *, regimes: int = 3, window_bars: int = 63) -> IntVector:
    """The regime of each bar, 0 the calmest, int64[n]; -1 while warming up.

    The volatility of bar t is the standard deviation of the `window_bars` returns *before* t, so it was known when the
    position of bar t was decided. The borders are its quantiles over the whole sample: this is description, not a
    signal.
    """
    values = finite_vector(market_returns, "market_returns")
    if regimes not in _NAMES:
        raise InvalidInput(f"regimes should be 2 or 3, got {regimes}")
    if window_bars < 2:
        raise InvalidInput(f"window_bars should be at least 2, got {window_bars}")
    found = np.full(values.size, -1, dtype=np.int64)
    if values.size <= window_bars:
        return found
    windows = np.lib.stride_tricks.sliding_window_view(values[:-1], window_bars)
    volatility = windows.std(axis=1, ddof=1)
    borders = np.quantile(volatility, np.arange(1, regimes) / regimes)
    found[window_bars:] = np.searchsorted(borders, volatility, side="right")
    return found


def performance_by_volatility(
    returns: FloatVector,
    market_returns: FloatVector,
    *,
    regimes: int = 3,
    window_bars: int = 63,
    bars_per_year: float = 252.0,
) -> RegimeTable:
    """Performance in calm and in wild markets, by the market's trailing volatility (see `volatility_regimes`).

    >>> import numpy as np
    >>> market = np.random.default_rng(0).normal(0, 0.01, 600)
    >>> [period.name for period in performance_by_volatility(market, market).periods]
    ['calm', 'middling', 'wild']
    """
    values = finite_vector(returns, "returns")
    labels = volatility_regimes(market_returns, regimes=regimes, window_bars=window_bars)
    if labels.size != values.size:
        raise InvalidInput(f"expected as many market returns as returns, got {labels.size} and {values.size}")
    names = dict(enumerate(_NAMES[regimes]))
    return _table(f"volatility over {window_bars} bars", values, labels, names, bars_per_year)


def performance_by_year(returns: FloatVector, times: IntVector, *, bars_per_year: float = 252.0) -> RegimeTable:
    """Performance by calendar year (UTC); `times` int64[n] ns of each bar."""
    values = finite_vector(returns, "returns")
    stamps = np.asarray(times, dtype=np.int64)
    if stamps.shape != values.shape:
        raise InvalidInput(f"expected as many times as returns, got {stamps.size} and {values.size}")
    years = stamps.astype("datetime64[ns]").astype("datetime64[Y]").astype(np.int64) + 1970
    names = {int(year): str(year) for year in np.unique(years)}
    return _table("calendar year", values, years, names, bars_per_year)


def _table(
    method: str, values: FloatVector, labels: IntVector, names: dict[int, str], bars_per_year: float
) -> RegimeTable:
    total = float(values[np.isin(labels, list(names))].sum())
    periods = tuple(_period(name, values[labels == label], total, bars_per_year) for label, name in names.items())
    means = np.array([period.mean for period in periods if period.bars])
    shares = [period.profit_share for period in periods if period.bars]
    return RegimeTable(
        method=f"performance by {method}",
        reason=None if means.size else "no bar belongs to a regime; pass a longer history or a shorter window",
        periods=periods,
        gaining_share=float((means > 0.0).mean()) if means.size else math.nan,
        largest_profit_share=max(shares) if shares else math.nan,
    )


def _period(name: str, part: FloatVector, total: float, bars_per_year: float) -> Period:
    spread = float(part.std(ddof=1)) if part.size >= 20 else 0.0
    return Period(
        name=name,
        bars=part.size,
        mean=float(part.mean()) if part.size else math.nan,
        sharpe=float(part.mean()) / spread * math.sqrt(bars_per_year) if spread > 1e-14 else math.nan,
        total_return=float(np.prod(1.0 + part)) - 1.0 if part.size else math.nan,
        profit_share=float(part.sum()) / total if total > 0.0 and part.size else math.nan,
    )
