"""The cache of this process, made from its settings on first use."""

from __future__ import annotations

import atexit
import os
import threading

from augury_server.caching.figures import Figures
from augury_server.caching.layered import Cache
from augury_server.caching.redis_tier import connect
from augury_server.caching.reporting import Reporter
from augury_server.settings.current import current_settings

__all__ = ["cache", "forget_cache", "invalidate_tags", "use_cache"]

_lock = threading.Lock()
_cache: Cache | None = None


def cache() -> Cache:
    """The cache of this process."""
    return _cache if _cache is not None else _make()


def invalidate_tags(*tags: str) -> int:
    """Make every entry with one of the tags invalid, in all tiers and processes; see `Cache.invalidate_tags`."""
    return cache().invalidate_tags(*tags)


def use_cache(made: Cache | None) -> None:
    """Make another one the cache of this process, as tests need; None: make one from the settings when it is needed."""
    global _cache
    _cache = made


def forget_cache() -> None:
    """Make a new one on the next use, as a forked process must: threads, locks and connections are the parent's."""
    global _lock
    _lock = threading.Lock()
    use_cache(None)


def _make() -> Cache:
    with _lock:
        if _cache is None:
            settings = current_settings()
            figures = Figures()
            reporter = Reporter(figures)
            made = Cache(settings.cache, redis=connect(settings.redis), figures=figures, asked=reporter.tick)
            atexit.register(reporter.write)
            use_cache(made)
        assert _cache is not None
        return _cache


os.register_at_fork(after_in_child=forget_cache)
