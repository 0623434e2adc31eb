"""The list of operations, and running one: at once, or as a job."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from typing import Any

import msgspec
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from augury.errors import NotFound, nearest
from augury.operations.operation import Operation, Role
from augury.operations.registry import operations
from augury_server.api.bodies import decode_json, expect_json
from augury_server.api.etags import etag_of, is_unchanged
from augury_server.api.idempotency import IDEMPOTENCY_HEADER, answered_once
from augury_server.api.job_views import JobView, job_view
from augury_server.api.json_bodies import JSON
from augury_server.api.problem_responses import problem_responses
from augury_server.api.running_operations import Call, allowed_operation, plain_result, run_call
from augury_server.api.schemas import has_dry_run, options_schema
from augury_server.api.security import require_role
from augury_server.api.work_threads import in_database, run_work
from augury_server.jobs.models import Job
from augury_server.jobs.operations import import_extra_operations

__all__ = ["OptionsBody", "answer_operation", "described_job", "read_options_body", "router"]

router = APIRouter(prefix="/v1/operations", tags=["operations"])

_OPTIONS = msgspec.json.Decoder(dict[str, Any])
_OBJECT: dict[str, Any] = {"type": "object", "additionalProperties": True}
_PREFER: dict[str, Any] = {
    "name": "Prefer",
    "in": "header",
    "required": False,
    "description": "respond-async: as a job, however short it may be (RFC 7240).",
    "schema": {"type": "string"},
}
OptionsBody: dict[str, Any] = {
    "parameters": [IDEMPOTENCY_HEADER, _PREFER],
    "requestBody": {
        "required": False,
        "description": "The operation's options; the schema is the one that GET /v1/operations gives.",
        "content": {JSON: {"schema": _OBJECT}},
    },
}
"""How a body of options is described."""


class OperationView(BaseModel):
    """A verb of the platform."""

    model_config = ConfigDict(frozen=True)

    name: str
    summary: str
    role: Role = Field(description="The least role that may run it.")
    changes_state: bool
    long: bool = Field(description="Run as a job: POST answers 202 with the job's place.")
    dry_run: bool = Field(description="Whether ?dry_run=true is understood.")
    offered: bool = Field(description="Whether it can be run over the network.")
    reason: str = Field(description="Why it is not offered; empty when it is.")
    example: str = Field(description="The same as a command line.")
    options: dict[str, Any] = Field(description="JSON Schema of its options.")


class OperationList(BaseModel):
    """Every verb, by name."""

    operations: list[OperationView]


class SubmittedJob(BaseModel):
    """The job that an operation became."""

    job: JobView
    href: str
    events: str


def _view(entry: Operation) -> OperationView:
    return OperationView(
        name=entry.name,
        summary=entry.summary,
        role=entry.role,
        changes_state=entry.changes_state,
        long=entry.long and entry.role != "administrator",
        dry_run=has_dry_run(entry),
        offered=not entry.local,
        reason=entry.local,
        example=entry.example,
        options=options_schema(entry),
    )


@cache
def _described() -> dict[str, tuple[bytes, str]]:
    """The descriptions with their tags, by name; the whole list under the empty name. They do not change."""
    import_extra_operations()
    views = [_view(entry) for entry in operations().values()]
    bodies = {view.name: view.model_dump_json().encode() for view in views}
    bodies[""] = OperationList(operations=views).model_dump_json().encode()
    return {name: (body, etag_of(body)) for name, body in bodies.items()}


def _described_as(request: Request, name: str) -> Response:
    known = _described()
    if name and name not in known:
        raise NotFound(f"no operation is named {name!r}; {nearest(name, [each for each in known if each])}")
    body, etag = known[name]
    headers = {"etag": etag, "cache-control": "private, no-cache"}
    if is_unchanged(request.headers, etag):
        return Response(None, 304, headers)
    return Response(body, 200, headers, JSON)


@router.get(
    "",
    response_model=OperationList,
    responses={304: {"description": "It is as If-None-Match says."}, **problem_responses()},
    summary="Every operation with the JSON Schema of its options",
)
async def list_operations(request: Request) -> Response:
    """Every operation: who may run it, whether it is offered over the network, and its options."""
    require_role(request.scope, "viewer")
    return await in_database(_described_as, request, "")


@router.get(
    "/{name}",
    response_model=OperationView,
    responses={304: {"description": "It is as If-None-Match says."}, **problem_responses("not-found")},
    summary="One operation",
)
async def show_operation(name: str, request: Request) -> Response:
    """One operation with the JSON Schema of its options."""
    require_role(request.scope, "viewer")
    if not name.strip():
        raise NotFound("an operation has a name; GET /v1/operations lists them")
    return await in_database(_described_as, request, name)


@router.post(
    "/{name}",
    responses={
        200: {"description": "What the operation gave.", "content": {JSON: {"schema": _OBJECT}}},
        202: {"description": "It runs as a job, whose place is in Location.", "model": SubmittedJob},
        **problem_responses("not-found", "conflict", "body-too-large", "unsupported-media-type", "misconfigured",
                            "missing-extra"),
    },
    openapi_extra=OptionsBody,
    summary="Run an operation",
)  # fmt: skip
async def run_operation(
    name: str, request: Request, dry_run: bool = Query(False, description="Say what would be done, and do nothing.")
) -> Response:
    """Run an operation with the options in the body, under the name of the key; long ones become a job."""
    return await answer_operation(request, name, dry_run=dry_run)


async def answer_operation(request: Request, name: str, *, dry_run: bool = False) -> Response:
    """Run an operation with the options in the body, once for each idempotency key; the result or the job's place."""
    principal = require_role(request.scope, "viewer")
    entry = await in_database(allowed_operation, name, principal)
    body, options = await read_options_body(request)
    background = _prefers_job(request.headers.get("prefer", ""))
    call = Call(principal=principal, entry=entry, options=options, dry_run=dry_run, background=background)
    return await _answer_once(request, body, call)


def described_job(name: str, *, required: dict[str, Any], example: dict[str, Any]) -> dict[str, Any]:
    """How a path of its own for a long operation is described: the options that it needs, the job that it becomes."""
    schema = {
        "type": "object",
        "required": list(required),
        "properties": required,
        "additionalProperties": True,
        "description": f"Further options: GET /v1/operations/{name}.",
    }
    content = {JSON: {"schema": schema, "example": example}}
    return {
        "status_code": 202,
        "responses": {
            202: {"description": "It runs as a job, whose place is in Location.", "model": SubmittedJob},
            **problem_responses("not-found", "conflict", "body-too-large", "unsupported-media-type"),
        },
        "openapi_extra": {"parameters": [IDEMPOTENCY_HEADER], "requestBody": {"required": True, "content": content}},
    }


async def read_options_body(request: Request) -> tuple[bytes, dict[str, Any]]:
    """The body as it came, and as a JSON object; an empty one has no options."""
    expect_json(request.scope)
    body = await request.body()
    return body, decode_json(body, _OPTIONS) if body.strip() else {}


async def _answer_once(request: Request, body: bytes, call: Call) -> Response:
    secret = call.entry.role == "administrator"
    becomes_job = (call.entry.long or call.background) and call.entry.role != "administrator"

    async def work(claim: int | None) -> Response:
        keyed = call if claim is None else replace(call, key=f"request:{claim}")
        return await run_work(call.entry.name, call.principal.key_id, partial(_answer, keyed))

    return await answered_once(request, body, work, repeatable=becomes_job and not call.dry_run, secret=secret)


def _answer(call: Call) -> Response:
    done = run_call(call)
    if not isinstance(done, Job):
        return Response(msgspec.json.encode(plain_result(done)), 200, media_type=JSON)
    place = f"/v1/jobs/{done.pk}"
    shown = SubmittedJob(job=job_view(done, whole=True), href=place, events=f"{place}/events")
    headers = {"location": place, **({"preference-applied": "respond-async"} if call.background else {})}
    return Response(shown.model_dump_json().encode(), 202, headers, JSON)


def _prefers_job(header: str) -> bool:
    wishes = [wish.strip().partition(";")[0].strip().lower() for wish in header.split(",")]
    return "respond-async" in wishes
