"""Verbs of the processes that do the work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec

from augury.errors import InvalidInput
from augury.operations.operation import option
from augury_server.operations.platform import PlatformOptions, Verb, platform_operation

__all__ = ["ListOptions", "PingOptions", "QueuesOptions", "ScaleOptions", "ScalingOptions"]

Queue = Annotated[str, msgspec.Meta(description="The queue whose workers are meant.", min_length=1, max_length=40)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOptions(PlatformOptions):
    """Which workers to list."""

    all: Annotated[bool, msgspec.Meta(description="Those that have stopped or were lost as well.")] = option(False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PingOptions(PlatformOptions):
    """How to ask."""

    timeout_seconds: Annotated[float, msgspec.Meta(gt=0, le=60, description="How long to wait for replies.")] = option(
        1.0
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuesOptions(PlatformOptions):
    """Options of `workers queues`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingOptions(PlatformOptions):
    """Which changes to list."""

    last: Annotated[int, msgspec.Meta(ge=1, le=10_000, description="How many, newest first.")] = option(50)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleOptions(PlatformOptions):
    """Between how many workers the supervisor may choose."""

    fewest: Annotated[
        Annotated[int, msgspec.Meta(ge=1, le=256)] | None, msgspec.Meta(description="Fewest workers of a machine.")
    ] = option(None)
    most: Annotated[
        Annotated[int, msgspec.Meta(ge=1, le=256)] | None, msgspec.Meta(description="Most workers of a machine.")
    ] = option(None)
    reset: Annotated[bool, msgspec.Meta(description="Go back to the bounds of the settings.")] = option(False)
    queue: Queue = option("default")

    def check(self) -> None:
        """Bounds or a reset, not both."""
        if self.reset == (self.fewest is not None or self.most is not None):
            raise InvalidInput("give --fewest, --most or both, or --reset alone")


platform_operation(
    Verb(
        name="workers.list",
        summary="Workers that run: since when, how many jobs at once, what each is doing.",
        example="augury workers list --all",
        run="workers:show_workers",
    ),
    ListOptions,
)
platform_operation(
    Verb(
        name="workers.ping",
        summary="Ask every worker whether it is there.",
        example="augury workers ping --timeout-seconds 2",
        run="workers:ping",
    ),
    PingOptions,
)
platform_operation(
    Verb(
        name="workers.queues",
        summary="What waits: due, later and running jobs of each queue, and the broker's messages.",
        example="augury workers queues",
        run="workers:show_queues",
    ),
    QueuesOptions,
)
platform_operation(
    Verb(
        name="workers.scaling",
        summary="How the number of worker processes changed, and why.",
        example="augury workers scaling --last 20",
        run="workers:show_scaling",
    ),
    ScalingOptions,
)
platform_operation(
    Verb(
        name="workers.scale",
        summary="Set between how many workers the supervisor may choose; running supervisors heed it at once.",
        example="augury workers scale --fewest 2 --most 8",
        run="workers:scale",
        role="operator",
        changes_state=True,
    ),
    ScaleOptions,
)
