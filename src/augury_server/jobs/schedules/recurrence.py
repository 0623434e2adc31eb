"""When something happens again and again: by a cron expression, or every so many seconds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from augury.errors import InvalidInput
from augury_server.jobs.schedules.cron import Cron

__all__ = ["Recurrence"]

_WINDOWS = tuple(timedelta(hours=hours) for hours in (1, 25, 24 * 40, 24 * 400))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """Either `cron`, or `every_seconds` counted from `start`: the moments start + k * every_seconds for k = 1, 2, ...

    Occurrences are a fixed set of moments: neither a late run nor a restart moves them.
    """

    start: datetime
    cron: Cron | None = None
    every_seconds: float | None = None

    def __post_init__(self) -> None:
        if (self.cron is None) == (self.every_seconds is None):
            raise InvalidInput("give either a cron expression or every_seconds, not both and not neither")
        if self.every_seconds is not None and not (math.isfinite(self.every_seconds) and self.every_seconds >= 1):
            raise InvalidInput(f"every_seconds should be 1 or more, got {self.every_seconds!r}")

    def next_after(self, moment: datetime) -> datetime:
        """The first occurrence later than an aware moment, in UTC."""
        if self.cron is not None:
            return self.cron.next_after(moment)
        return self._every(self._count_until(moment) + 1)

    def latest_until(self, moment: datetime, *, first: datetime) -> datetime:
        """The last occurrence not later than `moment`, knowing that `first` is one; first <= moment."""
        if self.cron is None:
            return max(first, self._every(self._count_until(moment)))
        for window in (*_WINDOWS, moment - first):  # near the end first: years of minutes are not walked through
            found = self._last_within(max(moment - window, first), moment)
            if found is not None:
                return found
        return first

    def _last_within(self, start: datetime, end: datetime) -> datetime | None:
        """The last occurrence in (start, end]."""
        last, found = None, self.next_after(start)
        while found <= end:
            last, found = found, self.next_after(found)
        return last

    def _every(self, count: int) -> datetime:
        assert self.every_seconds is not None
        return self.start.astimezone(UTC) + count * timedelta(seconds=self.every_seconds)

    def _count_until(self, moment: datetime) -> int:
        """How many occurrences there are until `moment`, that moment included; 0 before the first."""
        assert self.every_seconds is not None
        return max(0, (moment - self.start) // timedelta(seconds=self.every_seconds))
