"""The what-if and recheck tables of an audit's report."""

from __future__ import annotations

import math

from augury.audit.audit import Audit
from augury.audit.recheck import Rechecked
from augury.metrics import MEASURES
from augury.report import CheckTable

__all__ = ["check_tables"]

_STATUS = {
    "agrees": "agrees",
    "convention": "another convention",
    "differs": "not reproduced",
    "not compared": "not compared",
}


def check_tables(audit: Audit) -> tuple[CheckTable, ...]:
    """Delays, costs, concentration, the recheck and a search's scores; what could not be made is left out."""
    tables = [
        _delay_table(audit),
        _cost_table(audit),
        _concentration_table(audit),
        _recheck_table(audit),
        _search_table(audit),
    ]
    return tuple(table for table in tables if table is not None)


def _delay_table(audit: Audit) -> CheckTable | None:
    if audit.delays is None or not audit.delays.rows:
        return None
    rows = tuple(
        (
            "as claimed" if delay == 0 else f"{delay:.0f} bar{'s' if delay > 1 else ''} later",
            _known(total),
            _known(ratio),
        )
        for delay, total, ratio in audit.delays.rows
    )
    return CheckTable(
        title="Every order later",
        columns=("orders", "total return", "Sharpe ratio"),
        rows=rows,
        units=("", "fraction", "ratio"),
        note="Fills moved to the open so many bars later; an edge that does not survive one bar is often look-ahead.",
    )


def _cost_table(audit: Audit) -> CheckTable | None:
    costs = audit.costs
    if costs is None or not costs.rows:
        return None
    spare = f"{costs.spare_bps:.1f} basis points a side more use up the whole profit"
    charged = "" if math.isnan(costs.charged_bps) else f"; {costs.charged_bps:.1f} were charged"
    return CheckTable(
        title="Costs on top of those charged",
        columns=("more a side", "total return", "Sharpe ratio"),
        rows=tuple((f"{bps:g} bp", _known(total), _known(ratio)) for bps, total, ratio in costs.rows),
        units=("", "fraction", "ratio"),
        note=f"{spare}{charged}.",
    )


def _concentration_table(audit: Audit) -> CheckTable | None:
    found = audit.concentration
    if found is None or found.reason is not None:
        return None
    return CheckTable(
        title="Where the profit comes from",
        columns=("part", "which", "profit", "share of all"),
        rows=tuple((one.part, one.name, one.profit, one.share) for one in found.shares),
        units=("", "", "money", "fraction"),
        note="Shares above 100 % mean that the rest lost money.",
    )


def _recheck_table(audit: Audit) -> CheckTable | None:
    if not audit.rechecked:
        return None
    told = [f"{one.label}: {one.explanation}" for one in audit.rechecked if one.explanation]
    return CheckTable(
        title="Reported figures, computed again",
        columns=("figure", "reported", "ours", "judgement"),
        rows=tuple(
            (one.label, _shown(one, one.reported), _shown(one, one.ours), _STATUS[one.status])
            for one in audit.rechecked
        ),
        units=("", "", "", ""),
        note="; ".join(told) + ("." if told else ""),
    )


def _shown(one: Rechecked, value: float) -> str:
    if not math.isfinite(value):
        return "-"
    known = MEASURES.get(one.measure)
    if known is not None and known.unit == "fraction":
        return f"{value:.2%}"
    return f"{value:,.0f}" if one.measure == "trade_count" else f"{value:,.3f}"


def _search_table(audit: Audit) -> CheckTable | None:
    search = audit.search
    if search is None or search.reason is not None:
        return None
    names = ("5 %", "25 %", "median", "75 %", "95 %")
    rows = (*zip(names, search.quantiles, strict=True), ("best", search.best))
    return CheckTable(
        title=f"Scores of {search.count} trials",
        columns=("point", "score"),
        rows=tuple(rows),
        units=("", "ratio"),
        note=(
            f"The best lies {search.best_z:.1f} deviations above the mean; luck alone puts the best of as many at "
            f"{search.luck_z:.1f}."
        ),
    )


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
