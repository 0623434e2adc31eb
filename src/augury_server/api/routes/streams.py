"""/streams: open, list, look at, update and end sessions over values that come one by one.

Plain ASGI, as /predict is. Reading the answers as they come is in `streams_live`.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import msgspec
from starlette.datastructures import URL
from starlette.routing import BaseRoute, Route

from augury.errors import InvalidInput
from augury_server.api.bodies import decode_json, read_json
from augury_server.api.call import Receive, Scope, Send
from augury_server.api.described_paths import content, described
from augury_server.api.json_bodies import send_body, send_json
from augury_server.api.line_stream import NDJSON, answer_lines, answering
from augury_server.api.pagination import LONGEST_CURSOR, MOST_ROWS, cursor_of, next_link, place_of_cursor
from augury_server.api.security import principal_of
from augury_server.streams.records import SessionFacts, SessionPage
from augury_server.streams.spec import StreamSpec
from augury_server.streams.store import SessionStore
from augury_server.streams.update import BarUpdate, StreamUpdate, ValueUpdate

__all__ = ["DECODERS", "LONGEST_LINE", "openapi", "query_of", "routes", "session_of"]

LONGEST_LINE = 1 << 16
"""Bytes of one update."""

DECODERS: dict[str, msgspec.json.Decoder[Any]] = {
    "values": msgspec.json.Decoder(ValueUpdate),
    "bars": msgspec.json.Decoder(BarUpdate),
}
"""What an update is, by the kind of its session."""

_SPEC = msgspec.json.Decoder(dict[str, Any])


def session_of(scope: Scope) -> tuple[SessionStore, str, str]:
    """The store, the session that the path names and the key that calls."""
    return scope["app"].state.augury.sessions, scope["path_params"]["id"], principal_of(scope).key_id


def query_of(scope: Scope, *allowed: str) -> dict[str, str]:
    """The query's options; InvalidInput for unknown ones and for those given twice."""
    try:
        found = parse_qs(scope["query_string"].decode("ascii"), keep_blank_values=True, max_num_fields=20)
    except (UnicodeDecodeError, ValueError) as error:
        raise InvalidInput("the query should be a few options in ASCII, others percent-encoded") from error
    for name, values in found.items():
        if name not in allowed or len(values) > 1:
            raise InvalidInput(f"the query has {name[:50]!r}; options are {', '.join(allowed)}, each once")
    return {name: values[0] for name, values in found.items()}


class Sessions:
    """POST /streams opens a session, GET /streams lists those of the key."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application of the path."""
        sessions: SessionStore = scope["app"].state.augury.sessions
        key_id = principal_of(scope).key_id
        if scope["method"] == "POST":
            options = await read_json(scope, receive, _SPEC)
            facts = await sessions.open(StreamSpec.from_dict(options), key_id)
            await send_json(send, facts, status=201, headers=((b"location", f"/streams/{facts.id}".encode()),))
            return
        query = query_of(scope, "limit", "cursor")
        limit = query.get("limit", "100")
        if not (limit.isascii() and limit.isdigit() and len(limit) <= 4 and 1 <= int(limit) <= MOST_ROWS):
            raise InvalidInput(f"limit should be from 1 to {MOST_ROWS}, got {limit[:20]!r}")
        cursor = query.get("cursor")
        if cursor is not None and len(cursor) > LONGEST_CURSOR:
            raise InvalidInput("this cursor is none of this list; take the one of its Link header")
        page = await sessions.page(key_id, after=place_of_cursor(cursor, _place) or "", limit=int(limit))
        following = None if page.next is None else cursor_of(page.next)
        link = next_link(URL(scope=dict(scope)), following)
        headers = tuple((name.encode(), value.encode()) for name, value in link.items())
        await send_json(send, msgspec.structs.replace(page, next=following), headers=headers)


def _place(parts: Any) -> str:
    (after,) = parts
    if not isinstance(after, str):
        raise TypeError(after)
    return after


class Session:
    """GET, DELETE and POST /streams/{id}: look at a session, end it, update it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application of the path."""
        sessions, session_id, key_id = session_of(scope)
        if scope["method"] == "DELETE":
            await sessions.delete(session_id, key_id)
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        elif scope["method"] == "POST":
            await _update(scope, receive, send)
        else:
            await send_json(send, await sessions.facts(session_id, key_id))


async def _update(scope: Scope, receive: Receive, send: Send) -> None:
    sessions, session_id, key_id = session_of(scope)
    decoder = DECODERS[await sessions.kind(session_id, key_id)]
    if not scope["augury"].sends_lines:
        given = await read_json(scope, receive, decoder)
        await send_body(send, await sessions.update(session_id, key_id, given))
        return

    async def update(line: bytes) -> bytes:
        return await sessions.update(session_id, key_id, decode_json(line, decoder))

    await answer_lines(scope, receive, send, answering(update, longest=LONGEST_LINE), longest=LONGEST_LINE)


routes: list[BaseRoute] = [
    Route("/streams", Sessions(), methods=["GET", "POST"]),
    Route("/streams/{id}", Session(), methods=["GET", "POST", "DELETE"]),
]

_TAG = "streams"
_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}, "description": "The session."}
_PAGE = [
    {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": MOST_ROWS}},
    {"name": "cursor", "in": "query", "schema": {"type": "string", "maxLength": LONGEST_CURSOR}},
]


def _documents() -> dict[str, dict[str, Any]]:
    opened = described("stream_open", "Open a session.", tag=_TAG, body=StreamSpec, reply=SessionFacts,
                       problems=("not-found", "refused"))  # fmt: skip
    opened["responses"]["201"] = opened["responses"].pop("200")
    listed = described("stream_list", "List the open sessions of this key.", tag=_TAG, reply=SessionPage)
    ended = described("stream_end", "End a session.", tag=_TAG, problems=("not-found",))
    ended["responses"]["204"] = {"description": "It is over."}
    del ended["responses"]["200"]
    updated = described("stream_update", "Take in one value or bar; as NDJSON, many, each answered as it comes.",
                        tag=_TAG, body=ValueUpdate, reply=StreamUpdate,
                        problems=("not-found", "conflict"))  # fmt: skip
    either = content(ValueUpdate)["application/json"]["schema"], content(BarUpdate)["application/json"]["schema"]
    lines = {NDJSON: {"schema": {"type": "string"}}}
    updated["requestBody"]["content"] = {"application/json": {"schema": {"anyOf": list(either)}}} | lines
    updated["responses"]["200"]["content"] |= lines
    looked = described("stream_look", "Look at a session and its last answer.", tag=_TAG, reply=SessionFacts,
                       problems=("not-found",))  # fmt: skip
    return {
        "/streams": {"post": opened, "get": listed | {"parameters": _PAGE}},
        "/streams/{id}": {"parameters": [_ID], "get": looked, "post": updated, "delete": ended},
    }


openapi: dict[str, dict[str, Any]] = _documents()
