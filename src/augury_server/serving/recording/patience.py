"""How long to leave a database alone that is away."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["Patience"]


class Patience:
    """Waits longer after each failure, from `first` up to `longest` seconds, by a clock that nobody sets."""

    def __init__(self, first: float, longest: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._first, self._longest, self._clock = first, longest, clock
        self._wait = 0.0
        self._until = 0.0

    @property
    def away(self) -> bool:
        """Whether the last attempt failed."""
        return self._wait > 0

    def is_over(self) -> bool:
        """Whether it may be tried now."""
        return not self.away or self._clock() >= self._until

    def failed(self) -> None:
        """Wait longer than last time."""
        self._wait = min(2 * self._wait or self._first, self._longest)
        self._until = self._clock() + self._wait

    def succeeded(self) -> None:
        """No wait any more."""
        self._wait = 0.0
