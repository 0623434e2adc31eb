"""Progress bars on standard error, so that results on standard output stay clean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

__all__ = ["TerminalProgress"]

Item = TypeVar("Item")


class TerminalProgress:
    """Shows a bar with count and time left while an operation works; silent where standard error is no terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown: Progress | None = None

    def track(self, items: Iterable[Item], label: str, total: int) -> Iterator[Item]:
        """Yield the items and move the bar; work inside an item shows its own bar below."""
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        outer = self._shown
        bar = outer or Progress(*columns, console=self._console, transient=True, disable=not self._console.is_terminal)
        task = bar.add_task(label, total=total)
        if outer is None:
            self._shown = bar
            bar.start()
        try:
            for item in items:
                yield item
                bar.advance(task)
        finally:
            bar.remove_task(task)
            if outer is None:
                self._shown = None
                bar.stop()
