"""What is left when every order is executed some bars later than the backtest claims."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from augury.audit.account import Account, account_of
from augury.audit.claim import Claim, ClaimedTrades
from augury.audit.prices import Prices
from augury.errors import InvalidInput, NotEnoughData
from augury.metrics import sharpe
from augury.validation import Outcome, Sensitivity, delay_sensitivity

__all__ = ["DELAYS", "DelayStudy", "delayed", "study_delays"]

DELAYS = (0, 1, 2, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayStudy(Outcome):
    """`sensitivity` of the annual Sharpe ratio to delays in bars, `total_returns` at each; delay 0 is as claimed."""

    sensitivity: Sensitivity | None
    total_returns: tuple[float, ...] = ()

    @property
    def rows(self) -> tuple[tuple[float, float, float], ...]:
        """(delay in bars, total return, Sharpe ratio)."""
        if self.sensitivity is None:
            return ()
        return tuple(zip(self.sensitivity.settings, self.total_returns, self.sensitivity.values, strict=True))


def study_delays(claim: Claim, prices: Prices | None, account: Account) -> DelayStudy:
    """Entries and exits re-priced at the open 1, 2 and 5 bars after the bar they were claimed in.

    Delay 0 is the claim, marked on the same bars. Sizes and costs stay as they were. Refused with a reason without
    bars, or where sizes or prices are not known.
    """
    trades = claim.trades
    if trades is None:
        return _refused("a curve alone has no entries to delay; pass the trades too")
    if prices is None:
        return _refused("without bars there are no later prices; pass the bars (--bars)")
    priced = trades.priced & np.array([symbol in prices.by_symbol for symbol in trades.symbol])
    if not priced.any():
        return _refused("no trade has a size, prices and bars")
    accounts: dict[int, Account | None] = {}

    def run(delay: int) -> float:
        later = claim.changed(trades=delayed(trades, prices, delay), curve=None)
        try:
            accounts[delay] = account_of(later, prices, account.initial_cash, account.periods_per_year)
        except (InvalidInput, NotEnoughData):  # the account is lost at this delay, or nothing is left of the history
            accounts[delay] = None
            return math.nan
        found = accounts[delay]
        return math.nan if found is None else float(sharpe(found.returns, account.periods_per_year))

    sensitivity = delay_sensitivity(run, DELAYS)
    totals = [accounts[delay] for delay in DELAYS]
    return DelayStudy(
        method="every fill moved to the open so many bars later, sizes and costs unchanged",
        reason=sensitivity.reason,
        sensitivity=sensitivity,
        total_returns=tuple(
            math.nan if one is None else float(one.equity[-1] / one.initial_cash - 1.0) for one in totals
        ),
    )


def delayed(trades: ClaimedTrades, prices: Prices, bars: int) -> ClaimedTrades:
    """The trades with fills at the open `bars` bars after the bar they are in; 0 leaves them as they are.

    A trade that would begin after the data is left out of profit and size (0); one that would end after them ends at
    the last close. A trade within one bar is left at the close of its later bar.
    """
    if bars == 0:
        return trades
    entry_ns, exit_ns = trades.entry_ns.copy(), trades.exit_ns.copy()
    entry_price, exit_price, profit = trades.entry_price.copy(), trades.exit_price.copy(), trades.profit.copy()
    units, charged = trades.units.copy(), np.nan_to_num(trades.costs)
    for symbol, series in prices.by_symbol.items():
        mine = np.flatnonzero(np.array([name == symbol for name in trades.symbol]) & trades.priced)
        first, last = series.bar_of(trades.entry_ns[mine]), series.bar_of(trades.exit_ns[mine])
        mine, first, last = mine[first >= 0], first[first >= 0], last[first >= 0]
        size = len(series.opened_at)
        last = np.where(last < 0, size - 1, last)
        new_first, new_last = first + bars, last + bars
        gone = new_first >= size
        within = np.minimum(new_first, size - 1), np.minimum(new_last, size - 1)
        opens, closes = series.matrix[0], series.matrix[3]
        at_close = (new_last >= size) | (first == last)
        entry_price[mine] = opens[within[0]]
        exit_price[mine] = np.where(at_close, closes[within[1]], opens[within[1]])
        entry_ns[mine], exit_ns[mine] = series.opened_at[within[0]], series.opened_at[within[1]]
        units[mine] = np.where(gone, 0.0, units[mine])
        gained = trades.side[mine] * units[mine] * (exit_price[mine] - entry_price[mine])
        profit[mine] = np.where(gone, 0.0, gained - charged[mine])
    return trades.changed(
        entry_ns=entry_ns, exit_ns=exit_ns, entry_price=entry_price, exit_price=exit_price, profit=profit, units=units
    )


def _refused(reason: str) -> DelayStudy:
    return DelayStudy(method="fills moved to later opens", reason=reason, sensitivity=None)
