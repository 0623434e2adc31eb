"""/streams/{id}/events and /streams/{id}/socket: the answers of a session as they come, to any number of readers."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from augury.errors import AuguryError, InvalidInput
from augury_server.api.bodies import decode_json
from augury_server.api.call import Receive, Scope, Send
from augury_server.api.described_paths import described
from augury_server.api.line_stream import error_line
from augury_server.api.routes.streams import DECODERS, LONGEST_LINE, query_of, session_of
from augury_server.api.standing import Standing
from augury_server.streams.subscription import Subscription

__all__ = ["openapi", "routes"]

QUEUE = 256
"""Answers that wait for one reader; one more, and it is told that it is too slow."""

_QUIET_SECONDS = 15.0
_STUCK_SECONDS = 30.0
_CODES = {"slow": 1013, "gone": 1000, "stopping": 1012, "key-needed": 1008, "too-many-requests": 1008}
_REASONS = {
    "slow": "too slow: answers were lost",
    "gone": "the session is over",
    "stopping": "restarting: come again",
    "key-needed": "the key has expired, was revoked or changed",
    "too-many-requests": "more updates than the key may send a minute",
}


class Events:
    """GET /streams/{id}/events: server-sent events, with the number of each update as its id.

    `Last-Event-ID` (or `?after=`) resumes after that update as far as answers are kept; where some are not, an event
    "missed" tells between which. An event "end" says why it is over. A comment is sent when nothing else is.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application of the path."""
        sessions, session_id, key_id = session_of(scope)
        after = _after(scope)
        reader = await sessions.read(session_id, key_id, after=after, limit=QUEUE)
        left = asyncio.create_task(_leave(receive, reader))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _EVENT_HEADERS})
            await _write(send, b"retry: 2000\n\n")
            await self._tell(send, reader, after, Standing(scope))
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            reader.end("left")
            left.cancel()

    async def _tell(self, send: Send, reader: Subscription, last: int | None, standing: Standing) -> None:
        while True:
            found = await reader.next(_QUIET_SECONDS)
            if not standing.holds:
                reader.end("key-needed")
                break
            if found is not None:
                update_id, answer = found
                if last is not None and update_id > last + 1:
                    await _write(send, b'event: missed\ndata: {"after":%d,"before":%d}\n\n' % (last, update_id))
                last = update_id
                await _write(send, b"id: %d\nevent: update\ndata: %b\n\n" % (update_id, answer))
            elif reader.ended:
                break
            else:
                await _write(send, b": quiet\n\n")
        if reader.ended in _REASONS:
            told = msgspec.json.encode({"reason": reader.ended, "detail": _REASONS[reader.ended]})
            await _write(send, b"event: end\ndata: %b\n\n" % told)


_EVENT_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


async def _leave(receive: Receive, reader: Subscription) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    reader.end("left")


async def _write(send: Send, body: bytes) -> None:
    """Send, to a reader that takes it within half a minute. Raises ClientDisconnect for others."""
    try:
        async with asyncio.timeout(_STUCK_SECONDS):
            await send({"type": "http.response.body", "body": body, "more_body": True})
    except TimeoutError:
        raise ClientDisconnect from None


def _after(scope: Scope) -> int | None:
    given = query_of(scope, "after").get("after")
    for name, value in scope["headers"]:
        if name == b"last-event-id":
            given = value.decode("latin-1")
    if given is None or given == "":
        return None
    if not (given.isascii() and given.isdigit() and len(given) <= 18):
        raise InvalidInput(f"Last-Event-ID and after are the number of an update, got {given[:30]!r}")
    return int(given)


async def socket(websocket: WebSocket) -> None:
    """/streams/{id}/socket: updates in, every answer of the session out, in order; what is refused as {"error": ...}.

    Updates are taken in as fast as their answers are read. A reader that lags 256 answers behind others' updates is
    told {"end": "slow"} and closed with 1013; 1012 is a restart, 1000 the session's end, 1008 that of a key that holds
    no longer or sends more than its limit. `?after=` as for events.
    """
    scope: Any = websocket.scope
    standing = Standing(scope)
    sessions, session_id, key_id = session_of(scope)
    decoder = DECODERS[await sessions.kind(session_id, key_id)]
    reader = await sessions.read(session_id, key_id, after=_after(scope), limit=QUEUE)

    async def take_in() -> None:
        while not reader.ended:
            await reader.room()
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                break
            text = message.get("text")
            body: bytes = text.encode() if text is not None else message.get("bytes") or b""
            _, problem = standing.admit(1)
            if problem is not None:
                reader.offer(0, error_line(problem))
                reader.end(problem.kind.name)
                return
            try:
                if len(body) > LONGEST_LINE:
                    raise InvalidInput(f"an update should have at most {LONGEST_LINE:,} bytes")
                await sessions.update(session_id, key_id, decode_json(body, decoder))
            except AuguryError as error:
                reader.offer(0, error_line(error))
        reader.end("left")

    try:
        await websocket.accept()
        incoming = asyncio.create_task(take_in())
        try:
            await _tell_socket(websocket, reader, standing)
        finally:
            incoming.cancel()
            with suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
                await incoming
    finally:
        reader.end("left")


async def _tell_socket(websocket: WebSocket, reader: Subscription, standing: Standing) -> None:
    try:
        while (found := await reader.next(_QUIET_SECONDS)) is not None or not reader.ended:
            if not standing.holds:
                reader.end("key-needed")
                break
            if found is not None:
                async with asyncio.timeout(_STUCK_SECONDS):
                    await websocket.send_text(found[1].decode())
        if reader.ended in _CODES:
            async with asyncio.timeout(_STUCK_SECONDS):
                await websocket.send_text(msgspec.json.encode({"end": reader.ended}).decode())
                await websocket.close(_CODES[reader.ended], _REASONS[reader.ended])
    except TimeoutError:
        with suppress(TimeoutError, RuntimeError):
            async with asyncio.timeout(1.0):
                await websocket.close(_CODES["slow"], _REASONS["slow"])


routes: list[BaseRoute] = [
    Route("/streams/{id}/events", Events(), methods=["GET"]),
    WebSocketRoute("/streams/{id}/socket", socket),
]

_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}, "description": "The session."}
_AFTER = {"name": "after", "in": "query", "schema": {"type": "integer", "minimum": 0},
          "description": "Resume after this update; the header Last-Event-ID goes before it."}  # fmt: skip


def _documents() -> dict[str, dict[str, Any]]:
    told = described("stream_events", "Read the answers as they come, as server-sent events.", tag="streams",
                     problems=("not-found", "refused"))  # fmt: skip
    told["responses"]["200"]["content"] = {"text/event-stream": {}}
    return {"/streams/{id}/events": {"parameters": [_ID], "get": told | {"parameters": [_AFTER]}}}


openapi: dict[str, dict[str, Any]] = _documents()
