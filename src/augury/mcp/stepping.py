"""Progress of an operation that an agent called: steps counted, told from its thread, stopped when it is cancelled."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

__all__ = ["AgentProgress"]

Item = TypeVar("Item")


class AgentProgress:
    """Counts steps over everything an operation does, so that the number only grows, as the protocol wants it.

    `tell(steps, text)` is called at most every `every` seconds, and for the first and last step of each part; `check`
    before each step, to raise when nobody waits any more.
    """

    def __init__(
        self,
        tell: Callable[[int, str], None],
        check: Callable[[], None],
        *,
        every: float = 0.2,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tell, self._check, self._every, self._clock = tell, check, every, clock
        self._steps, self._told, self._at = 0, 0, float("-inf")

    def track(self, items: Iterable[Item], label: str, total: int) -> Iterator[Item]:
        """Yield the items, reporting `label` and how many of `total` are done."""
        for done, item in enumerate(items, 1):
            self._check()
            yield item
            self._steps += 1
            self._say(f"{label} {done:,} of {total:,}", last=done == total)

    def _say(self, text: str, *, last: bool) -> None:
        now = self._clock()
        if self._steps > self._told and (last or now - self._at >= self._every):
            self._told, self._at = self._steps, now
            self._tell(self._steps, text)
