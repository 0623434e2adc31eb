"""How an operation that runs as a job reports progress: to its lease, which writes it to the row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from augury_server.jobs.lease import Lease

__all__ = ["JobProgress"]

Item = TypeVar("Item")


class JobProgress:
    """Progress of a job; each step is also where the job can be interrupted."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease

    def track(self, items: Iterable[Item], label: str, total: int) -> Iterator[Item]:
        """Yield the items, reporting `label` and how many of `total` are done; raises Interrupted between two."""
        done = 0
        self._step(done, label, total)
        for item in items:
            yield item
            done += 1
            self._step(done, label, total)

    def _step(self, done: int, label: str, total: int) -> None:
        self._lease.report(done / total if total > 0 else 0.0, f"{label} {done:,} of {total:,}")
        self._lease.check()
