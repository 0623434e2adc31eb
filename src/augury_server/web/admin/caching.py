"""The cache: figures of each process, entries of the database tier, invalidations and leases."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from unfold.decorators import display

from augury_server.caching.figures import merge
from augury_server.caching.models import CacheClock, CacheEntry, CacheLease, CacheStatistics, CacheTag
from augury_server.web.admin.buttons import Button
from augury_server.web.admin.cells import ago, duration_text, figure
from augury_server.web.admin.platform_admin import PlatformAdmin
from augury_server.web.admin.site import site

__all__ = ["CacheClockAdmin", "CacheEntryAdmin", "CacheLeaseAdmin", "CacheStatisticsAdmin", "CacheTagAdmin"]


@admin.register(CacheStatistics, site=site)
class CacheStatisticsAdmin(PlatformAdmin):
    """Hits and misses of each process."""

    section = "Cache"
    icon = "speed"
    buttons = (
        Button(
            operation="cache.invalidate", label="Invalidate", ask=("tag", "prefix", "all"), rows=False, icon="block"
        ),
        Button(operation="cache.warm", label="Warm", ask=("names",), rows=False, icon="local_fire_department"),
    )
    list_display = ("process", "asks", "ratio", "saved", "started", "updated")
    ordering = ("-updated_at",)

    started = ago("started_at", "started")
    updated = ago("updated_at", "updated")

    @display(description="reads")  # type: ignore[untyped-decorator]
    def asks(self, row: CacheStatistics) -> str:
        """How often the cache was asked."""
        return f"{merge([row.figures]).asks:,}"

    @display(description="hit ratio")  # type: ignore[untyped-decorator]
    def ratio(self, row: CacheStatistics) -> str:
        """The share that was answered without computing."""
        ratio = merge([row.figures]).hit_ratio
        return "-" if ratio is None else f"{100 * ratio:.1f} %"

    @display(description="computing saved")  # type: ignore[untyped-decorator]
    def saved(self, row: CacheStatistics) -> str:
        """How long computing what was found would have taken."""
        return duration_text(merge([row.figures]).saved_seconds)


@admin.register(CacheEntry, site=site)
class CacheEntryAdmin(PlatformAdmin):
    """Entries of the database tier."""

    section = "Cache"
    icon = "inventory_2"
    buttons = (
        Button(
            operation="cache.invalidate",
            label="Invalidate all of this name",
            options=lambda row: {"prefix": row.name},
            icon="block",
            variant="warning",
        ),
    )
    list_display = ("key", "name", "bytes", "computed", "expires")
    search_fields = ("name__exact", "key__exact")
    search_help_text = "A name or a key, exactly"
    ordering = ("key",)

    bytes = figure("size", "bytes")
    computed = ago("computed_at", "computed")
    expires = ago("expires_at", "expires")

    def get_queryset(self, request: Any) -> Any:
        """Without the values themselves."""
        return super().get_queryset(request).defer("sealed")


@admin.register(CacheTag, site=site)
class CacheTagAdmin(PlatformAdmin):
    """Tags that were invalidated, newest first."""

    section = "Cache"
    icon = "sell"
    list_display = ("tag", "sequence", "changed")
    search_fields = ("tag__exact",)
    search_help_text = "A tag, exactly"
    ordering = ("-sequence",)

    changed = ago("changed_at", "invalidated")


@admin.register(CacheLease, site=site)
class CacheLeaseAdmin(PlatformAdmin):
    """Who computes a key for all others just now."""

    section = "Cache"
    icon = "hourglass_top"
    list_display = ("key", "holder", "expires")
    ordering = ("key",)

    expires = ago("until", "until")


@admin.register(CacheClock, site=site)
class CacheClockAdmin(PlatformAdmin):
    """The count of invalidations that all processes go by."""

    section = "Cache"
    icon = "timer"
    list_display = ("lineage", "count")

    count = figure("sequence", "invalidations")
