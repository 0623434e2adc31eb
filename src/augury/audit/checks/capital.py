"""Money: costs that are missing, more in positions than there is, an account that its trades do not explain."""

from __future__ import annotations

import numpy as np

from augury.audit.checks.case import Case, remark
from augury.audit.claim import NO_TIME, Remark

__all__ = ["beyond_capital", "costs_missing", "unexplained_equity"]

_UNEXPLAINED = 0.005


def costs_missing(case: Case) -> list[Remark]:
    """Trades that paid nothing: costs stated as 0, or profits that are the bare price difference."""
    trades = case.trades
    if trades is None:
        return []
    stated = np.isfinite(trades.costs)
    if stated.any():
        if np.nansum(trades.costs) > 0.0:
            return []
        text = "No trade paid any costs: neither commission nor fees."
    else:
        gross = trades.side * trades.units * (trades.exit_price - trades.entry_price)
        known = np.isfinite(gross) & np.isfinite(trades.profit) & ~trades.is_open
        if not known.any() or not np.allclose(trades.profit[known], gross[known], rtol=1e-6, atol=1e-9):
            return []
        text = "Profits are the bare price differences: no costs were charged."
    remedy = "Charge commission and slippage; 10 to 15 basis points a side is usual for liquid shares."
    return [remark("no_costs", "warning", text, remedy)]


def beyond_capital(case: Case) -> list[Remark]:
    """Positions that together cost more than the account was worth when one of them was entered.

    Skipped where the initial cash is not known. Up to 5 % more is rounding and profit that is not booked yet.
    """
    trades = case.trades
    if trades is None or not case.cash_known:
        return []
    stake = np.nan_to_num(trades.units * trades.entry_price)
    leave = np.where(trades.exit_ns == NO_TIME, np.iinfo(np.int64).max, trades.exit_ns)
    order = np.argsort(trades.entry_ns, kind="stable")
    bad = np.zeros(len(trades), dtype=np.bool_)
    worst = 0.0
    exits = np.argsort(leave, kind="stable")
    done, held, booked = 0, 0.0, 0.0
    for row in order:
        while done < len(exits) and leave[exits[done]] <= trades.entry_ns[row]:
            if leave[exits[done]] >= trades.entry_ns[exits[done]] and exits[done] != row:
                held -= stake[exits[done]]
                booked += float(np.nan_to_num(trades.profit[exits[done]]))
            done += 1
        held += stake[row]
        ratio = held / max(_worth(case, row, booked), 1e-12)
        bad[row] = ratio > 1.05
        worst = max(worst, ratio)
    if not bad.any():
        return []
    text = f"{int(bad.sum())} entries hold more than the account is worth, up to {worst:.1f} times as much."
    remedy = "If this is leverage, charge interest and margin calls; if not, the trades could not all have been made."
    return [remark("beyond_capital", "warning", text, remedy, bad)]


def _worth(case: Case, row: int, booked: float) -> float:
    """The account at an entry: by its curve at the start of that period, else cash and booked profits."""
    account = case.account
    if account.basis in ("curve", "marked") and account.entry_at is not None:
        return float(max(account.before[account.entry_at[row]], account.equity[account.entry_at[row]]))
    return account.initial_cash + booked


def unexplained_equity(case: Case) -> list[Remark]:
    """A curve whose change is not the sum of the trades' profits, to half a percent of the initial cash.

    Positions that the end of the data closes may be booked at another price than the curve's last value (backtesting.py
    closes them at the last bar's open), so the last period's change is allowed for where a trade ends in it.
    """
    trades, curve = case.trades, case.claim.curve
    if trades is None or curve is None or case.account.basis != "curve":
        return []
    account = case.account
    change = float(account.equity[-1] - account.initial_cash)
    explained = float(np.nansum(trades.profit))
    if trades.is_open.any() and np.isnan(trades.profit[trades.is_open]).any():
        return []  # what is still open has no stated value
    gap = change - explained
    allowed = _UNEXPLAINED * max(account.initial_cash, abs(explained))
    if account.exit_at is not None and (account.exit_at >= len(account.times) - 1).any():
        allowed += abs(float(account.equity[-1] - account.equity[-2]))
    if abs(gap) <= allowed:
        return []
    text = f"The account changes by {change:,.2f}, its trades explain {explained:,.2f}: {gap:+,.2f} comes from nowhere."
    remedy = "Look for trades missing from the export, deposits, interest, or a curve of another run."
    return [remark("equity_not_explained", "error", text, remedy)]
