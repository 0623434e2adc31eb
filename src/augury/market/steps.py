"""Prices that leave their level: spikes that come straight back, and steps that look like splits or changes of unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from augury.arrays import BoolVector, FloatMatrix, FloatVector, IntVector

__all__ = ["Step", "dividend_mismatches", "find_spikes", "find_steps", "match_declared"]

SPLIT_RATIOS: Final[tuple[float, ...]] = (
    1.5,
    2.0,
    2.5,
    3.0,
    4.0,
    5.0,
    6.0,
    7.0,
    8.0,
    10.0,
    15.0,
    20.0,
    25.0,
    30.0,
    50.0,
)
UNIT_RATIOS: Final[tuple[float, ...]] = (100.0, 1_000.0, 10_000.0)
"""Pence for pounds, cents for dollars, thousands: currencies and vendors confuse powers of ten from 100 on."""

_LARGEST_LOG = 700.0  # its exponential is still a number
_MAD_TO_SIGMA = 1.4826  # normal consistency of the median absolute deviation


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A lasting change of level between bar `at` - 1 and bar `at`: `ratio` is new price over old.

    `kind` is "split_like" near a usual split ratio, "unit_jump" near a power of ten from 100 on, else "jump".
    """

    at: int
    ratio: float
    kind: str


def _scale(closes: FloatVector) -> float:
    """Robust standard deviation of log returns: 1.4826 times their median absolute value; 0 for flat series."""
    return _MAD_TO_SIGMA * float(np.median(np.abs(np.diff(closes)))) if closes.size > 1 else 0.0


def find_spikes(prices: FloatMatrix, *, floor: float, sigmas: float) -> tuple[BoolVector, BoolVector]:
    """Spikes bool[n], bars whose open or close lies far from both neighbours, which agree; and wicks bool[n].

    `prices` float64[4, n] open, high, low, close, finite and above 0, in time order. Far means more than
    max(`floor`, `sigmas` robust standard deviations) in log price; agreeing means within 30 % of that deviation. A wick
    is a high (low) that lies 1.5 times as far above (below) the bar's open and close and both neighbouring closes: a
    wrong tick or a flash crash. The first and last bar are never named.
    """
    spikes, wicks = np.zeros((2, prices.shape[1]), dtype=np.bool_)
    if prices.shape[1] < 3:
        return spikes, wicks
    opens, highs, lows, closes = np.log(prices)
    limit = max(floor, sigmas * _scale(closes))
    before, after = closes[:-2], closes[2:]
    spikes[1:-1] = _apart(closes[1:-1], before, after, limit) | _apart(opens[1:-1], before, closes[1:-1], limit)
    top = np.maximum(np.maximum(opens, closes)[1:-1], np.maximum(before, after))
    bottom = np.minimum(np.minimum(opens, closes)[1:-1], np.minimum(before, after))
    wicks[1:-1] = (highs[1:-1] - top > 1.5 * limit) | (bottom - lows[1:-1] > 1.5 * limit)
    return spikes, wicks


def _apart(here: FloatVector, before: FloatVector, after: FloatVector, limit: float) -> BoolVector:
    rise, fall = here - before, here - after
    size = np.minimum(np.abs(rise), np.abs(fall))
    return np.asarray((rise * fall > 0) & (size > limit) & (np.abs(after - before) < 0.3 * size))


def _log_steps(prices: FloatMatrix) -> tuple[FloatVector, FloatVector]:
    """Log change from the close before to the open, and to the close, of bars 1..n-1."""
    opens, closes = np.log(prices[0]), np.log(prices[3])
    return opens[1:] - closes[:-1], closes[1:] - closes[:-1]


def find_steps(prices: FloatMatrix, *, floor: float, sigmas: float, dividends: FloatVector | None = None) -> list[Step]:
    """Overnight changes of level: open against the close before, beyond max(`floor`, `sigmas` robust deviations).

    The bar's close must confirm at least 60 % of the change, so a spike at the open is no step. `prices` as in
    `find_spikes`, spikes taken out. A ratio within 4 % of a usual split (10 % for a change of unit) is named so. Steps
    that a dividend (float64[n], 0 where none) explains to three quarters are left out.
    """
    if prices.shape[1] < 2:
        return []
    gap, whole = _log_steps(prices)
    limit = max(floor, sigmas * _scale(np.log(prices[3])))
    confirmed = (gap * whole > 0) & (np.abs(whole) > 0.6 * np.abs(gap))
    found = np.flatnonzero((np.abs(gap) > limit) & confirmed & ~_paid_out(prices[3], gap, dividends))
    return [
        Step(
            at=int(at) + 1,
            ratio=float(np.exp(np.clip(gap[at], -_LARGEST_LOG, _LARGEST_LOG))),
            kind=_kind(abs(float(gap[at]))),
        )
        for at in found
    ]


def _paid_out(closes: FloatVector, gap: FloatVector, dividends: FloatVector | None) -> BoolVector:
    """Gaps that the dividend of the same bar or of the bar before (weekly bars) explains to three quarters."""
    explained = np.zeros(gap.size, dtype=np.bool_)
    if dividends is None:
        return explained
    paid = np.nan_to_num(dividends)
    for amount in (paid[1:], paid[:-1]):
        left = np.where(amount < closes[:-1], closes[:-1] - amount, closes[:-1])
        explained |= (amount > 0.0) & (np.abs(gap - np.log(left / closes[:-1])) < 0.25 * np.abs(gap))
    return explained


def _kind(size: float) -> str:
    if min(abs(size - np.log(ratio)) for ratio in UNIT_RATIOS) < 0.10:
        return "unit_jump"
    if min(abs(size - np.log(ratio)) for ratio in SPLIT_RATIOS) < 0.04:
        return "split_like"
    return "jump"


def match_declared(
    prices: FloatMatrix, splits: FloatVector, *, window_bars: int, dividends: FloatVector | None = None
) -> list[Step]:
    """Steps by the ratio of a split declared within `window_bars`: prices not adjusted for it, or twice.

    `splits` float64[n] holds new shares per old one at the declared bar, 0 or NaN elsewhere. A step counts when it is
    larger than 10 %, lies within a quarter of its size of the declared ratio or its inverse, and is no dividend.
    """
    declared = np.flatnonzero(np.isfinite(splits) & (splits > 0.0) & (splits != 1.0))
    if declared.size == 0 or prices.shape[1] < 2:
        return []
    gap, _ = _log_steps(prices)
    paid_out = _paid_out(prices[3], gap, dividends)
    found: dict[int, Step] = {}
    for at in declared:
        low, high = max(0, int(at) - window_bars - 1), min(gap.size, int(at) + window_bars)
        near = gap[low:high]
        size = np.abs(np.log(splits[at]))
        matches = ~paid_out[low:high] & (np.abs(near) > 0.1) & (np.abs(np.abs(near) - size) < np.abs(near) / 4)
        for offset in np.flatnonzero(matches):
            bar = low + int(offset) + 1
            found[bar] = Step(at=bar, ratio=float(np.exp(gap[bar - 1])), kind="declared_split")
    return [found[bar] for bar in sorted(found)]


def dividend_mismatches(closes: FloatVector, adjusted: FloatVector, dividends: FloatVector) -> IntVector:
    """Positions where a declared dividend disagrees with the step in the vendor's own adjustment.

    With factor = adjusted close / close, a dividend d implies factor[t-1] / factor[t] = 1 - d / close[t-1]; the step
    may also come one bar later, as it does in weekly bars. Positions are reported when implied and declared yield
    differ at both places by more than a quarter of the larger and 0.2 % of the price.
    """
    at = np.flatnonzero(np.nan_to_num(dividends[1:]) > 0.0) + 1
    factor = adjusted / closes
    agrees = np.zeros(at.size, dtype=np.bool_)
    for later in (0, 1):
        bar = np.minimum(at + later, closes.size - 1)
        implied = 1.0 - factor[bar - 1] / factor[bar]
        declared = dividends[at] / closes[bar - 1]
        difference = np.abs(implied - declared)
        agrees |= (difference <= 0.25 * np.maximum(implied, declared)) | (difference <= 0.002)
    return at[~agrees].astype(np.int64)
