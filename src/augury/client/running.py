"""Operations run on the platform, at once or as jobs that are followed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec

from augury.client.encoding import JSON, decoded, encoded, plain
from augury.client.flows import Flows, name_in_path
from augury.client.records import Job, RunResult
from augury.client.steps import Call, Flow, Pause
from augury.errors import Refused, Unavailable

__all__ = ["JobWatcher", "cancel_job", "run", "show_job", "start", "wait_for"]

JobWatcher: TypeAlias = Callable[[Job], None]

FIRST_LOOK, LONGEST_LOOK = 0.1, 2.0
"""Seconds between looks at a job: soon at first, seldom when it takes long."""

READ_SECONDS, DEADLINE = 600.0, 3600.0
"""An operation that is run at once answers when it is done, which may take longer than a question."""


class _Submitted(msgspec.Struct, frozen=True):
    """What answers for an operation that became a job."""

    job: Job


def _run_result(name: str, result: dict[str, Any], job: Job | None) -> RunResult:
    """A result without its exit code, which stands by itself."""
    code = result.get("exit_code", 0)
    rest = {key: value for key, value in result.items() if key != "exit_code"}
    return RunResult(operation=name, result=rest, job=job, exit_code=code if isinstance(code, int) else 0)


def start(
    flows: Flows, name: str, options: Mapping[str, Any], *, background: bool, key: str | None
) -> Flow[RunResult | Job]:
    """Run an operation there: its result when it is done at once, or the job that does it."""
    headers = {"Content-Type": JSON, "Idempotency-Key": key or flows.means.new_id()}
    if background:
        headers["Prefer"] = "respond-async"
    path = f"/v1/operations/{name_in_path(name, 'an operation')}"
    body = encoded(plain(options))
    reply = yield from flows.send(
        Call(method="POST", path=path, body=body, headers=headers, read_seconds=READ_SECONDS, deadline_seconds=DEADLINE)
    )
    if reply.status != 202:
        return _run_result(name, decoded(reply, dict[str, Any], f"the result of {name}"), None)
    return decoded(reply, _Submitted, "a job").job


def run(flows: Flows, name: str, options: Mapping[str, Any], watch: JobWatcher | None) -> Flow[RunResult]:
    """Run an operation there and wait for its result, telling `watch` how its job gets on.

    Raises the operation's error; what a failed job said is a Refused, a cancelled one too.
    """
    started = yield from start(flows, name, options, background=False, key=None)
    if isinstance(started, RunResult):
        return started
    job = yield from wait_for(flows, started, watch)
    if job.state != "succeeded":
        raise Refused(f"{name} {job.state} as job {job.id}: {job.error or 'no reason was given'}")
    return _run_result(name, job.result if isinstance(job.result, dict) else {"result": job.result}, job)


def show_job(flows: Flows, job_id: str) -> Flow[Job]:
    """A job as it stands."""
    return (yield from flows.fetch(f"/v1/jobs/{name_in_path(job_id, 'a job')}", Job, "a job"))


def cancel_job(flows: Flows, job_id: str, reason: str) -> Flow[Job]:
    """Ask a job to stop."""
    path = f"/v1/jobs/{name_in_path(job_id, 'a job')}/cancel"
    yield from flows.post(path, encoded({"reason": reason}), key=flows.means.new_id())
    return (yield from show_job(flows, job_id))


def wait_for(flows: Flows, job: Job, watch: JobWatcher | None, seconds: float | None = None) -> Flow[Job]:
    """Look at a job until it has ended; Unavailable when it has not after so many seconds. It goes on there."""
    until = None if seconds is None else flows.means.clock() + seconds
    pause = FIRST_LOOK
    while True:
        if watch is not None:
            watch(job)
        if job.ended:
            return job
        if until is not None and flows.means.clock() + pause > until:
            raise Unavailable(f"job {job.id} is still {job.state} after {seconds:g} seconds; it goes on there")
        yield Pause(seconds=pause)
        pause = min(LONGEST_LOOK, pause * 1.5)
        job = yield from show_job(flows, job.id)
