"""What the cache's tables can do without: expired entries, leases that ran out, invalidations of no more use."""

from __future__ import annotations

from augury_server.caching.models import CacheEntry, CacheLease, CacheStatistics, CacheTag
from augury_server.database.retention import Retention, register_retention

__all__ = ["RULES"]

RULES = (
    Retention(name="cache.entries", model=CacheEntry, time_field="expires_at", setting="cache.expired_days"),
    Retention(name="cache.figures", model=CacheStatistics, time_field="updated_at", setting="cache.expired_days"),
    Retention(name="cache.leases", model=CacheLease, time_field="until", setting="cache.expired_days"),
    Retention(name="cache.tags", model=CacheTag, time_field="changed_at", setting="cache.invalidations_days"),
)
"""An invalidation is kept for longer than any entry lives: when it is forgotten, nothing from before it is left."""

for _rule in RULES:
    register_retention(_rule)
