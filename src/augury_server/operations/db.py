"""`augury db`: the tables' version, what the engine says of them, and rows that have been kept long enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec

from augury.operations.operation import option
from augury_server.operations.platform import PlatformOptions, Verb, platform_operation

__all__ = ["AnalyzeOptions", "MigrateOptions", "RetainOptions", "StatusOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrateOptions(PlatformOptions):
    """Options of `db migrate`."""

    dry_run: Annotated[bool, msgspec.Meta(description="Say what would be applied, and apply nothing.")] = option(False)
    timeout: Annotated[float, msgspec.Meta(gt=0, description="Seconds to wait for another process that migrates.")] = (
        option(600.0)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusOptions(PlatformOptions):
    """Options of `db status`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyzeOptions(PlatformOptions):
    """Options of `db analyze`."""

    refresh: Annotated[bool, msgspec.Meta(description="Take the planner's statistics anew first.")] = option(False)
    slow: Annotated[int, msgspec.Meta(ge=0, le=1000, description="How many slow statements to show.")] = option(10)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetainOptions(PlatformOptions):
    """Options of `db retain`."""

    dry_run: Annotated[bool, msgspec.Meta(description="Count what would go, and delete nothing.")] = option(False)
    only: Annotated[str | None, msgspec.Meta(description="One rule, by its name; all when left out.")] = option(None)
    batch: Annotated[int, msgspec.Meta(ge=1, le=100_000, description="Rows deleted in one transaction.")] = option(
        1_000
    )


platform_operation(
    Verb(
        name="db.migrate",
        summary="Bring the tables to this version; of several at once one does the work.",
        example="augury db migrate --dry-run",
        run="db:migrate_database",
        role="administrator",
        changes_state=True,
    ),
    MigrateOptions,
)
platform_operation(
    Verb(
        name="db.status",
        summary="Show engine, size, connections and whether the tables are of this version.",
        example="augury db status --json",
        run="db:show_status",
    ),
    StatusOptions,
)
platform_operation(
    Verb(
        name="db.analyze",
        summary="Advise from the planner's statistics, indexes, slow statements and the plans of every list.",
        example="augury db analyze --refresh",
        run="db:analyze",
        role="operator",
    ),
    AnalyzeOptions,
)
platform_operation(
    Verb(
        name="db.retain",
        summary="Delete rows that were kept as long as the settings say, in small steps.",
        example="augury db retain --dry-run",
        run="db:retain",
        role="operator",
        changes_state=True,
        long=True,
    ),
    RetainOptions,
)
