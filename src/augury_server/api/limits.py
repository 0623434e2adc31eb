"""Rate limits: a token bucket for each key and each anonymous address, in memory; and what the headers say of it."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Buckets", "Verdict", "address_group"]

_MOST_BUCKETS = 20_000


@dataclass(slots=True)
class Verdict:
    """What a bucket says: `remaining` requests at once, `reset` seconds until it is full, `wait` until one more."""

    allowed: bool
    limit: int
    remaining: int
    reset: int
    wait: int = 0


class Buckets:
    """Token buckets of one size by name: `per_minute` at once, and so many a minute on average.

    At most 20,000 are held: those that are full again are forgotten first, then the ones that were not used for
    longest. `clock` gives seconds and never runs backwards.
    """

    __slots__ = ("_at", "_clock", "_left", "_most", "_rate", "limit")

    def __init__(
        self, per_minute: int, *, clock: Callable[[], float] = time.monotonic, most: int = _MOST_BUCKETS
    ) -> None:
        self.limit = per_minute
        self._rate = per_minute / 60.0
        self._clock = clock
        self._most = most
        self._left: dict[str, float] = {}
        self._at: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._left)

    def take(self, name: str) -> Verdict:
        """Take one token of a bucket, if there is one."""
        now, limit = self._clock(), self.limit
        at = self._at.get(name)
        if at is None:
            if len(self._left) >= self._most:
                self._forget(now)
            left = float(limit)
        else:
            left = self._left[name] + (now - at) * self._rate
            if left > limit:
                left = float(limit)
        self._at[name] = now
        if left < 1.0:
            self._left[name] = left
            wait = int((1.0 - left) / self._rate) + 1
            return Verdict(False, limit, 0, int((limit - left) / self._rate) + 1, wait)
        left -= 1.0
        self._left[name] = left
        return Verdict(True, limit, int(left), int((limit - left) / self._rate) + 1)

    def _forget(self, now: float) -> None:
        for name, at in list(self._at.items()):
            if self._left[name] + (now - at) * self._rate >= self.limit:
                del self._left[name], self._at[name]
        if len(self._left) >= self._most:
            oldest = sorted(self._at, key=self._at.__getitem__)[: self._most // 4 + 1]
            for name in oldest:
                del self._left[name], self._at[name]


def address_group(address: str) -> str:
    """The name of an address's bucket: itself, or for IPv6 its /64, of which one machine holds all."""
    if ":" not in address:
        return address
    try:
        return str(ipaddress.ip_network((address.partition("%")[0], 64), strict=False))
    except ValueError:
        return address
