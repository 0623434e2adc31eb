"""Files that operations may name: upload, download, list, delete."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from augury.errors import Unavailable
from augury_server.accounts.audit import record
from augury_server.accounts.keyring import Principal
from augury_server.api.compressed_bodies import expect_plain
from augury_server.api.etags import is_unchanged
from augury_server.api.file_uploads import Upload
from augury_server.api.pagination import PageQuery, cursor_of, next_link, place_of_cursor
from augury_server.api.problem_responses import problem_responses
from augury_server.api.problems import ProblemError
from augury_server.api.remote_files import NAME_PATTERN, checked_name
from augury_server.api.security import require_role
from augury_server.api.stored_files import StoredFile, delete_file, list_files, open_file
from augury_server.api.work_threads import in_database
from augury_server.database.explaining import explained

__all__ = ["router"]

router = APIRouter(prefix="/v1/files", tags=["files"])

_PIECE = 1 << 20
_BINARY = "application/octet-stream"
_CONTENT = {_BINARY: {"schema": {"type": "string", "format": "binary"}}}
_UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "It is as If-None-Match says."}}
FileName = Annotated[str, Path(description="The file's name.", min_length=1, max_length=400)]


def _header(name: str, description: str) -> dict[str, object]:
    return {"name": name, "in": "header", "required": False, "description": description, "schema": {"type": "string"}}


_IF_MATCH = _header("If-Match", "Only when the file has this tag.")
_IF_NONE_MATCH = _header("If-None-Match", "Only when the file has not this tag; * when there is none.")


class FileView(BaseModel):
    """A file, or a folder that an operation made."""

    name: str = Field(pattern=NAME_PATTERN)
    folder: bool
    bytes: int
    changed_at: datetime
    etag: str | None = Field(None, description="SHA-256 of the content, in quotes; left out in lists.")


class FilePage(BaseModel):
    """Files by name; `next` is the cursor of the page after this one."""

    files: list[FileView]
    next: str | None


@router.get("", response_model=FilePage, responses=problem_responses(), summary="The files, by name")
async def list_all(request: Request, response: Response, query: Annotated[PageQuery, Query()]) -> FilePage:
    """A page of files; the header Link names the next one."""
    require_role(request.scope, "viewer")
    page = await asyncio.to_thread(_page, query)
    response.headers.update(next_link(request.url, page.next))
    return page


@router.put(
    "/{name}",
    response_model=FileView,
    responses={
        200: {"description": "It was replaced."},
        201: {"description": "It is new.", "model": FileView},
        **problem_responses(
            "not-found", "conflict", "precondition-failed", "body-too-large", "body-too-slow", "unsupported-media-type"
        ),
    },
    openapi_extra={
        "parameters": [_IF_MATCH, _IF_NONE_MATCH],
        "requestBody": {"required": True, "content": _CONTENT},
    },
    summary="Upload a file",
)
async def upload(name: FileName, request: Request) -> Response:
    """Store the body under a name, whole or not at all; the answer's ETag is its SHA-256."""
    principal = require_role(request.scope, "operator")
    expect_plain(request.scope)
    going = await asyncio.to_thread(Upload, name)
    try:
        going.expect(_announced(request))
        waiting = bytearray()
        async for piece in request.stream():
            waiting += piece
            if len(waiting) >= _PIECE:
                await asyncio.to_thread(going.write, bytes(waiting))
                waiting.clear()
        await asyncio.to_thread(going.write, bytes(waiting))
        stored, new = await in_database(_finished, going, request, principal)
    finally:
        await asyncio.to_thread(going.drop)
    headers = {"etag": stored.etag or "", **({"location": request.url.path} if new else {})}
    return Response(_view(stored).model_dump_json().encode(), 201 if new else 200, headers, "application/json")


@router.get(
    "/{name}",
    response_class=StreamingResponse,
    responses={
        200: {"description": "The content.", "content": _CONTENT},
        **_UNCHANGED,
        **problem_responses("not-found", "conflict"),
    },
    openapi_extra={"parameters": [_IF_NONE_MATCH]},
    summary="Download a file",
)
async def download(name: FileName, request: Request) -> Response:
    """The content of a file, as it is now to its end, even when it is replaced meanwhile."""
    require_role(request.scope, "viewer")
    handle, stored = await asyncio.to_thread(open_file, name)
    headers = _headers(stored)
    if is_unchanged(request.headers, stored.etag):
        os.close(handle)
        return Response(None, 304, headers)
    headers["content-length"] = str(stored.size)
    return StreamingResponse(_pieces(handle, stored.size), headers=headers, media_type=_BINARY)


@router.head(
    "/{name}",
    response_class=Response,
    responses={
        200: {"description": "Length and tag of the file.", "content": _CONTENT},
        **_UNCHANGED,
        **problem_responses("not-found", "conflict"),
    },
    openapi_extra={"parameters": [_IF_NONE_MATCH]},
    summary="Length and tag of a file",
)
async def look(name: FileName, request: Request) -> Response:
    """The headers of a download."""
    require_role(request.scope, "viewer")
    handle, stored = await asyncio.to_thread(open_file, name)
    os.close(handle)
    headers = _headers(stored)
    if is_unchanged(request.headers, stored.etag):
        return Response(None, 304, headers)
    return Response(None, 200, {**headers, "content-length": str(stored.size)}, _BINARY)


@router.delete(
    "/{name}",
    status_code=204,
    responses={
        204: {"description": "It is gone."},
        **problem_responses("not-found", "precondition-failed"),
    },
    openapi_extra={"parameters": [_IF_MATCH]},
    summary="Delete a file",
)
async def delete(name: FileName, request: Request) -> Response:
    """Remove a file, or a folder that an operation made with everything in it."""
    principal = require_role(request.scope, "operator")
    await in_database(_deleted, name, request, principal)
    return Response(None, 204)


def _announced(request: Request) -> int:
    """The length that the caller announces; 0 when it does not."""
    given = request.headers.get("content-length", "0")
    if not given.isascii() or not given.isdigit():
        raise ProblemError("malformed-request", f"Content-Length should be a number, got {given[:40]!r}")
    return int(given)


def _finished(going: Upload, request: Request, principal: Principal) -> tuple[StoredFile, bool]:
    """The file in its place."""
    detail = {"bytes": going.size, "sha256": going.digest}
    with _recorded("files.upload", going.name, detail, principal) as announce:
        return going.finish(request.headers, announce)


def _deleted(name: str, request: Request, principal: Principal) -> None:
    checked_name(name)
    with _recorded("files.delete", name, {}, principal) as announce:
        delete_file(name, request.headers, announce)


@contextmanager
def _recorded(action: str, name: str, detail: Mapping[str, Any], principal: Principal) -> Iterator[Callable[[], None]]:
    """A change of a file, which calls what this gives once it is certain: no change without a record of it.

    The record is committed before the change, since a file does not come back when a transaction fails. A change that
    then fails is recorded as well.
    """
    announced = False

    def announce() -> None:
        nonlocal announced
        with explained(f"record {action}"):
            record(action, target=name, detail=detail, by=principal.actor)
        announced = True

    try:
        yield announce
    except OSError as error:
        if announced:
            told = {**detail, "error": error.strerror or type(error).__name__}
            with explained(f"record {action}"):
                record(action, target=name, detail=told, outcome="failed", by=principal.actor)
        raise Unavailable(f"{name} could not be changed: {error.strerror}; look at it before asking again") from error


def _page(query: PageQuery) -> FilePage:
    after = place_of_cursor(query.cursor, lambda parts: str(parts[0])) or ""
    rest = [stored for stored in list_files() if stored.name > after]
    page = rest[: query.limit]
    following = cursor_of(page[-1].name) if len(rest) > len(page) else None
    return FilePage(files=[_view(stored) for stored in page], next=following)


def _view(stored: StoredFile) -> FileView:
    return FileView(
        name=stored.name, folder=stored.is_folder, bytes=stored.size, changed_at=stored.changed_at, etag=stored.etag
    )


def _headers(stored: StoredFile) -> dict[str, str]:
    return {
        "etag": stored.etag or "",
        "cache-control": "private, no-cache",
        "content-disposition": f'attachment; filename="{stored.name}"',
    }


async def _pieces(handle: int, size: int) -> AsyncIterator[bytes]:
    """The content, at most as long as was announced; the descriptor is closed however it ends."""
    try:
        while size > 0:
            piece = await asyncio.to_thread(os.read, handle, min(_PIECE, size))
            if not piece:
                return
            size -= len(piece)
            yield piece
    finally:
        os.close(handle)
