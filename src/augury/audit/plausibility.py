"""All plausibility checks of a backtest, and which of them could not be made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from augury.audit.checks.capital import beyond_capital, costs_missing, unexplained_equity
from augury.audit.checks.case import Case
from augury.audit.checks.fills import extreme_fills, outside_bars, same_close, stops_better_than_open
from augury.audit.checks.rows import (
    exit_before_entry,
    out_of_order,
    outside_data,
    profit_not_from_prices,
    repeated_trades,
)
from augury.audit.checks.sample import autocorrelated, few_trades, survivors, suspiciously_good
from augury.audit.claim import Remark

__all__ = ["CHECKS", "plausibility_of", "skipped_checks"]

CHECKS: Final[tuple[Callable[[Case], list[Remark]], ...]] = (
    exit_before_entry,
    outside_data,
    outside_bars,
    extreme_fills,
    stops_better_than_open,
    same_close,
    profit_not_from_prices,
    unexplained_equity,
    repeated_trades,
    out_of_order,
    beyond_capital,
    costs_missing,
    suspiciously_good,
    autocorrelated,
    few_trades,
    survivors,
)
_ORDER = {"error": 0, "warning": 1, "info": 2}
_NEED_BARS = (
    "fills outside their bar",
    "fills at the signal's own close",
    "stops filled better than the open",
    "delays",
)


def plausibility_of(case: Case) -> tuple[Remark, ...]:
    """What the checks found, the gravest first; what was noticed while reading comes along."""
    found = [*case.claim.remarks, *(one for check in CHECKS for one in check(case))]
    return tuple(sorted(found, key=lambda one: _ORDER[one.severity]))


def skipped_checks(case: Case) -> tuple[tuple[str, str], ...]:
    """Checks that could not be made, each with the reason."""
    skipped = []
    if case.trades is None:
        skipped.append(("everything about trades", "the file holds a curve only; pass the trades too"))
    elif case.prices is None:
        skipped += [(what, "no bars were passed (--bars)") for what in _NEED_BARS]
    elif case.prices.unmatched:
        names = ", ".join(case.prices.unmatched[:6])
        skipped.append(("fills of some symbols", f"the bars hold no {names}"))
    if case.trades is not None and not case.cash_known:
        skipped.append(("positions beyond the capital", "the initial cash is not stated (--cash)"))
    if case.trades is not None and case.claim.curve is None:
        skipped.append(("whether trades explain the account", "the file holds no curve"))
    return tuple(skipped)
