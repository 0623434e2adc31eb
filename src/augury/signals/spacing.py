"""Whether bars are as long as the options say: others would be stamped with a close that is not theirs."""

from __future__ import annotations

from augury.errors import InvalidBars
from augury.market.timeframe import Timeframe

__all__ = ["refuse_longer_bars", "refuse_shorter_bars"]

_DAY_NS = Timeframe.of("1D").ns
_HOUR_NS = Timeframe.of("1h").ns


def refuse_shorter_bars(ticker: str, spacing_ns: int, timeframe: Timeframe) -> None:
    """Raise InvalidBars when two bars open `spacing_ns` apart, less than one bar of this timeframe lasts."""
    if spacing_ns < timeframe.shortest_spacing_ns:
        raise InvalidBars(
            f"{ticker}: expected bars at least {timeframe} apart, two open {Timeframe(spacing_ns)} apart; say how long "
            f"a bar is with SignalSpec.for_timeframe, or resample them to {timeframe}"
        )


def refuse_longer_bars(ticker: str, shortest_ns: int, timeframe: Timeframe) -> None:
    """Raise InvalidBars when the shortest of all spacings says that bars last several times this timeframe.

    Such a bar would count as known before it closes. Timeframes below a day are taken at their word: one bar a session
    may well last 390 minutes.
    """
    if timeframe.ns >= _DAY_NS and shortest_ns >= 2 * timeframe.ns - _HOUR_NS:
        raise InvalidBars(
            f"{ticker}: expected bars of {timeframe}, but no two of these open less than {Timeframe(shortest_ns)} "
            "apart; they would be known before they close: say how long a bar is with SignalSpec.for_timeframe"
        )
