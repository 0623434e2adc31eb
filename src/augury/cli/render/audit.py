"""The `audit` result in a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from augury.audit import Audit
    from augury.operations.audit import AuditResult

__all__ = ["render"]

_LEVELS = {"promote": "green", "promising": "green", "unproven": "yellow", "refuted": "red"}
_SEVERITIES = {"error": "red", "warning": "yellow", "info": "cyan"}
_STATUS = {
    "passed": ("+", "green"),
    "failed": ("-", "red"),
    "not tested": ("?", "yellow"),
    "not applicable": ("o", "dim"),
}
_BASIS = {
    "curve": "its own curve",
    "marked": "trades valued on the bars",
    "booked": "profits booked at exit",
    "trial": "returns kept by the search",
}


def render(result: AuditResult, console: Console) -> None:
    """Verdict, what was judged, the gate, what-ifs, the recheck, findings with remedies, and what was not checked."""
    audit = result.audit
    console.print(Text(audit.verdict.headline, style=f"bold {_LEVELS[audit.verdict.level]}"))
    console.print(Text(_judged(audit), style="dim"))
    console.print()
    _gate(audit, console)
    _what_if(audit, console)
    _recheck(audit, console)
    _findings(audit, console)
    for check, reason in audit.skipped:
        console.print(Text(f"not checked: {check}: {reason}", style="dim"))
    if result.report is not None:
        console.print(f"page: {result.report}", markup=False)
    if result.ledger is not None:
        console.print(f"entry {result.entry} of {result.ledger}", style="dim", markup=False)
    else:
        console.print("not recorded: the ledger is off", style="dim")


def _judged(audit: Audit) -> str:
    claim, account = audit.claim, audit.account
    tool = "" if claim.tool == "table" else f"{claim.tool}, "
    trades = "" if claim.trades is None else f"{len(claim.trades):,} trades, "
    if account is None:
        return f"{tool}{audit.tries.number or 0:,} trials, scores only"
    periods = f"{len(account.times):,} periods ({account.periods_per_year:g} a year)"
    return f"{tool}{trades}{periods}, account from {_BASIS[account.basis]}"


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for at, column in enumerate(columns):
        table.add_column(column, justify="left" if at == 0 else "right", overflow="fold")
    return table


def _gate(audit: Audit, console: Console) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(justify="right", no_wrap=True)
    for item in audit.verdict.gate:
        mark, style = _STATUS[item.status]
        shown = "" if item.value is None or item.relation == "is" else f"{item.value:.3g}"
        wanted = "" if item.bound is None or item.relation == "is" else f" ({item.relation} {item.bound:.3g})"
        table.add_row(Text(mark, style=style), Text(item.title), Text(shown + (wanted if shown else "")))
    console.print(table)
    console.print()


def _what_if(audit: Audit, console: Console) -> None:
    rows = []
    if audit.delays is not None:
        rows += [
            ("as claimed" if not late else f"{late:.0f} bar{'s' if late > 1 else ''} later", total, ratio)
            for late, total, ratio in audit.delays.rows
        ]
    if audit.costs is not None:
        rows += [
            (f"{bps:g} bp a side more", total, ratio)
            for bps, total, ratio in audit.costs.rows
            if bps in (5.0, 10.0, 20.0)
        ]
    if rows:
        table = _table("What if", "Total return", "Sharpe")
        for name, total, ratio in rows:
            table.add_row(name, _percent(total), _number(ratio))
        console.print(table)
    if audit.costs is not None and math.isfinite(audit.costs.spare_bps):
        console.print(f"Break-even: {audit.costs.spare_bps:.1f} basis points a side on top of the costs charged.")
    if audit.concentration is not None:
        shares = ", ".join(f"{one.part} {one.share:.0%}" for one in audit.concentration.shares)
        if shares:
            console.print(f"Shares of the profit: {shares}.")
    if audit.search is not None and audit.search.reason is None:
        console.print(
            f"Scores: the best of {audit.search.count} lies {audit.search.best_z:.1f} deviations above the mean, "
            "luck alone "
            f"puts it at {audit.search.luck_z:.1f}."
        )
    console.print()


def _recheck(audit: Audit, console: Console) -> None:
    notable = [one for one in audit.rechecked if one.status != "agrees"]
    if not audit.rechecked:
        return
    agreed = len(audit.rechecked) - len(notable)
    console.print(f"{agreed} of {len(audit.rechecked)} reported figures agree with ours.")
    if notable:
        table = _table("Figure", "Reported", "Ours", "Why")
        for one in notable:
            table.add_row(one.label, _number(one.reported), _number(one.ours), Text(one.explanation))
        console.print(table)
    console.print()


def _findings(audit: Audit, console: Console) -> None:
    from augury.audit.telling import findings_of

    for finding in findings_of(audit):
        console.print(Text.assemble((f"{finding.severity}: ", _SEVERITIES[finding.severity]), finding.text))
        if finding.remedy:
            console.print(Text(f"  {finding.remedy}", style="dim"))


def _percent(value: float) -> str:
    return f"{value:.1%}" if math.isfinite(value) else "-"


def _number(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else "-"
