"""Since when arriving bars count as known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from augury.arrays import IntVector
from augury.market.timeframe import Timeframe
from augury.market.times import Moment, instant

__all__ = ["KnownRule", "known_rule"]

Given: TypeAlias = Moment | Literal["close"] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRule:
    """A bar is known from `moment_ns` on, or from its own close when that is later or `moment_ns` is None.

    With `arriving` the moment is that of arrival: what arrives later replaces what came before it, even when the clock
    was set back in between, and then counts as known 1 ns after it.
    """

    moment_ns: int | None
    arriving: bool = False

    def of(self, opened_at: IntVector, timeframe: Timeframe) -> IntVector:
        """Known times int64[n] ns of bars that open at int64[n] ns; never before their close."""
        closed_at = opened_at + timeframe.ns
        if self.moment_ns is None:
            return closed_at
        closed_at[closed_at < self.moment_ns] = self.moment_ns
        return closed_at


def known_rule(given: Given, now_ns: int) -> KnownRule:
    """What a load was told: None is now, the moment of arrival; "close" says that each bar was known when it closed.

    "close" is for archives that are loaded at once and are to be read as if they had been followed: the claim is the
    caller's. A moment is for what is known to have been known since then.
    """
    if given is None:
        return KnownRule(moment_ns=now_ns, arriving=True)
    if given == "close":
        return KnownRule(moment_ns=None)
    return KnownRule(moment_ns=min(instant(given, what="known_at"), now_ns))
