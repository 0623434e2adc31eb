"""Sessions over values that come one by one: their calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from augury.client.encoding import decoded, encoded, lines_of, numbers, plain
from augury.client.flows import Flows, name_in_path
from augury.client.line_replies import line_of
from augury.client.records import StreamUpdate
from augury.client.steps import Call, Flow

__all__ = [
    "Value",
    "close_session",
    "open_session",
    "send_update",
    "send_updates",
    "session_path",
    "show_session",
    "value_of",
]

Value: TypeAlias = float | Mapping[str, Any]
"""A number; or a value or bar by the names of its parts."""

_NDJSON = "application/x-ndjson"


def session_path(session_id: str) -> str:
    """The path of a session."""
    return f"/streams/{name_in_path(session_id, 'a session')}"


def open_session(flows: Flows, spec: Mapping[str, Any]) -> Flow[dict[str, Any]]:
    """Open one; the answer tells its id and what it does."""
    reply = yield from flows.post("/streams", encoded(plain(spec)), key=flows.means.new_id())
    return decoded(reply, dict[str, Any], "a session")


def value_of(value: Value, at_ns: int | None) -> dict[str, Any]:
    """A value, or a bar by its columns, as JSON has it."""
    given = dict(value) if isinstance(value, Mapping) else {"value": value}
    if at_ns is not None:
        given["at_ns"] = at_ns
    found: dict[str, Any] = numbers(given, "value")
    return found


def send_update(flows: Flows, session_id: str, value: dict[str, Any]) -> Flow[StreamUpdate]:
    """The next value. It is not sent twice: a session counts every value that it is given."""
    reply = yield from flows.post(session_path(session_id), encoded(value), key=None)
    return decoded(reply, StreamUpdate, "an update")


def send_updates(flows: Flows, session_id: str, values: Iterable[Value]) -> Flow[tuple[StreamUpdate, ...]]:
    """The next values as NDJSON; what each came to, in order. Raises what the first that was refused was told."""
    body = lines_of(value_of(value, None) for value in values)
    reply = yield from flows.post(session_path(session_id), body, key=None, content_type=_NDJSON)
    return tuple(line_of(line, StreamUpdate, "an update") for line in reply.body.split(b"\n") if line.strip())


def show_session(flows: Flows, session_id: str) -> Flow[dict[str, Any]]:
    """What a session is and how it stands."""
    return (yield from flows.fetch(session_path(session_id), dict[str, Any], "a session"))


def close_session(flows: Flows, session_id: str) -> Flow[None]:
    """Close a session."""
    yield from flows.send(Call(method="DELETE", path=session_path(session_id)))
