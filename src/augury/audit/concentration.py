"""How much of the profit hangs on a few trades, one month or one symbol."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from augury.arrays import FloatVector, IntVector
from augury.audit.account import Account
from augury.audit.claim import NO_TIME, ClaimedTrades
from augury.validation import Outcome

__all__ = ["Concentration", "Share", "concentration_of"]

_FEW = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A part of the profit: what it is, its `profit` in money and its `share` of all (above 1 when the rest lost)."""

    part: str
    name: str
    profit: float
    share: float

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        return {"part": self.part, "name": self.name, "profit": self.profit, "share": self.share}


@dataclass(frozen=True, slots=True, kw_only=True)
class Concentration(Outcome):
    """The largest parts of `total` profit, and `without_few`: the profit that the rest of the trades made."""

    total: float
    shares: tuple[Share, ...]
    without_few: float

    def share(self, part: str) -> float:
        """The share of a part ("best trade", "best 5 trades", "best month", "best symbol"); NaN where not known."""
        return next((one.share for one in self.shares if one.part == part), math.nan)


def concentration_of(account: Account, trades: ClaimedTrades | None) -> Concentration:
    """Shares of the profit; months by the UTC calendar. Without trades the periods of the curve stand in for them.

    Refused with a reason when there is no profit to divide.
    """
    profits, times, word = _parts(account, trades)
    total = float(profits.sum())
    order = np.argsort(-profits, kind="stable")
    without = float(profits[order[_FEW:]].sum())
    if not total > 0.0:
        return Concentration(
            method="shares of profit",
            reason="there is no profit to divide",
            total=total,
            shares=(),
            without_few=without,
        )
    best = int(order[0])
    shares = [
        _share(f"best {word}", _day(times[best]), float(profits[best]), total),
        _share(f"best {_FEW} {word}s", f"of {len(profits)}", float(profits[order[:_FEW]].sum()), total),
    ]
    months, sums = _by_month(times, profits)
    if len(sums) > 1:
        top = int(np.argmax(sums))
        shares.append(_share("best month", str(months[top]), float(sums[top]), total))
    if trades is not None and len(trades.symbols) > 1:
        by_symbol = {name: float(profits[np.array(trades.symbol) == name].sum()) for name in trades.symbols}
        name = max(by_symbol, key=lambda one: by_symbol[one])
        shares.append(_share("best symbol", name, by_symbol[name], total))
    return Concentration(
        method=f"shares of the profit of all {word}s", total=total, shares=tuple(shares), without_few=without
    )


def _parts(account: Account, trades: ClaimedTrades | None) -> tuple[FloatVector, IntVector, str]:
    if trades is None:
        return np.diff(account.equity, prepend=account.initial_cash), account.times, "period"
    times = np.where(trades.exit_ns == NO_TIME, account.times[-1], trades.exit_ns)
    return np.nan_to_num(trades.profit), times, "trade"


def _share(part: str, name: str, profit: float, total: float) -> Share:
    return Share(part=part, name=name, profit=profit, share=profit / total)


def _by_month(times: IntVector, profits: FloatVector) -> tuple[Any, FloatVector]:
    months = times.view("datetime64[ns]").astype("datetime64[M]")
    names, place = np.unique(months, return_inverse=True)
    return names, np.asarray(np.bincount(place, weights=profits, minlength=len(names)), dtype=np.float64)


def _day(nanoseconds: int) -> str:
    return str(np.datetime64(int(nanoseconds), "ns").astype("datetime64[D]"))
