"""Verbs over background work: list, show, submit, follow, cancel, retry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from augury.operations.operation import option
from augury_server.operations.platform import PlatformOptions, Verb, platform_operation

JobId = Annotated[str, msgspec.Meta(description="The job's id, or at least its first 8 digits.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListJobsOptions(PlatformOptions):
    """Which jobs to list."""

    state: Annotated[
        Literal["queued", "running", "succeeded", "failed", "cancelled"] | None,
        msgspec.Meta(description="Only jobs in this state."),
    ] = option(None)
    operation: Annotated[str | None, msgspec.Meta(description="Only jobs that run this verb.")] = option(None)
    last: Annotated[int, msgspec.Meta(ge=1, le=10_000, description="How many, newest first.")] = option(20)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowJobOptions(PlatformOptions):
    """Which job to show."""

    job: JobId = option(positional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitJobOptions(PlatformOptions):
    """What to run in the background, and how."""

    operation: Annotated[str, msgspec.Meta(description="The verb to run.")] = option(positional=True)
    key: Annotated[str | None, msgspec.Meta(description="Submitting again with the same key gives the same job.")] = (
        option(None)
    )
    delay: Annotated[float, msgspec.Meta(ge=0, description="Seconds to wait before it may start.")] = option(0.0)
    queue: Annotated[str, msgspec.Meta(description="The queue to put it in.")] = option("default")
    attempts: Annotated[
        Annotated[int, msgspec.Meta(ge=1)] | None,
        msgspec.Meta(description="Times it is tried; jobs.max_attempts when left out."),
    ] = option(None)
    timeout: Annotated[
        Annotated[float, msgspec.Meta(gt=0)] | None,
        msgspec.Meta(description="Seconds it may run; jobs.timeout_seconds when left out."),
    ] = option(None)
    option: Annotated[
        tuple[str, ...], msgspec.Meta(description="An option of the verb: name=value; may be repeated.")
    ] = option(())  # last: it hides the function


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelJobOptions(PlatformOptions):
    """Which job to cancel, and why."""

    job: JobId = option(positional=True)
    reason: Annotated[str, msgspec.Meta(description="Why; kept in its history.")] = option("")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryJobOptions(PlatformOptions):
    """Which job to run again."""

    job: JobId = option(positional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitJobOptions(PlatformOptions):
    """Which job to wait for, and how long."""

    job: JobId = option(positional=True)
    seconds: Annotated[
        Annotated[float, msgspec.Meta(gt=0)] | None,
        msgspec.Meta(description="How long to wait; until it ends when left out."),
    ] = option(None)


LIST = platform_operation(
    Verb(
        name="jobs.list",
        summary="Background jobs, newest first.",
        example="augury jobs list --state failed --last 50",
        run="jobs:list_jobs",
    ),
    ListJobsOptions,
)
SHOW = platform_operation(
    Verb(
        name="jobs.show",
        summary="One background job with its options, history and result.",
        example="augury jobs show 1f0c9a52",
        run="jobs:show_job",
    ),
    ShowJobOptions,
)
SUBMIT = platform_operation(
    Verb(
        name="jobs.submit",
        summary="Run a verb in the background.",
        example="augury jobs submit db.retain --key retain-today",
        run="jobs:submit_job",
        role="operator",
        changes_state=True,
    ),
    SubmitJobOptions,
)
CANCEL = platform_operation(
    Verb(
        name="jobs.cancel",
        summary="Cancel a queued job, or ask a running one to stop.",
        example="augury jobs cancel 1f0c9a52 --reason 'wrong symbols'",
        run="jobs:cancel_job",
        role="operator",
        changes_state=True,
    ),
    CancelJobOptions,
)
RETRY = platform_operation(
    Verb(
        name="jobs.retry",
        summary="Queue a failed or cancelled job again.",
        example="augury jobs retry 1f0c9a52",
        run="jobs:retry_job",
        role="operator",
        changes_state=True,
    ),
    RetryJobOptions,
)
WAIT = platform_operation(
    Verb(
        name="jobs.wait",
        summary="Follow a job until it ends.",
        example="augury jobs wait 1f0c9a52",
        run="jobs:wait_for_job",
        long=True,
        local="it waits; follow the job's events, /v1/jobs/{id}/events, instead",
    ),
    WaitJobOptions,
)
