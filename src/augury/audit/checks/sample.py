"""The sample: too few trades, results too good, smooth returns, a universe of survivors."""

from __future__ import annotations

import math

import numpy as np

from augury.audit.checks.case import Case, remark
from augury.audit.claim import Remark
from augury.metrics import autocorrelations, sharpe

__all__ = ["autocorrelated", "few_trades", "survivors", "suspiciously_good"]

_FEW = 30
_SYMBOLS = 10
_DAY_NS = 86_400 * 10**9


def few_trades(case: Case) -> list[Remark]:
    """Fewer than 30 closed trades."""
    if case.trades is None:
        return []
    count = int((~case.trades.is_open).sum())
    if count >= _FEW:
        return []
    text = f"Only {count} closed trades: their statistics are mostly luck."
    return [remark("few_trades", "warning", text, "Use a longer history, more symbols, or a faster rule.")]


def suspiciously_good(case: Case) -> list[Remark]:
    """A Sharpe ratio above 5 a year over 100 periods, or more than 19 of 20 trades won out of at least 20."""
    found = []
    ratio = float(sharpe(case.account.returns, case.account.periods_per_year))
    if ratio > 5.0 and len(case.account.times) >= 100:
        text = f"A Sharpe ratio of {ratio:.1f} a year is beyond what markets pay; most such results are look-ahead."
        remedy = "Re-run with every order one bar later, and perturb the future (augury leaks) before believing it."
        found.append(remark("too_good", "warning", text, remedy))
    trades = case.trades
    if trades is not None:
        closed = ~trades.is_open & np.isfinite(trades.profit)
        wins, count = int((trades.profit[closed] > 0.0).sum()), int(closed.sum())
        if count >= 20 and wins > 0.95 * count:
            text = f"{wins} of {count} trades won: either a look-ahead, or losses that are not taken."
            remedy = "Look at open positions and at the largest adverse excursion; price the losses that were put off."
            found.append(remark("wins_nearly_always", "warning", text, remedy))
    return found


def autocorrelated(case: Case) -> list[Remark]:
    """Returns whose neighbours go together, beyond three standard errors and 0.1: stale or smoothed values.

    Positive autocorrelation flatters the Sharpe ratio. Booked profits are not judged, they are not values of an
    account.
    """
    returns = case.account.returns
    if case.account.basis == "booked" or len(returns) < 60:
        return []
    rho = autocorrelations(returns, 1)[0]
    if not (rho > 0.1 and rho > 3.0 / math.sqrt(len(returns))):
        return []
    text = f"Returns of neighbouring periods correlate with {rho:.2f}: volatility and Sharpe ratio are flattered."
    remedy = "Check for stale or smoothed prices and overlapping positions; use the Sharpe ratio adjusted by Lo (2002)."
    return [remark("autocorrelated", "warning", text, remedy)]


def survivors(case: Case) -> list[Remark]:
    """A universe in which nothing ever stops trading: ten or more symbols over two years or more, all alive at the end.

    From trades alone this cannot be seen; then it is only said that it was not looked at.
    """
    trades = case.trades
    if trades is None or len(trades.symbols) < _SYMBOLS:
        return []
    if case.prices is None or len(case.prices.universe) < _SYMBOLS:
        text = f"{len(trades.symbols)} symbols were traded; whether any were delisted cannot be seen from trades."
        remedy = "Pass the bars of the whole universe (--bars), dead symbols included."
        return [remark("universe_not_known", "info", text, remedy)]
    ends = np.array([bars.closed_at[-1] for bars in case.prices.universe])
    starts = np.array([bars.opened_at[0] for bars in case.prices.universe])
    years = float(ends.max() - starts.min()) / (365.25 * _DAY_NS)
    if years < 2.0 or (ends < ends.max() - 30 * _DAY_NS).any():
        return []
    text = f"None of {len(ends)} symbols stops trading in {years:.1f} years: this universe is of those that survived."
    remedy = "Use the symbols that could have been chosen at each date, with those that were delisted since."
    return [remark("survivors_only", "warning", text, remedy)]
