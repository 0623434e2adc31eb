"""Remarks on how the account was made and where its profit comes from."""

from __future__ import annotations

import numpy as np

from augury.audit.checks.case import Case
from augury.audit.claim import Remark
from augury.audit.concentration import Concentration

__all__ = ["account_remarks", "concentration_remarks"]


def account_remarks(case: Case) -> list[Remark]:
    """What had to be assumed to put the claim on a clock."""
    found = []
    claim, account = case.claim, case.account
    if account.basis == "booked":
        text = (
            "There are no bars and no curve: profits are booked on the day a trade closes, and open losses are not "
            "seen."
        )
        remedy = "Pass the bars (--bars) or the account's curve; drawdown and volatility are understated until then."
        found.append(Remark(rule="booked_at_exit", severity="warning", text=text, remedy=remedy))
    if account.basis == "trial":
        text = "The returns kept with the trial have no times: its periods are numbered as days from 2000-01-01."
        remedy = "Pass --periods-per-year, or the chosen trial's equity with its times."
        found.append(Remark(rule="no_times", severity="info", text=text, remedy=remedy))
    if case.trades is not None and not case.cash_known:
        text = (
            f"The initial cash is not stated; {account.initial_cash:,.2f} is assumed, the most that was in "
            "positions at "
            "once."
        )
        found.append(Remark(rule="cash_assumed", severity="info", text=text, remedy="Pass the true one with --cash."))
    if claim.zoneless:
        text = "The times have no zone and were taken as UTC."
        found.append(Remark(rule="no_zone", severity="info", text=text, remedy="Pass --zone with an IANA name."))
    return found


def concentration_remarks(found: Concentration, case: Case) -> list[Remark]:
    """Says so when a handful of trades, a month or a symbol carries the profit."""
    if found.reason is not None:
        return []
    remarks = []
    count = 0 if case.trades is None else len(case.trades)
    if count >= 20 and found.without_few <= 0.0:
        text = f"Without its best 5 of {count} trades the profit is {found.without_few:,.2f}."
        remedy = "Look at these five trades; what they have in common may not come again."
        remarks.append(Remark(rule="few_trades_carry", severity="warning", text=text, remedy=remedy))
    best = found.share("best trade")
    if best > 0.5:
        text = f"One trade makes {best:.0%} of the profit."
        remedy = "Judge the rest without it."
        remarks.append(Remark(rule="one_trade", severity="warning", text=text, remedy=remedy))
    months = len(np.unique(case.account.times.view("datetime64[ns]").astype("datetime64[M]")))
    month = found.share("best month")
    if months >= 12 and month > 0.5:
        text = f"One month of {months} makes {month:.0%} of the profit."
        remedy = "Find out what that month was; judge the others without it."
        remarks.append(Remark(rule="one_month", severity="warning", text=text, remedy=remedy))
    symbol = found.share("best symbol")
    symbols = 0 if case.trades is None else len(case.trades.symbols)
    if symbols >= 3 and symbol > 0.7:
        text = f"One of {symbols} symbols makes {symbol:.0%} of the profit."
        remedy = "Judge the others without it: a rule that is general works on more than one."
        remarks.append(Remark(rule="one_symbol", severity="warning", text=text, remedy=remedy))
    return remarks
