"""Verbs of the cache: figures, what is kept, invalidation, warming."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec

from augury.errors import InvalidInput
from augury.operations.operation import option
from augury_server.operations.platform import PlatformOptions, Verb, platform_operation

__all__ = ["CacheInvalidateOptions", "CacheShowOptions", "CacheStatsOptions", "CacheWarmOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheStatsOptions(PlatformOptions):
    """Which processes' figures are summed."""

    hours: Annotated[
        float, msgspec.Meta(gt=0, le=24, description="Processes that were active in the last so many.")
    ] = option(24.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheShowOptions(PlatformOptions):
    """Which entries of the database tier are shown."""

    prefix: Annotated[str, msgspec.Meta(description="Only names that begin with this.")] = option("", positional=True)
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000, description="Names shown at most, largest first.")] = option(50)


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheInvalidateOptions(PlatformOptions):
    """What is made invalid: exactly one of these."""

    tag: Annotated[tuple[str, ...], msgspec.Meta(description="Entries with this tag; may be repeated.")] = option(())
    prefix: Annotated[str | None, msgspec.Meta(description="Entries of this name and of names below it.")] = option(
        None
    )
    all: Annotated[bool, msgspec.Meta(description="Every entry.")] = option(False)
    anew: Annotated[
        bool, msgspec.Meta(description="Begin a new count of invalidations, as after restoring a database.")
    ] = option(False)

    def check(self) -> None:
        """Exactly one choice."""
        chosen = [bool(self.tag), self.prefix is not None, self.all, self.anew]
        if sum(chosen) != 1:
            raise InvalidInput("expected exactly one of tag, prefix, all and anew; got " + str(sum(chosen)))


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheWarmOptions(PlatformOptions):
    """Which warmers run."""

    names: Annotated[tuple[str, ...], msgspec.Meta(description="Warmers; all when left out.")] = option(
        (), positional=True
    )


platform_operation(
    Verb(
        name="cache.stats",
        summary="Hits, misses, latency and time saved per tier, summed over all processes.",
        example="augury cache stats --hours 1",
        run="cache:cache_stats",
    ),
    CacheStatsOptions,
)
platform_operation(
    Verb(
        name="cache.show",
        summary="What the database tier holds, by name.",
        example="augury cache show features",
        run="cache:cache_show",
    ),
    CacheShowOptions,
)
platform_operation(
    Verb(
        name="cache.invalidate",
        summary="Make entries invalid in all tiers and processes: by tag, by prefix, or all.",
        example="augury cache invalidate --tag bars:AAPL",
        run="cache:cache_invalidate",
        role="operator",
        changes_state=True,
    ),
    CacheInvalidateOptions,
)
platform_operation(
    Verb(
        name="cache.warm",
        summary="Compute what will be asked for, before it is.",
        example="augury cache warm",
        run="cache:cache_warm",
        role="operator",
        changes_state=True,
        long=True,
    ),
    CacheWarmOptions,
)
