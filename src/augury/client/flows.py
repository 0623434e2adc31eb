"""Calls as flows: questions, changes of state, lists over their pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote, urlsplit

import msgspec

from augury.client.encoding import JSON, decoded
from augury.client.retrying import Retries, Timeouts, perform
from augury.client.steps import Call, Flow, Means, Reply
from augury.errors import InvalidInput, Unavailable

__all__ = ["Flows", "items_of", "name_in_path"]

Record = TypeVar("Record")


def name_in_path(name: str, what: str) -> str:
    """A name as a part of a path; InvalidInput for an empty one and for those that a path would read otherwise."""
    if not name or name in (".", ".."):
        raise InvalidInput(f"expected the name of {what}, got {name!r}")
    return quote(name, safe="@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """The questions, with the patience and the means they are asked with."""

    timeouts: Timeouts = field(default_factory=Timeouts)
    retries: Retries = field(default_factory=Retries)
    means: Means = field(default_factory=Means)

    def send(self, call: Call) -> Flow[Reply]:
        """One call, tried again where that is safe."""
        return (yield from perform(call, self.timeouts, self.retries, self.means))

    def post(self, path: str, body: bytes, *, key: str | None, content_type: str = JSON) -> Flow[Reply]:
        """A change of state: tried again under an idempotency key, without one only where nothing was sent."""
        headers = {"Content-Type": content_type, **({"Idempotency-Key": key} if key else {})}
        return (yield from self.send(Call(method="POST", path=path, body=body, headers=headers, safe=bool(key))))

    def ask(self, path: str, body: bytes, *, content_type: str = JSON) -> Flow[Reply]:
        """A question that is too long for a URL: it changes nothing, so that it may be asked again.

        Every attempt carries the same request id, which is how records of one question are told from two.
        """
        headers = {"Content-Type": content_type, "X-Request-ID": self.means.new_id()}
        return (yield from self.send(Call(method="POST", path=path, body=body, headers=headers)))

    def fetch(self, path: str, kind: type[Record], what: str, query: Mapping[str, Any] | None = None) -> Flow[Record]:
        """What a path shows, as a record."""
        reply = yield from self.send(Call(method="GET", path=path, query=_query(query or {})))
        return decoded(reply, kind, what)

    def listed(
        self, path: str, kind: type[Record], *, query: Mapping[str, Any], limit: int
    ) -> Flow[tuple[Record, ...]]:
        """Records of a list from its newest page on, following `Link: rel=next` until there are `limit`."""
        if limit < 1:
            raise InvalidInput(f"expected a limit of 1 or more, got {limit}")
        found: list[Record] = []
        call: Call | None = Call(method="GET", path=path, query=_query({"limit": min(limit, 200), **query}))
        while call is not None and len(found) < limit:
            reply = yield from self.send(call)
            items = items_of(decoded(reply, object, "a list"))
            found.extend(_converted(item, kind) for item in items)
            call = _next_page(call, reply) if items else None
        return tuple(found[:limit])


def _query(values: Mapping[str, Any]) -> dict[str, str]:
    """Parts of a query: nothing for what was left out, true and false in small letters."""
    given = {name: value for name, value in values.items() if value is not None and value != ""}
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in given.items()}


def items_of(body: Any) -> list[Any]:
    """The records of a list, which stands by itself or is the one list of an object."""
    if isinstance(body, dict):
        lists = [value for value in body.values() if isinstance(value, list)]
        named = next((body[name] for name in ("items", "rows", "data") if isinstance(body.get(name), list)), None)
        body = named if named is not None else lists[0] if len(lists) == 1 else None
    if not isinstance(body, list):
        raise Unavailable("expected a list from the platform, got something else; is it one, of a fitting version?")
    return body


def _converted(item: Any, kind: type[Record]) -> Record:
    try:
        return msgspec.convert(item, kind)
    except msgspec.ValidationError as error:
        raise Unavailable(f"the platform listed what is not expected there: {error}") from error


def _next_page(call: Call, reply: Reply) -> Call | None:
    """The call for the page after; None on the last. Only its query is taken, so that no reply leads elsewhere."""
    found = re.search(r'<([^>]*)>\s*;[^,]*\brel="?next"?', reply.headers.get("link", ""))
    if found is None:
        return None
    query = dict(parse_qsl(urlsplit(found[1]).query))
    return Call(method="GET", path=call.path, query=query) if query and query != call.query else None
