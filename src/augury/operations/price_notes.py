"""What is said about prices that would mislead the features, before anybody acts on the signals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from augury import market

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["price_notes"]

_LOOKED_AT_BARS = 600
_JUMPS = ("split_like", "unit_jump")
_NAMED = 6


def price_notes(universe: Mapping[str, pd.DataFrame], timeframe: str) -> tuple[str, ...]:
    """One sentence on the tickers whose recent bars jump as at a split or a change of unit; the jump is not repaired.

    The last 600 bars are looked at, which is more than the features of a signal reach back.
    """
    found = {}
    for ticker, bars in universe.items():
        report = market.quality_report(bars.iloc[-_LOOKED_AT_BARS:], timeframe=timeframe)
        jumps = [finding for rule in _JUMPS if (finding := report.finding(rule)) is not None]
        if jumps:
            found[ticker] = market.iso(min(jumps[0].times_ns))[:10]
    if not found:
        return ()
    named = ", ".join(f"{ticker} on {day}" for ticker, day in list(found.items())[:_NAMED])
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    text = (
        f"Prices jump as at an unadjusted split: {named}{more}. Features take it for a real move; adjust the bars, and "
        "see augury quality."
    )
    return (text,)
