"""Background work: list, show, follow, cancel, retry."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from augury.errors import InvalidInput, nearest
from augury_server.accounts.keyring import Principal
from augury_server.api.departing import departing
from augury_server.api.idempotency import IDEMPOTENCY_HEADER, answered_once
from augury_server.api.job_views import JobPage, JobState, JobView, job_view
from augury_server.api.json_bodies import JSON
from augury_server.api.pagination import PageQuery, PlainText, cursor_of, next_link, place_of_cursor
from augury_server.api.problem_responses import problem_responses
from augury_server.api.routes.operations import read_options_body
from augury_server.api.running_operations import run_verb
from augury_server.api.security import require_role
from augury_server.api.work_threads import in_database, run_work
from augury_server.database.explaining import explained
from augury_server.jobs.find import find_job
from augury_server.jobs.listing import JobFilter, jobs_after
from augury_server.jobs.models import Job

__all__ = ["router"]

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

POLL_SECONDS = 0.5
HEARTBEAT_SECONDS = 15.0
FOLLOW_SECONDS = 3600.0
"""So long is a job followed on one connection; a client goes on with another, as the standard has it."""


class JobQuery(PageQuery):
    """Which jobs to list."""

    state: JobState | None = Field(None, description="Only jobs in this state.")
    operation: PlainText | None = Field(None, max_length=100, description="Only jobs that run this operation.")


JobId = Annotated[UUID, Path(description="The job's id.")]


@router.get("", response_model=JobPage, responses=problem_responses(), summary="Jobs, newest first")
async def list_jobs(request: Request, response: Response, query: Annotated[JobQuery, Query()]) -> JobPage:
    """A page of jobs; the header Link names the next one."""
    require_role(request.scope, "viewer")
    page = await in_database(_page, query)
    response.headers.update(next_link(request.url, page.next))
    return page


@router.get("/{job_id}", response_model=JobView, responses=problem_responses("not-found"), summary="One job")
async def show_job(job_id: JobId, request: Request) -> JobView:
    """A job with its options and, when it has succeeded, its result."""
    require_role(request.scope, "viewer")
    return await in_database(_shown, job_id)


@router.get(
    "/{job_id}/events",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Server-sent events: `progress` whenever it gets on, `end` when it has ended.",
            "content": {"text/event-stream": {}},
        },
        **problem_responses("not-found"),
    },
    summary="Follow a job",
)
async def follow_job(job_id: JobId, request: Request) -> StreamingResponse:
    """The job's progress as it happens, a comment when nothing does, and its end."""
    require_role(request.scope, "viewer")
    first = await in_database(_glance, job_id)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(_events(job_id, first), headers=headers, media_type="text/event-stream")


@router.post(
    "/{job_id}/cancel",
    response_model=JobView,
    responses=problem_responses("not-found", "conflict", "unsupported-media-type", "body-too-large"),
    openapi_extra={
        "parameters": [IDEMPOTENCY_HEADER],
        "requestBody": {
            "required": False,
            "content": {
                JSON: {
                    "schema": {
                        "type": "object",
                        "properties": {"reason": {"type": "string", "maxLength": 500}},
                        "additionalProperties": False,
                    }
                }
            },
        },
    },
    summary="Cancel a job",
)
async def cancel_job(job_id: JobId, request: Request) -> Response:
    """Cancel a queued job at once; ask a running one to stop at its next step."""
    principal = require_role(request.scope, "operator")
    body, options = await read_options_body(request)
    for name in options:
        if name != "reason":
            raise InvalidInput(f"the body has no field {name!r}; {nearest(name, ['reason'])}")
    reason = options.get("reason", "")
    if not isinstance(reason, str) or len(reason) > 500:
        raise InvalidInput("reason should be a text of at most 500 characters")
    return await _change(request, body, "jobs.cancel", {"job": str(job_id), "reason": reason}, principal)


@router.post(
    "/{job_id}/retry",
    response_model=JobView,
    responses=problem_responses("not-found", "conflict"),
    openapi_extra={"parameters": [IDEMPOTENCY_HEADER]},
    summary="Run a job again",
)
async def retry_job(job_id: JobId, request: Request) -> Response:
    """Queue a failed or cancelled job again with all its attempts; its history is kept."""
    principal = require_role(request.scope, "operator")
    return await _change(request, b"", "jobs.retry", {"job": str(job_id)}, principal)


async def _change(
    request: Request, body: bytes, verb: str, options: Mapping[str, Any], principal: Principal
) -> Response:
    def change() -> Response:
        run_verb(verb, options, principal)
        return Response(_shown(UUID(options["job"])).model_dump_json().encode(), media_type=JSON)

    async def work(_: int | None) -> Response:
        return await run_work(verb, principal.key_id, change)

    return await answered_once(request, body, work)


def _page(query: JobQuery) -> JobPage:
    chosen, limit = JobFilter(state=query.state or "", operation=query.operation or ""), query.limit
    last = place_of_cursor(query.cursor, lambda parts: (_moment(parts[0]), UUID(parts[1])))
    with explained("list jobs"):
        rows = list(jobs_after(chosen, last)[: limit + 1])
    following = None
    if len(rows) > limit:
        rows.pop()
        following = cursor_of(rows[-1].created_at.isoformat(), rows[-1].pk.hex)
    return JobPage(jobs=[job_view(row, whole=False) for row in rows], next=following)


def _moment(text: Any) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("no time zone")
    return found.astimezone(UTC)


def _shown(job_id: UUID) -> JobView:
    with explained("show a job"):
        return job_view(find_job(job_id), whole=True)


def _glance(job_id: UUID) -> Job:
    with explained("follow a job"):
        find_job(job_id)
        return Job.objects.defer("result", "result_packed", "options").get(pk=job_id)


async def _events(job_id: UUID, job: Job) -> AsyncIterator[bytes]:
    """Events until the job ends; the client asks again after two seconds when the connection breaks off."""
    yield b"retry: 2000\n\n"
    shown: bytes = b""
    said, until = time.monotonic(), time.monotonic() + FOLLOW_SECONDS
    while True:
        told = msgspec.json.encode(_told(job))
        name = b"end" if job.ended else b"progress"
        if told != shown or job.ended:
            yield b"event: " + name + b"\ndata: " + told + b"\n\n"
            shown, said = told, time.monotonic()
        elif time.monotonic() - said >= HEARTBEAT_SECONDS:
            yield b": waiting\n\n"
            said = time.monotonic()
        if job.ended or departing.begun or time.monotonic() > until:
            return
        await asyncio.sleep(POLL_SECONDS)
        job = await in_database(_glance, job_id)


def _told(job: Job) -> dict[str, Any]:
    view = job_view(job, whole=False)
    return {
        "id": str(view.id), "state": view.state, "progress": view.progress, "step": view.step,
        "attempts": view.attempts, "error": view.error,
    }  # fmt: skip
