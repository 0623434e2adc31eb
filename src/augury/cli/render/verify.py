"""The `verify` result in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from augury.cli.wording import printable

if TYPE_CHECKING:
    from augury.operations.verify import VerifyResult

__all__ = ["render"]


def render(result: VerifyResult, console: Console) -> None:
    """Reproduced or not, what was run, what differs, what changed and what to do."""
    word, style = ("REPRODUCED", "bold green") if result.reproduced else ("NOT REPRODUCED", "bold red")
    console.print(Text.assemble((word, style), f": {_outcome(result)}"))
    capsule = result.capsule
    name = "" if capsule.strategy is None else capsule.strategy.name
    named = ", ".join(f"{key}={value:g}" for key, value in capsule.parameters.items())
    parts = (f"{capsule.operation} of {name}", named, f"{result.bars:,} bars of {result.data}")
    console.print(Text(printable(" | ".join(part for part in parts if part)), style="dim"))
    for difference in result.differences:
        console.print(Text(printable(f"  {difference}")))
    if result.cause:
        console.print(Text(f"Probable cause: {result.cause}."))
    for change in result.changes:
        style = "dim" if change.harmless or result.reproduced else "yellow"
        console.print(Text.assemble((f"{change.part}: ", style), printable(change.text) + "."))
        if change.remedy and not result.reproduced:
            console.print(Text(f"  {printable(change.remedy)}", style="dim"))


def _outcome(result: VerifyResult) -> str:
    equal = len(result.compared) - sum(one.name in result.compared for one in result.differences)
    if not result.differences:
        same = f"{', '.join(result.compared)} came out bit for bit the same"
        return same + "." if result.same_data else f"{same}, but not from the recorded data."
    return f"{equal} of {len(result.compared)} digests are as recorded."
