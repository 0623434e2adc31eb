"""The cache's figures in one process: counts and times per tier, mergeable over processes."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["TIERS", "CacheFigures", "Figures", "TierFigures", "merge"]

TIERS = ("memory", "redis", "database")
_BUCKETS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class TierFigures:
    """What one tier did. Latencies are of reads, in microseconds, right to a factor of the square root of two.

    `outdated` were found but too old or invalidated; `corrupt` were found damaged; both count as misses too.
    """

    tier: str
    hits: int
    misses: int
    outdated: int
    corrupt: int
    errors: int
    writes: int
    evictions: int
    bytes_read: int
    bytes_written: int
    p50_us: float | None
    p95_us: float | None

    @property
    def hit_ratio(self) -> float | None:
        """Hits as a fraction of reads; None when there were none."""
        reads = self.hits + self.misses
        return self.hits / reads if reads else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheFigures:
    """What the cache did, in one process or summed over `processes`.

    `asks` are calls; `computed` of them computed. `waits` are calls that waited for somebody else's computation and
    `gave_up` those that then computed themselves. `fenced` values were not stored because of an invalidation during
    their computation, `late` ones because they took longer than they live, `unverified` asks could not learn of
    invalidations and computed. `saved_seconds` is what the hits' values had cost to compute.
    """

    processes: int
    asks: int
    computed: int
    computing_seconds: float
    saved_seconds: float
    waits: int
    waited_seconds: float
    gave_up: int
    failed: int
    fenced: int
    late: int
    unverified: int
    invalidations: int
    tiers: tuple[TierFigures, ...]

    @property
    def hit_ratio(self) -> float | None:
        """The fraction of asks that were answered without computing; None when there were none."""
        return 1 - self.computed / self.asks if self.asks else None


@dataclass(slots=True)
class Figures:
    """Counters that many threads add to; `plain` is JSON-ready and `merge` sums such."""

    counts: Counter[str] = field(default_factory=Counter)
    latencies: dict[str, list[int]] = field(default_factory=lambda: {tier: [0] * _BUCKETS for tier in TIERS})
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, name: str, count: float = 1) -> None:
        """Add to one counter."""
        with self._lock:
            self.counts[name] += count  # type: ignore[assignment]  # seconds are counted too

    def hit(self, tier: str, size: int, saved_seconds: float, nanoseconds: int) -> None:
        """Count a value found in a tier, and how long that took."""
        with self._lock:
            counts = self.counts
            counts[tier + ".hits"] += 1
            counts[tier + ".bytes_read"] += size
            counts["saved_seconds"] += saved_seconds  # type: ignore[assignment]
            self.latencies[tier][min(nanoseconds.bit_length(), _BUCKETS - 1)] += 1

    def missed(self, tier: str, nanoseconds: int) -> None:
        """Count a read of a tier that found nothing."""
        with self._lock:
            self.counts[tier + ".misses"] += 1
            self.latencies[tier][min(nanoseconds.bit_length(), _BUCKETS - 1)] += 1

    def plain(self) -> dict[str, Any]:
        """The counters as JSON has them."""
        with self._lock:
            return {"counts": dict(self.counts), "latencies": {tier: list(row) for tier, row in self.latencies.items()}}


def merge(parts: Iterable[Mapping[str, Any]]) -> CacheFigures:
    """The sum of what `Figures.plain` returned in several processes."""
    counts: Counter[str] = Counter()
    latencies = {tier: [0] * _BUCKETS for tier in TIERS}
    processes = 0
    for part in parts:
        processes += 1
        counts.update(part["counts"])
        for tier in TIERS:
            latencies[tier] = [a + b for a, b in zip(latencies[tier], part["latencies"][tier], strict=True)]
    whole = ("asks", "computed", "waits", "gave_up", "failed", "fenced", "late", "unverified", "invalidations")
    seconds = ("computing_seconds", "saved_seconds", "waited_seconds")
    values: dict[str, Any] = {name: int(counts[name]) for name in whole}
    values |= {name: float(counts[name]) for name in seconds}
    tiers = tuple(_tier(tier, counts, latencies[tier]) for tier in TIERS)
    return CacheFigures(processes=processes, tiers=tiers, **values)


def _tier(tier: str, counts: Counter[str], latencies: list[int]) -> TierFigures:
    names = ("hits", "misses", "outdated", "corrupt", "errors", "writes", "evictions", "bytes_read", "bytes_written")
    p50, p95 = (_quantile(latencies, fraction) for fraction in (0.5, 0.95))
    return TierFigures(tier=tier, p50_us=p50, p95_us=p95, **{name: int(counts[f"{tier}.{name}"]) for name in names})


def _quantile(buckets: list[int], fraction: float) -> float | None:
    """The geometric middle of the bucket that holds the quantile, in microseconds."""
    wanted, below = fraction * sum(buckets), 0
    for place, count in enumerate(buckets):
        below += count
        if count and below >= wanted:
            return float(2 ** (place - 0.5) / 1000)
    return None
