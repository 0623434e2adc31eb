"""The `quality` result in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from augury.operations.quality import QualityResult

__all__ = ["render"]

_FEW = 5
"""Up to so many symbols without findings get a line each; more share one."""

_SEVERITIES = {"error": "red", "warning": "yellow", "info": "cyan"}


def render(result: QualityResult, console: Console) -> None:
    """Scores, then every finding with its rows."""
    sound = [report for report in result.reports if not report.findings]
    for report in result.reports:
        if not report.findings and len(sound) > _FEW:
            continue  # counted below
        colour = "green" if report.score >= 90 else "yellow" if report.score >= 70 else "red"
        console.print(
            Text.assemble(
                (report.symbol or "bars", "bold"), f": {report.rows:,} rows, score ", (f"{report.score:.1f}", colour)
            )
        )
        if not report.findings:
            console.print("  nothing found", style="dim")
            continue
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
        for column in ("Rule", "Severity", "Rows"):
            table.add_column(column, no_wrap=True, justify="right" if column == "Rows" else "left")
        table.add_column("Found", ratio=1, overflow="fold")
        for finding in report.findings:
            table.add_row(
                finding.rule,
                Text(finding.severity, style=_SEVERITIES.get(finding.severity, "")),
                f"{finding.count:,}",
                Text(finding.message),
            )
        console.print(table)
        console.print()
    if len(sound) > _FEW:
        console.print(f"{len(sound):,} symbols: nothing found, score 100.0.")
    if result.exit_code:
        console.print(f"Below the minimum of {result.minimum:g}.", style="bold red")
