"""Requests that need nothing but memory, answered in the turn of the event loop in which they came.

Of a small model's answer over ASGI most is the way there: a scope, a task, an event, messages. Where a route can answer
without waiting, the connection asks here first; whatever is not plain goes the ordinary way, which knows everything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from augury_server.api.bodies import is_json
from augury_server.api.headers import NO_STORE, POLICY, Pair
from augury_server.api.json_bodies import JSON
from augury_server.api.logs import Entry, RequestLog
from augury_server.api.request_ids import sane_id
from augury_server.api.security import scope_of, token_of

if TYPE_CHECKING:
    from augury_server.api.state import State

__all__ = ["VERDICT", "AnswersNow", "Reply", "RouteNow"]

VERDICT = "augury.verdict"
"""Of a scope: what the limit said of this request already, so that it is asked once."""

_ORDINARY = frozenset({b"origin", b"content-encoding", b"transfer-encoding", b"upgrade"})
_LARGEST = 65_536

Reply: TypeAlias = bytes | dict[str, Any]
"""Headers and body of a response with status 200, or what the scope holds in which the ordinary way finds it."""


class RouteNow(Protocol):
    """A route that can answer a body of JSON at once: the answer as JSON, or None, with nothing done.

    Any error it raises comes before it does anything: the ordinary way meets it again, and tells it.
    """

    def __call__(self, state: State, body: bytes, request_id: str, /) -> bytes | None:
        """The answer, or None."""


class AnswersNow:
    """Answers POST requests by their path; `routes` holds those that can be.

    A response is, byte for byte, that of the frame and the route; key, scope, limit, metrics and log are theirs.
    """

    def __init__(
        self,
        state: State,
        routes: Mapping[str, RouteNow],
        *,
        ids: Callable[[], str],
        log: RequestLog,
        fixed: Sequence[Pair],
        largest: int,
    ) -> None:
        self._state, self._ids, self._log = state, ids, log
        self._largest = min(largest, _LARGEST)
        self._routes = {
            path.encode("ascii"): (path, scope_of(path), route) for path, route in routes.items() if not log.every
        }
        self._before = b"\r\ncontent-type: " + JSON.encode("ascii") + b"\r\ncontent-length: "
        self._after = b"".join(b"\r\n%b: %b" % pair for pair in (*fixed, POLICY, NO_STORE)) + b"\r\nratelimit-limit: "

    def __contains__(self, target: bytes) -> bool:
        """Whether a request's target is a path that may be answered here."""
        return target in self._routes

    @staticmethod
    def may_answer(head: Mapping[bytes, bytes]) -> bool:
        """Whether nothing in a request's head is for the ordinary way alone."""
        return _ORDINARY.isdisjoint(head)

    def answer(self, target: bytes, head: Mapping[bytes, bytes], body: bytes, client: Callable[[], str]) -> Reply:
        """The response to a request whose body is whole; see `Reply`. Nothing has happened that would happen again.

        `client` says who calls, where that is written.
        """
        began = perf_counter()
        state = self._state
        if len(body) > self._largest:
            return {}
        path, needed, route = self._routes[target]
        token, kind = token_of(head), head.get(b"content-type")
        principal = None if token is None else state.keys.find(token)
        if principal is None or needed not in principal.scopes or (kind is not None and not is_json(kind)):
            return {}
        verdict = state.limits.take(principal.key_id)
        request_id = sane_id(head.get(b"x-request-id")) or self._ids()
        try:
            said = route(state, body, request_id) if verdict.allowed else None
        except Exception:  # noqa: BLE001 - met again on the ordinary way, where errors are told
            said = None
        if said is None:
            return {VERDICT: verdict}
        seconds = perf_counter() - began
        state.metrics.add(path, "POST", 200, seconds)
        if self._log.wants(200, seconds):
            self._log.write(Entry("POST", path, 200, seconds, request_id, principal.name, client()))
        return b"%b%d\r\nx-request-id: %b%b%d\r\nratelimit-remaining: %d\r\nratelimit-reset: %d\r\n\r\n%b" % (
            self._before, len(said), request_id.encode("ascii"), self._after,
            verdict.limit, verdict.remaining, verdict.reset, said,
        )  # fmt: skip
