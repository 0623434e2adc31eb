"""The figures of all processes: each writes its own row now and then."""

from __future__ import annotations

import logging
import os
import platform
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.db import Error

from augury_server.caching.borrowed import borrowed_connection, in_transaction
from augury_server.caching.figures import CacheFigures, Figures, merge
from augury_server.caching.models import CacheStatistics

__all__ = ["Reporter", "statistics"]

_EVERY_SECONDS = 15.0


class Reporter:
    """Writes the figures of this process to its row: every `every_seconds` when asked to, and when the process ends."""

    def __init__(
        self, figures: Figures, *, every_seconds: float = _EVERY_SECONDS, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self._figures, self._every, self._ticks = figures, every_seconds, ticks
        self._lock = threading.Lock()
        self._written_at = ticks()
        self._started_at = datetime.now(UTC)
        self.process = f"{platform.node()[:60]}:{os.getpid()}:{uuid.uuid4().hex[:8]}"

    def tick(self) -> None:
        """Write if it is time to, not within a transaction of others."""
        if self._ticks() - self._written_at >= self._every and not in_transaction():
            self.write()

    def write(self) -> None:
        """Write now; figures that cannot be written wait for the next time."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            self._written_at = self._ticks()
            figures = self._figures.plain()
            if not figures["counts"]:
                return
            values = {"started_at": self._started_at, "updated_at": datetime.now(UTC), "figures": figures}
            with borrowed_connection(wait_seconds=1.0):
                CacheStatistics.objects.bulk_create(
                    [CacheStatistics(process=self.process, **values)],
                    update_conflicts=True, unique_fields=["process"], update_fields=["updated_at", "figures"],
                )  # fmt: skip
        except Error as error:  # the database is away or, at the end of a test or a start, not migrated
            logging.getLogger(__name__).warning("figures of the cache were not written: %s", error)
        finally:
            self._lock.release()


def statistics(*, since: timedelta = timedelta(days=1), now: Callable[[], datetime] | None = None) -> CacheFigures:
    """The sum of what all processes counted that wrote within `since`; each is at most a quarter of a minute behind."""
    earliest = (now or _utc_now)() - since
    rows = CacheStatistics.objects.filter(updated_at__gte=earliest).values_list("figures", flat=True)
    return merge(rows.iterator(chunk_size=200))


def _utc_now() -> datetime:
    return datetime.now(UTC)
