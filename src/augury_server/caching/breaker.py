"""A circuit breaker: something that is away is asked now and then, not by every call.

Kept libraries were weighed first: pybreaker holds one lock around every guarded call, so that threads would queue for
Redis one by one, and goes by the wall clock; purgatory lets every caller try when it is half open. Both guard
whole functions and count failures; here one failure is enough and one caller tries.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

__all__ = ["Breaker"]


class Breaker:
    """Closed while all goes well; open for `first_seconds` after a failure, twice as long after each further one.

    When the pause is over, one caller may try and the others still wait: a trial that stalls costs one caller, once per
    pause. `ticks` is a monotonic clock in seconds.
    """

    def __init__(
        self, *, first_seconds: float = 0.5, longest_seconds: float = 8.0, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self._first, self._longest, self._ticks = first_seconds, longest_seconds, ticks
        self._lock = threading.Lock()
        self._pause = 0.0
        self._retry_at = 0.0

    @property
    def closed(self) -> bool:
        """Whether the last try went well."""
        return self._pause == 0.0

    def allows(self) -> bool:
        """Whether the caller may try now; it then owes `succeeded` or `failed`."""
        if self._pause == 0.0:
            return True
        with self._lock:
            now = self._ticks()
            if self._pause and now < self._retry_at:
                return False
            self._retry_at = now + self._pause
            return True

    def succeeded(self) -> None:
        """It answered."""
        if self._pause:
            with self._lock:
                self._pause = 0.0

    def failed(self) -> None:
        """It did not answer."""
        with self._lock:
            self._pause = min(2 * self._pause or self._first, self._longest)
            self._retry_at = self._ticks() + self._pause
