"""The progress of a job on a platform, on standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from augury.client.records import Job

__all__ = ["JobBar"]


class JobBar:
    """Shows state, step and share of a job while it is waited for; silent where standard error is no terminal."""

    def __init__(self, console: Console, label: str) -> None:
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
        )
        self._console, self._label, self._job = console, label, ""
        self._bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bar.add_task(label, total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, job: Job) -> None:
        """How the job stands now."""
        self._job = "" if job.ended else job.id
        text = job.step if job.state == "running" and job.step else job.state
        total = 1.0 if job.state == "running" else None
        self._bar.update(self._task, description=f"{self._label}: {text}", completed=job.progress, total=total)

    def tell_what_goes_on(self, url: str) -> None:
        """Whoever stops waiting should know that the job does not stop."""
        if self._job:
            self._console.print(
                f"job {self._job} goes on there; stop it with: augury --server {url} jobs cancel {self._job}",
                soft_wrap=True,
                markup=False,
            )
