"""The nearest tier: entries in this process, least recently used ones evicted first."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cachetools import TLRUCache

from augury_server.caching.envelope import Header
from augury_server.caching.figures import Figures

__all__ = ["MemoryTier", "NearEntry"]

_OVERHEAD_BYTES = 600
"""What an entry costs beside its payload: header, tags, key, the cache's own links; measured with tracemalloc."""


@dataclass(frozen=True, slots=True)
class NearEntry:
    """An entry in memory: `deadline` is on this process's monotonic clock, so a moved wall clock changes nothing."""

    header: Header
    payload: bytes
    deadline: float


class _Counting(TLRUCache[str, NearEntry]):
    """cachetools' LRU with a time to use for each item, that says when it evicts."""

    evicted: Callable[[], None]

    def popitem(self) -> tuple[str, NearEntry]:
        self.evicted()
        return super().popitem()


class MemoryTier:
    """At most `most_bytes` of payloads with what they cost beside; 0 keeps nothing."""

    def __init__(self, most_bytes: int, figures: Figures, ticks: Callable[[], float] = time.monotonic) -> None:
        self._most = most_bytes
        self._lock = threading.Lock()
        self._items: Any = _Counting(
            maxsize=max(most_bytes, 1), ttu=lambda _key, entry, _now: entry.deadline, timer=ticks, getsizeof=_size
        )
        self._items.evicted = lambda: figures.add("memory.evictions")

    def read(self, key: str) -> NearEntry | None:
        """The entry, or None."""
        with self._lock:
            found: NearEntry | None = self._items.get(key)
            return found

    def write(self, key: str, entry: NearEntry) -> bool:
        """Keep an entry, evicting others for it; False when it is too large for the tier or its time is over."""
        if _size(entry) > self._most:
            return False
        with self._lock:
            self._items[key] = entry
            return key in self._items

    def remove(self, key: str) -> None:
        """Forget an entry."""
        with self._lock:
            self._items.pop(key, None)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._items.clear()

    @property
    def bytes_held(self) -> int:
        """What the entries take, about."""
        with self._lock:
            return int(self._items.currsize)

    def __len__(self) -> int:
        with self._lock:
            return len(self._items)


def _size(entry: NearEntry) -> int:
    return len(entry.payload) + _OVERHEAD_BYTES
