"""What a leak probably is and what to do about it, in plain words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

__all__ = ["Cause", "cause_of", "remedy_for"]

Cause: TypeAlias = Literal["rows", "news", "next_bar", "few_bars", "whole_sample"]

_FEW = 60
_ROWS = "(rows)"

_REMEDIES: dict[Cause, str] = {
    "rows": (
        "Rows appear or vanish with what comes later. Look for dropna() over the whole frame, filters by values found "
        "later, and joins that keep only complete rows; keep every row and leave its cell unknown instead."
    ),
    "news": (
        "A headline is used before it was known. Join on known_at, backward, never on the date it is stamped with; "
        "compute means and counts over headlines known so far."
    ),
    "next_bar": (
        "It reads the next bar. Look for shift(-1), diff(-1), an index t + 1, numpy.diff padded at its end, or an "
        "outcome left among the inputs; shift(1) gives the bar before."
    ),
    "few_bars": (
        "It reads a fixed stretch ahead. Look for rolling(center=True), swing points stamped before they are "
        "confirmed, resample() bars read from their start (label='right', closed='right', then join backward), and "
        "day values given to every bar of the day."
    ),
    "whole_sample": (
        "It reaches as far ahead as the data goes. Look for means, ranges, quantiles, scalers, models and parameters "
        "fitted on the whole series, bfill(), interpolate() and filters run in both directions; fit on bars before the "
        "one that is judged: rolling() or expanding() followed by shift(1), or fit once and use only afterwards."
    ),
}


def cause_of(column: str, lag_bars: int, interventions: Iterable[str]) -> Cause:
    """What the leak probably is, told by how far it looks and by which changes of the future moved it."""
    names = tuple(interventions)
    if column == _ROWS:
        return "rows"
    if names and all(name.startswith("news_") for name in names):
        return "news"
    if lag_bars == 1:
        return "next_bar"
    return "few_bars" if lag_bars <= _FEW else "whole_sample"


def remedy_for(cause: Cause) -> str:
    """Where to look and what to write instead."""
    return _REMEDIES[cause]
