"""A layered cache: memory, Redis, database; keys made of versions and watermark, invalidation for all processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.lazy import lazy_exports

if TYPE_CHECKING:
    from augury_server.caching.current import cache, invalidate_tags
    from augury_server.caching.decorating import cached
    from augury_server.caching.keys import Key, key_of
    from augury_server.caching.layered import Cache, Clocks
    from augury_server.caching.reporting import statistics
    from augury_server.caching.values import storable
    from augury_server.caching.warming import register_warmer, warm

__all__ = [
    "Cache",
    "Clocks",
    "Key",
    "cache",
    "cached",
    "invalidate_tags",
    "key_of",
    "register_warmer",
    "statistics",
    "storable",
    "warm",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "Cache": "augury_server.caching.layered",
        "Clocks": "augury_server.caching.layered",
        "Key": "augury_server.caching.keys",
        "cache": "augury_server.caching.current",
        "cached": "augury_server.caching.decorating",
        "invalidate_tags": "augury_server.caching.current",
        "key_of": "augury_server.caching.keys",
        "register_warmer": "augury_server.caching.warming",
        "statistics": "augury_server.caching.reporting",
        "storable": "augury_server.caching.values",
        "warm": "augury_server.caching.warming",
    },
)
