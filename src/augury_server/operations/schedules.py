"""Verbs of work that is done again and again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from augury.operations.operation import option
from augury_server.operations.platform import PlatformOptions, Verb, platform_operation

__all__ = ["AddOptions", "ListOptions", "NameOptions"]

Name = Annotated[str, msgspec.Meta(description="Name of the schedule.", min_length=1, max_length=100)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOptions(PlatformOptions):
    """Which schedules to list."""

    enabled: Annotated[bool, msgspec.Meta(description="Only those that are switched on.")] = option(False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddOptions(PlatformOptions):
    """What to do again and again, and when."""

    name: Name = option(positional=True)
    operation: Annotated[str, msgspec.Meta(description="What to run, such as ingest.bars.")] = option(positional=True)
    cron: Annotated[str, msgspec.Meta(description="When: minute hour day month weekday, or @daily.")] = option("")
    every_seconds: Annotated[
        Annotated[float, msgspec.Meta(ge=1)] | None,
        msgspec.Meta(description="Or how many seconds lie between two runs."),
    ] = option(None)
    time_zone: Annotated[str, msgspec.Meta(description="Whose clock the cron expression means.")] = option("UTC")
    jitter_seconds: Annotated[
        float, msgspec.Meta(ge=0, le=86_400, description="Each run starts up to so much later, to spread the load.")
    ] = option(0.0)
    catch_up: Annotated[
        Literal["once", "skip"],
        msgspec.Meta(description="After a pause: run once for all that was missed, or not at all."),
    ] = option("once")
    queue: Annotated[str, msgspec.Meta(description="Queue that its jobs wait in.")] = option("default")
    max_attempts: Annotated[
        Annotated[int, msgspec.Meta(ge=1)] | None,
        msgspec.Meta(description="Times that a job is tried; the setting's when left out."),
    ] = option(None)
    timeout_seconds: Annotated[
        Annotated[float, msgspec.Meta(gt=0)] | None,
        msgspec.Meta(description="When a job is stopped; the setting's when left out."),
    ] = option(None)
    disabled: Annotated[bool, msgspec.Meta(description="Add it switched off.")] = option(False)
    option: Annotated[
        tuple[str, ...], msgspec.Meta(description="An option of the operation: name=value; may be repeated.")
    ] = option((), short="-o")


@dataclass(frozen=True, slots=True, kw_only=True)
class NameOptions(PlatformOptions):
    """Which schedule."""

    name: Name = option(positional=True)


platform_operation(
    Verb(
        name="schedules.list",
        summary="What is done again and again: when it ran, when it runs next, what went wrong.",
        example="augury schedules list",
        run="schedules:list_schedules",
    ),
    ListOptions,
)
platform_operation(
    Verb(
        name="schedules.add",
        summary="Run an operation again and again, by a cron expression or every so many seconds.",
        example="augury schedules add nightly-doctor doctor --cron '30 2 * * *' --time-zone America/New_York",
        run="schedules:add",
        role="operator",
        changes_state=True,
    ),
    AddOptions,
)
for _verb, _summary in (
    ("remove", "Delete a schedule; jobs that it submitted stay."),
    ("enable", "Switch a schedule on; it goes on with the first occurrence after now."),
    ("disable", "Switch a schedule off; it submits nothing until it is enabled."),
    ("run", "Submit a schedule's operation now, beside its occurrences."),
):
    platform_operation(
        Verb(
            name=f"schedules.{_verb}",
            summary=_summary,
            example=f"augury schedules {_verb} nightly-doctor",
            run=f"schedules:{_verb}",
            role="operator",
            changes_state=True,
        ),
        NameOptions,
    )
