"""Verbs of experiments between two versions of a model: start, stop, list, show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from augury.operations.operation import option
from augury_server.operations.platform import PlatformOptions, Verb, platform_operation

__all__ = ["ListExperimentsOptions", "ShowExperimentOptions", "StartOptions", "StopOptions"]

Name = Annotated[str, msgspec.Meta(description="The experiment's name.")]
Reason = Annotated[str, msgspec.Meta(description="Why; it is kept with the experiment.")]
DryRun = Annotated[bool, msgspec.Meta(description="Show what would be done and do nothing.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class StartOptions(PlatformOptions):
    """Options of `experiments.start`."""

    name: Name = option(positional=True)
    model: Annotated[str, msgspec.Meta(description="The model's name.")] = option(positional=True)
    treatment: Annotated[str, msgspec.Meta(description="The version that is tried: a number, latest or an alias.")] = (
        option(positional=True)
    )
    control: Annotated[
        str, msgspec.Meta(description="The version that it is compared with, which must be the champion.")
    ] = option("champion")
    mode: Annotated[
        Literal["split", "shadow"],
        msgspec.Meta(description="split: each unit is answered by one of both; shadow: all by the control, both run."),
    ] = option("split")
    unit: Annotated[
        Literal["symbol", "symbol_day"],
        msgspec.Meta(description="What is assigned as one: a symbol, or a symbol's day (UTC)."),
    ] = option("symbol")
    share: Annotated[
        float | None, msgspec.Meta(description="Split: fraction of units that the treatment answers; 0.5 if left out.")
    ] = option(None)
    days: Annotated[float, msgspec.Meta(gt=0, le=366, description="Planned length; it ends by itself then.")] = option(
        7.0
    )
    reason: Reason = option()
    dry_run: DryRun = option(False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StopOptions(PlatformOptions):
    """Options of `experiments.stop`."""

    name: Name = option(positional=True)
    reason: Reason = option()
    dry_run: DryRun = option(False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListExperimentsOptions(PlatformOptions):
    """Options of `experiments.list`."""

    model: Annotated[str | None, msgspec.Meta(description="Only those of this model.")] = option(None)
    state: Annotated[Literal["running", "stopped"] | None, msgspec.Meta(description="Only those in this state.")] = (
        option(None)
    )
    before: Annotated[int | None, msgspec.Meta(description="Only those older than this number, for the next page.")] = (
        option(None)
    )
    limit: Annotated[int, msgspec.Meta(ge=1, le=10_000, description="Most experiments that are listed.")] = option(50)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowExperimentOptions(PlatformOptions):
    """Options of `experiments.show`."""

    name: Name = option(positional=True)


platform_operation(
    Verb(
        name="experiments.start",
        summary="Start an experiment: the champion against another version, by a sticky split or in its shadow.",
        example='augury experiments start deeper-trees trend 2 --share 0.2 --reason "deeper trees, fewer of them"',
        run="experiments:start_experiment",
        role="operator",
        changes_state=True,
    ),
    StartOptions,
)
platform_operation(
    Verb(
        name="experiments.stop",
        summary="Stop an experiment: the champion answers everything again; what was recorded stays.",
        example='augury experiments stop deeper-trees --reason "enough seen"',
        run="experiments:stop_experiment",
        role="operator",
        changes_state=True,
    ),
    StopOptions,
)
platform_operation(
    Verb(
        name="experiments.list",
        summary="List experiments, newest first, with how each stands.",
        example="augury experiments list --model trend",
        run="experiments:list_newest",
    ),
    ListExperimentsOptions,
)
platform_operation(
    Verb(
        name="experiments.show",
        summary="Show one experiment: its plan, who started and stopped it and why, how many predictions it has.",
        example="augury experiments show deeper-trees",
        run="experiments:show",
    ),
    ShowExperimentOptions,
)
