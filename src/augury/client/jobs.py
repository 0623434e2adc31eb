"""Background work of the platform, seen from outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from augury.client.async_transport import AsyncTransport
from augury.client.flows import Flows
from augury.client.records import Job, RunResult
from augury.client.running import JobWatcher, cancel_job, show_job, start, wait_for
from augury.client.steps import Flow
from augury.client.transport import Transport
from augury.errors import Refused

__all__ = ["AsyncJobs", "Jobs"]


def _submit(flows: Flows, operation: str, options: Mapping[str, Any], key: str | None) -> Flow[Job]:
    started = yield from start(flows, operation, options, background=True, key=key)
    if isinstance(started, RunResult):
        raise Refused(f"the platform ran {operation} at once instead of as a job")
    return started


def _listed(flows: Flows, state: str, operation: str, limit: int) -> Flow[tuple[Job, ...]]:
    return (yield from flows.listed("/v1/jobs", Job, query={"state": state, "operation": operation}, limit=limit))


class Jobs:
    """Submit, look, wait, cancel."""

    def __init__(self, flows: Flows, transport: Transport) -> None:
        self._flows, self._transport = flows, transport

    def submit(self, operation: str, /, options: Mapping[str, Any] | None = None, *, key: str | None = None) -> Job:
        """Let the platform run an operation in the background; the same `key` gives the same job."""
        return self._transport.walk(_submit(self._flows, operation, options or {}, key))

    def get(self, job_id: str) -> Job:
        """A job as it stands."""
        return self._transport.walk(show_job(self._flows, job_id))

    def list(self, *, state: str = "", operation: str = "", limit: int = 20) -> tuple[Job, ...]:
        """The newest jobs."""
        return self._transport.walk(_listed(self._flows, state, operation, limit))

    def wait(self, job: Job | str, *, progress: JobWatcher | None = None, seconds: float | None = None) -> Job:
        """Wait until a job has ended, however it does; Unavailable when it has not after so many seconds."""
        started = self.get(job) if isinstance(job, str) else job
        return self._transport.walk(wait_for(self._flows, started, progress, seconds))

    def cancel(self, job_id: str, *, reason: str = "") -> Job:
        """Ask a job to stop; it does at its next step."""
        return self._transport.walk(cancel_job(self._flows, job_id, reason))


class AsyncJobs:
    """The twin of Jobs for an event loop."""

    def __init__(self, flows: Flows, transport: AsyncTransport) -> None:
        self._flows, self._transport = flows, transport

    async def submit(
        self, operation: str, /, options: Mapping[str, Any] | None = None, *, key: str | None = None
    ) -> Job:
        """Let the platform run an operation in the background; the same `key` gives the same job."""
        return await self._transport.walk(_submit(self._flows, operation, options or {}, key))

    async def get(self, job_id: str) -> Job:
        """A job as it stands."""
        return await self._transport.walk(show_job(self._flows, job_id))

    async def list(self, *, state: str = "", operation: str = "", limit: int = 20) -> tuple[Job, ...]:
        """The newest jobs."""
        return await self._transport.walk(_listed(self._flows, state, operation, limit))

    async def wait(self, job: Job | str, *, progress: JobWatcher | None = None, seconds: float | None = None) -> Job:
        """Wait until a job has ended, however it does; Unavailable when it has not after so many seconds."""
        started = await self.get(job) if isinstance(job, str) else job
        return await self._transport.walk(wait_for(self._flows, started, progress, seconds))

    async def cancel(self, job_id: str, *, reason: str = "") -> Job:
        """Ask a job to stop; it does at its next step."""
        return await self._transport.walk(cancel_job(self._flows, job_id, reason))
