"""What the verbs over background work do."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, get_type_hints

import msgspec

from augury.errors import InvalidInput, Unavailable, nearest
from augury.operations.operation import Operation, Progress
from augury_server.accounts.actor import current_actor
from augury_server.jobs.cancel import cancel
from augury_server.jobs.find import find_job
from augury_server.jobs.models import Job, State
from augury_server.jobs.operations import runnable_operation
from augury_server.jobs.results import result_of
from augury_server.jobs.retry import retry
from augury_server.jobs.submit import Terms, submit
from augury_server.jobs.workers.roster import list_workers
from augury_server.operations.platform import PLATFORM_OPTIONS
from augury_server.operations.running.workers import NO_WORKER
from augury_server.operations.table import Table

if TYPE_CHECKING:
    from augury_server.operations.jobs import (
        CancelJobOptions,
        ListJobsOptions,
        RetryJobOptions,
        ShowJobOptions,
        SubmitJobOptions,
        WaitJobOptions,
    )

__all__ = [
    "cancel_job",
    "given_options",
    "list_jobs",
    "read_options",
    "retry_job",
    "show_job",
    "submit_job",
    "wait_for_job",
]

POLL_SECONDS = 0.25
COLUMNS = ("id", "operation", "state", "progress", "attempts", "by", "queue", "created", "started", "ended", "error")


def list_jobs(spec: ListJobsOptions, progress: Progress) -> Table:  # noqa: ARG001 - the contract of a verb
    """Jobs, newest first."""
    jobs = Job.objects.order_by("-created_at").defer("result", "result_packed", "options")
    if spec.state is not None:
        jobs = jobs.filter(state=spec.state)
    if spec.operation is not None:
        jobs = jobs.filter(operation=spec.operation)
    rows = tuple(
        (
            str(job.pk), job.operation, job.state, f"{job.progress:.0%}", _tries(job),
            job.by,
            job.queue, _time(job.created_at), _time(job.started_at), _time(job.ended_at), job.error[:200],
        )
        for job in jobs[: spec.last]
    )  # fmt: skip
    return Table(title="Jobs, newest first", columns=COLUMNS, rows=rows)


def show_job(spec: ShowJobOptions, progress: Progress) -> Table:  # noqa: ARG001 - the contract of a verb
    """One job with its history."""
    return _shown(find_job(spec.job))


def submit_job(spec: SubmitJobOptions, progress: Progress) -> Table:  # noqa: ARG001 - the contract of a verb
    """Queue a verb."""
    entry = runnable_operation(spec.operation)
    terms = Terms(
        run_at=datetime.now(UTC) + timedelta(seconds=spec.delay) if spec.delay else None,
        queue=spec.queue,
        max_attempts=spec.attempts,
        timeout_seconds=spec.timeout,
    )
    options = read_options(entry, spec.option)
    return _shown(submit(spec.operation, options, by=current_actor(), key=spec.key, terms=terms))


def cancel_job(spec: CancelJobOptions, progress: Progress) -> Table:  # noqa: ARG001 - the contract of a verb
    """Cancel a job."""
    return _shown(cancel(spec.job, by=current_actor(), reason=spec.reason))


def retry_job(spec: RetryJobOptions, progress: Progress) -> Table:  # noqa: ARG001 - the contract of a verb
    """Queue a job again."""
    return _shown(retry(spec.job, by=current_actor()))


def wait_for_job(spec: WaitJobOptions, progress: Progress) -> Table:
    """Show a job's progress until it ends. Raises Unavailable when it takes longer than asked."""
    job = find_job(spec.job)
    idle = "" if job.ended or _attended() else f" ({NO_WORKER})"
    for _ in progress.track(_percents(job, spec.seconds), job.operation + idle, 100):
        pass
    job = find_job(job.pk)
    return replace(_shown(job), exit_code=0 if job.state == State.SUCCEEDED else 1)


def _percents(job: Job, seconds: float | None) -> Iterator[int]:
    """Yield once for every percent that the job gets further, until it ends."""
    until = None if seconds is None else time.monotonic() + seconds
    shown = 0
    while not job.ended:
        if until is not None and time.monotonic() > until:
            advice = "wait again, or cancel it" if _attended() else NO_WORKER
            raise Unavailable(f"job {job.pk} is still {job.state} after {seconds:,g} s; {advice}")
        time.sleep(POLL_SECONDS)
        job.refresh_from_db(fields=["state", "progress"])
        yield from range(shown, int(100 * job.progress))
        shown = max(shown, int(100 * job.progress))


def _attended() -> bool:
    return any(worker.alive for worker in list_workers())


def _shown(job: Job) -> Table:
    facts = {
        "id": str(job.pk), "operation": job.operation, "state": job.state, "progress": f"{job.progress:.0%}",
        "step": job.progress_text, "options": given_options(job.options), "attempts": _tries(job),
        "queue": job.queue, "by": job.by, "key": job.key, "worker": job.worker, "created": _time(job.created_at),
        "due": _time(job.run_at), "started": _time(job.started_at), "heartbeat": _time(job.heartbeat_at),
        "ended": _time(job.ended_at), "timeout_seconds": job.timeout_seconds, "error": job.error,
        "result": result_of(job),
    }  # fmt: skip
    if job.cancel_requested:
        facts["cancel"] = "asked for"
    history = tuple(
        (_time(event.at), event.event, event.attempt, event.by, event.worker, event.text) for event in job.events.all()
    )
    return Table(
        title=f"Job {job.pk}", columns=("at", "event", "attempt", "by", "worker", "text"), rows=history, facts=facts
    )


def given_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a job or a schedule without those of the command line, which mean nothing to it."""
    return {name: value for name, value in options.items() if name not in PLATFORM_OPTIONS}


def _tries(job: Job) -> str:
    return f"{job.attempts} of {job.max_attempts}"


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def read_options(entry: Operation, given: tuple[str, ...]) -> dict[str, Any]:
    """Options written as name=value, each read as its field's type wants it; a name given again makes a list."""
    hints = get_type_hints(entry.spec_type, include_extras=True)
    known = {item.name: hints[item.name] for item in fields(entry.spec_type) if item.name not in PLATFORM_OPTIONS}
    texts: dict[str, list[str]] = {}
    for text in given:
        name, equals, value = text.partition("=")
        name = name.strip().lstrip("-").replace("-", "_")
        if not equals:
            raise InvalidInput(f"expected name=value, got {text!r}")
        if name not in known:
            raise InvalidInput(f"{entry.name} has no option {name!r}; {nearest(name, known)}")
        texts.setdefault(name, []).append(value)
    return {name: _read_value(values, known[name]) for name, values in texts.items()}


def _read_value(texts: list[str], kind: Any) -> Any:
    """The first reading of the texts that the type accepts; the last text itself when none is."""
    readings: list[Any] = [_json(texts[-1]), texts[-1]] if len(texts) == 1 else []
    readings += [[_json(text) for text in texts], texts, [part.strip() for text in texts for part in text.split(",")]]
    for reading in readings:
        try:
            msgspec.convert(reading, kind)
        except (msgspec.ValidationError, TypeError):
            continue
        return reading
    return texts[-1]


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
