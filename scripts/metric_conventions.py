"""The conventions in which other libraries' measures differ from Augury's, each with the computation that shows it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

YEAR = 252.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a convention may be re-computed from; `ours` holds Augury's measures."""

    x: np.ndarray
    b: np.ndarray
    dates: pd.DatetimeIndex
    trades: pd.DataFrame
    ours: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """Why a library's number differs, in words and as code."""

    says: str
    recompute: Callable[[Evidence], float]


def normal_shortfall(e: Evidence) -> float:
    return float(e.x.mean() - e.x.std(ddof=1) * stats.norm.pdf(stats.norm.ppf(0.05)) / 0.05)


def decaying_penalty(e: Evidence) -> float:
    n = e.x.size
    rho = abs(np.corrcoef(e.x[:-1], e.x[1:])[0, 1])
    lags = np.arange(1, n)
    return e.ours["sharpe"] / math.sqrt(1.0 + 2.0 * float(np.sum((n - lags) / n * rho**lags)))


def days_under_water(e: Evidence) -> float:
    equity = np.cumprod(1.0 + e.x)
    under = np.r_[False, equity < np.maximum.accumulate(np.r_[1.0, equity])[1:], False]
    first, last = np.flatnonzero(np.diff(under.astype(int)) > 0), np.flatnonzero(np.diff(under.astype(int)) < 0) - 1
    return float(max((e.dates[end] - e.dates[start]).days + 1 for start, end in zip(first, last, strict=True)))


def ulcer_unbiased(e: Evidence) -> float:
    return e.ours["ulcer_index"] * math.sqrt(e.x.size / (e.x.size - 1))


def compounded_alpha(e: Evidence) -> float:
    return (1.0 + e.ours["alpha"] / YEAR) ** YEAR - 1.0


def annualised_capture(sign: float) -> Callable[[Evidence], float]:
    def recompute(e: Evidence) -> float:
        chosen = sign * e.b > 0
        power = YEAR / chosen.sum()
        return float((np.prod(1.0 + e.x[chosen]) ** power - 1.0) / (np.prod(1.0 + e.b[chosen]) ** power - 1.0))

    return recompute


def geometric_volatility(e: Evidence) -> float:
    grown = 1.0 + e.ours["cagr"]
    step = grown ** (2.0 / YEAR)
    return float(math.sqrt((e.x.var(ddof=1) + step) ** YEAR - grown**2))


def first_to_last_date(e: Evidence) -> float:
    days = (e.dates[-1] - e.dates[0]).days + 1  # the account's own start stands one day before the first bar
    return (1.0 + e.ours["total_return"]) ** (365.25 / days) - 1.0


def corrected_skewness(e: Evidence) -> float:
    return float(stats.skew(e.x, bias=False))


def corrected_excess_kurtosis(e: Evidence) -> float:
    return float(stats.kurtosis(e.x, bias=False))


def share_profit_factor(e: Evidence) -> float:
    share = e.trades["ReturnPct"].to_numpy()
    return float(share[share > 0].sum() / -share[share < 0].sum())


PER_BAR = Convention(
    says="per bar: not multiplied by sqrt(252)", recompute=lambda e: e.ours["information_ratio"] / math.sqrt(YEAR)
)
COMPOUNDED = Convention(
    says="the daily intercept is compounded, (1 + a)^252 - 1, not times 252", recompute=compounded_alpha
)
UP = Convention(says="both mean returns raised to the power of 252 first", recompute=annualised_capture(1.0))
DOWN = Convention(says="both mean returns raised to the power of 252 first", recompute=annualised_capture(-1.0))

CONVENTIONS: Mapping[tuple[str, str], Convention] = {
    ("quantstats", "sharpe_autocorrelated"): Convention(
        says="`smart_sharpe`: a penalty from powers of |rho(1)|, so negative autocorrelation is punished too",
        recompute=decaying_penalty,
    ),
    ("quantstats", "martin_ratio"): Convention(
        says="the total return, not the annual one, over the ulcer index with n - 1",
        recompute=lambda e: e.ours["total_return"] / ulcer_unbiased(e),
    ),
    ("quantstats", "recovery_factor"): Convention(
        says="the sum of the returns in place of the compounded return",
        recompute=lambda e: abs(float(e.x.sum())) / -e.ours["max_drawdown"],
    ),
    ("quantstats", "longest_drawdown_days"): Convention(
        says="from the first to the last day under water, both counted; not from peak to recovery",
        recompute=days_under_water,
    ),
    ("quantstats", "ulcer_index"): Convention(says="divided by n - 1, not n", recompute=ulcer_unbiased),
    ("quantstats", "value_at_risk"): Convention(
        says="the quantile of a normal distribution with the sample's mean and deviation, not of the returns",
        recompute=lambda e: float(stats.norm.ppf(0.05, e.x.mean(), e.x.std(ddof=1))),
    ),
    ("quantstats", "conditional_value_at_risk"): Convention(
        says="the shortfall of that normal distribution", recompute=normal_shortfall
    ),
    ("quantstats", "skewness"): Convention(says="bias-corrected (G1)", recompute=corrected_skewness),
    ("quantstats", "kurtosis"): Convention(
        says="excess over 3, bias-corrected (G2)", recompute=corrected_excess_kurtosis
    ),
    ("quantstats", "positive_bars"): Convention(
        says="`win_rate`: bars with a return of 0 left out",
        recompute=lambda e: float((e.x > 0).sum() / (e.x != 0).sum()),
    ),
    ("quantstats", "information_ratio"): PER_BAR,
    ("empyrical-reloaded", "information_ratio"): PER_BAR,
    ("empyrical-reloaded", "alpha"): COMPOUNDED,
    ("empyrical-reloaded", "up_capture"): UP,
    ("empyrical-reloaded", "down_capture"): DOWN,
    ("vectorbt", "information_ratio"): PER_BAR,
    ("vectorbt", "alpha"): COMPOUNDED,
    ("vectorbt", "up_capture"): UP,
    ("vectorbt", "down_capture"): DOWN,
    ("backtesting.py", "volatility"): Convention(
        says="the volatility of the compounded year, sqrt((s^2 + g^2)^252 - g^504), g the geometric mean growth",
        recompute=geometric_volatility,
    ),
    ("backtesting.py", "sharpe"): Convention(
        says="CAGR over the volatility of the compounded year, not arithmetic means",
        recompute=lambda e: e.ours["cagr"] / geometric_volatility(e),
    ),
    ("backtesting.py", "sortino"): Convention(
        says="CAGR in place of the mean return times 252",
        recompute=lambda e: e.ours["sortino"] * e.ours["cagr"] / (float(e.x.mean()) * YEAR),
    ),
    ("backtesting.py", "calendar_cagr"): Convention(
        says="days from the first to the last stamp; here the last bar's own length is counted",
        recompute=first_to_last_date,
    ),
    ("backtesting.py", "profit_factor"): Convention(
        says="sums of the trades' returns in percent, not of their profits in money", recompute=share_profit_factor
    ),
}
