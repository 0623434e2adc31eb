"""The `compress` result in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from augury.cli.render.model_scores import print_notes

if TYPE_CHECKING:
    from augury.learning import Certificate
    from augury.operations.compress import CompressResult

__all__ = ["render"]


def render(result: CompressResult, console: Console) -> None:
    """Every step with its verdict, then before and after as a whole."""
    found = result.compression
    console.print(f"[bold]{escape(result.original.model_id)}[/], {found.level}:")
    steps = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    steps.add_column("Step", no_wrap=True)
    steps.add_column("", no_wrap=True)
    steps.add_column("Why", overflow="fold")
    for step in found.steps:
        verdict = "[green]kept[/]" if step.kept else "[yellow]refused[/]"
        steps.add_row(step.name, verdict, escape(step.reason.removeprefix("kept: ").removeprefix("refused: ")))
    console.print(steps)
    if not found.kept:
        console.print("Nothing was kept: the model stays as it is, and nothing was written.")
    else:
        console.print(_whole(found.certificate))
        for title, certificate in (("Validation", found.certificate), ("Untouched test", found.test)):
            score = certificate.score
            console.print(
                f"{title} rows ({score.rows:,}): loss {score.loss_before:.4f} to {score.loss_after:.4f} "
                f"({score.relative_loss:+.2%}, at most {score.relative_upper:+.2%} at {score.confidence:.0%}), "
                f"{score.flip_rate:.1%} of the decisions differ.",
                soft_wrap=True,
            )
        if not found.test.accepted:
            console.print(f"On the test rows it does not hold: {found.test.reason}", style="yellow", markup=False)
        console.print(f"Written: {result.written}", markup=False)
    print_notes(console, result.notes)


def _whole(certificate: Certificate) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in ("", "Before", "After", "Change"):
        table.add_column(name, justify="right" if name else "left")
    before, after = certificate.before, certificate.after
    rows = [
        ("Size", f"{before.size_bytes / 1024:,.1f} KB", f"{after.size_bytes / 1024:,.1f} KB", -certificate.size_cut),
        ("Parameters", f"{before.parameters:,}", f"{after.parameters:,}", -certificate.parameter_cut),
    ]
    if before.memory_bytes and after.memory_bytes:
        change = after.memory_bytes / before.memory_bytes - 1.0
        rows.append(("Memory", f"{before.memory_bytes / 2**20:.1f} MB", f"{after.memory_bytes / 2**20:.1f} MB", change))
    for title, name, cut in (("One row", "one", 0), ("64 rows", "many", 1)):
        for part in ("p50", "p99"):
            old, new = (getattr(side.timing, f"{part}_{name}") * 1e6 for side in (before, after))
            change = -certificate.time_cuts[cut] if part == "p50" else new / old - 1.0
            rows.append((f"{title}, {part}", f"{old:,.0f} us", f"{new:,.0f} us", change))
    for title, left, right, change in rows:
        table.add_row(title, left, right, f"{change:+.0%}")
    return table
