"""The platform's operations as tools for an agent that calls over HTTP: by the role of its key, confined as REST is."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from augury.errors import Refused
from augury.mcp.serving import Report, ToolAnswer
from augury.mcp.tools import ToolFacts, offered_operations, tool_facts, wanted_operation
from augury.operations.operation import Operation, Role
from augury.operations.registry import operations
from augury_server.accounts.keyring import Principal
from augury_server.api.job_views import JobView, job_view
from augury_server.api.remote_files import without_folder
from augury_server.api.running_operations import Call, allowed_operation, plain_result, run_call
from augury_server.api.schemas import options_schema
from augury_server.api.security import principal_of
from augury_server.api.work_threads import in_database, run_work
from augury_server.database.explaining import explained
from augury_server.jobs.find import find_job
from augury_server.jobs.models import Job

__all__ = ["WAIT_SECONDS", "AgentTools"]

WAIT_SECONDS = 45.0
"""So long is a job waited for; then the agent gets the job, which goes on, and looks at it later."""

_LOOK_SECONDS = 0.25


class AgentTools:
    """What the key of a request may call. Everything is run, refused and recorded as under /v1/operations."""

    def __init__(self, wait_seconds: float = WAIT_SECONDS) -> None:
        self._wait_seconds = wait_seconds

    async def tools(self, request: Any) -> Sequence[ToolFacts]:
        """The tools, by name."""
        role = principal_of(request.scope).role
        return _described(role)

    async def call(self, request: Any, name: str, arguments: Mapping[str, Any], report: Report) -> ToolAnswer:
        """Run an operation as the key's owner; a long one as a job, whose progress is told."""
        principal = principal_of(request.scope)
        entry = await in_database(_wanted, name, principal)
        call = Call(principal=principal, entry=entry, options=arguments)
        done = await run_work(entry.name, principal.key_id, partial(_answer, call))
        if isinstance(done, ToolAnswer):
            return done
        return await self._followed(entry, done, report)

    async def _followed(self, entry: Operation, job: JobView, report: Report) -> ToolAnswer:
        """The result of a job, or the job itself when it takes longer than an agent waits."""
        until = asyncio.get_running_loop().time() + self._wait_seconds
        told = 0.0
        while job.state in ("queued", "running"):
            if asyncio.get_running_loop().time() >= until:
                return ToolAnswer(title=f"{entry.words} goes on as job {job.id}", result=_going_on(job))
            await asyncio.sleep(_LOOK_SECONDS)
            job = await in_database(_shown, job.id)
            if job.progress > told:
                told = job.progress
                await report(told, job.step or job.state)
        if job.state != "succeeded":
            raise Refused(f"{entry.words} {job.state} as job {job.id}: {job.error or 'no reason was given'}")
        result = job.result if isinstance(job.result, dict) else {"result": job.result}
        return ToolAnswer(title=f"{entry.words}, job {job.id}", result=result)


def _described(role: Role) -> list[ToolFacts]:
    offered = sorted(offered_operations(role, remote=True).items())
    return [tool_facts(entry, role, options_schema(entry)) for _, entry in offered]


def _wanted(name: str, principal: Principal) -> Operation:
    """The operation of a tool; a role that is too low is recorded, as everywhere over the network."""
    for entry in operations().values():
        if entry.name.replace(".", "_").replace("-", "_") == name:
            return allowed_operation(entry.name, principal)
    return wanted_operation(name, principal.role, remote=True)


def _answer(call: Call) -> ToolAnswer | JobView:
    done = run_call(call)
    if isinstance(done, Job):
        return job_view(done, whole=True)
    plain = plain_result(done)
    code = plain.pop("exit_code", 0)
    title = without_folder(str(getattr(done, "title", call.entry.words)))
    return ToolAnswer(title=title, result=plain, exit_code=code)


def _shown(job_id: UUID) -> JobView:
    with explained("show a job"):
        return job_view(find_job(job_id), whole=True)


def _going_on(job: JobView) -> dict[str, Any]:
    shown = {"job": str(job.id), "operation": job.operation, "state": job.state, "progress": job.progress}
    return {**shown, "step": job.step, "notes": ["look at it with the tool jobs_show, stop it with jobs_cancel"]}
