"""The cache's verbs at work."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Count, Max, Min, Sum

from augury.operations.operation import Progress
from augury_server.caching.current import cache
from augury_server.caching.figures import CacheFigures, TierFigures
from augury_server.caching.invalidations import new_lineage
from augury_server.caching.models import CacheEntry
from augury_server.caching.reporting import statistics
from augury_server.caching.warming import Warmed, warm, warmers
from augury_server.operations.cache import (
    CacheInvalidateOptions,
    CacheShowOptions,
    CacheStatsOptions,
    CacheWarmOptions,
)
from augury_server.operations.table import Table

__all__ = ["cache_invalidate", "cache_show", "cache_stats", "cache_warm"]

_TIER_COLUMNS = (
    "tier", "hits", "misses", "hit_ratio", "outdated", "corrupt", "errors", "writes", "evictions", "bytes_read",
    "bytes_written", "p50_us", "p95_us",
)  # fmt: skip


def cache_stats(spec: CacheStatsOptions, progress: Progress) -> Table:  # noqa: ARG001
    """The figures of all processes."""
    found = statistics(since=timedelta(hours=spec.hours))
    notes = [] if found.processes else ["no process has written figures yet; each does every quarter of a minute"]
    return Table(
        title="Cache",
        facts=_facts(found),
        columns=_TIER_COLUMNS,
        rows=tuple(tuple(_cell(tier, column) for column in _TIER_COLUMNS) for tier in found.tiers),
        notes=tuple(notes),
    )


def cache_show(spec: CacheShowOptions, progress: Progress) -> Table:  # noqa: ARG001
    """Entries of the database tier by name, the largest first."""
    rows = CacheEntry.objects.filter(name__startswith=spec.prefix) if spec.prefix else CacheEntry.objects.all()
    names = (
        rows.values_list("name")
        .annotate(count=Count("key"), total=Sum("size"), oldest=Min("computed_at"), last=Max("expires_at"))
        .order_by("-total", "name")[: spec.limit]
    )
    return Table(
        title="Entries in the database",
        columns=("name", "entries", "bytes", "oldest", "last_expires"),
        rows=tuple(
            (name, count, total, oldest.isoformat(timespec="seconds"), last.isoformat(timespec="seconds"))
            for name, count, total, oldest, last in names
        ),
    )


def cache_invalidate(spec: CacheInvalidateOptions, progress: Progress) -> Table:  # noqa: ARG001
    """Invalidate what was chosen."""
    if spec.anew:
        return Table(title="The cache begins anew", facts={"count": new_lineage()})
    if spec.tag:
        number = cache().invalidate_tags(*spec.tag)
    elif spec.prefix is not None:
        number = cache().invalidate_name(spec.prefix)
    else:
        number = cache().invalidate_all()
    return Table(title="Invalidated", facts={"invalidation": number})


def cache_warm(spec: CacheWarmOptions, progress: Progress) -> Table:
    """Run the warmers one by one."""
    names = spec.names or warmers()
    done: list[Warmed] = []
    for name in progress.track(names, "warming", len(names)):
        done.extend(warm((name,)))
    failed = sum(bool(one.error) for one in done)
    return Table(
        title="Warmed",
        columns=("warmer", "asks", "computed", "seconds", "error"),
        rows=tuple((one.name, one.asks, one.computed, one.seconds, one.error) for one in done),
        notes=() if names else ("no warmer is registered in this process",),
        exit_code=1 if failed else 0,
    )


def _facts(found: CacheFigures) -> dict[str, object]:
    names = (
        "processes", "asks", "computed", "saved_seconds", "computing_seconds", "waits", "waited_seconds", "gave_up",
        "failed", "fenced", "late", "unverified", "invalidations",
    )  # fmt: skip
    return {"hit_ratio": found.hit_ratio, **{name: getattr(found, name) for name in names}}


def _cell(tier: TierFigures, column: str) -> object:
    return getattr(tier, column)
