"""One request under way: what is known of it, its body within limits, its response with the headers of all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, TypeAlias

from augury_server.accounts.keyring import Principal
from augury_server.api.headers import NO_STORE, POLICY, Pair
from augury_server.api.intake import LINES, Allowance, are_lines
from augury_server.api.limits import Verdict
from augury_server.api.problems import ProblemError
from augury_server.api.protocol import WHOLE_ANSWERS

if TYPE_CHECKING:
    from augury_server.api.watch import Watch

__all__ = ["Call", "Message", "Receive", "Scope", "Send"]

Message: TypeAlias = MutableMapping[str, Any]
Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

_HIGH_WATER = 65_536
"""So much of a body the server takes in by itself; a longer one that nobody reads ends the connection."""


class Call:
    """A request as the frame sees it; it is `scope["augury"]`."""

    __slots__ = (
        "_connection", "_got", "_held", "_length", "_receive", "_send", "_until", "_watch", "_whole", "allowance",
        "expected", "fixed", "has_body", "headers", "ours", "overdue", "path", "principal", "request_id", "route",
        "scope", "status", "task", "verdict",
    )  # fmt: skip

    def __init__(self, scope: Scope, receive: Receive, send: Send, request_id: str, fixed: tuple[Pair, ...]) -> None:
        self.scope = scope
        self._receive = receive
        self._send = send
        self._connection = scope.pop(WHOLE_ANSWERS, None)
        self._held: Message | None = None
        self._length: bytes | None = None
        self.path: str = scope["path"]
        self.request_id = request_id
        self.fixed = fixed
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.ours: tuple[Pair, ...] = ()
        self.principal: Principal | None = None
        self.verdict: Verdict | None = None
        self.route = "none"
        self.status = 0
        self.has_body = False
        self.expected = 0
        self.overdue = False
        self.task: asyncio.Task[Any] | None = None
        self.allowance: Allowance | None = None
        self._watch: Watch | None = None
        self._whole = True
        self._got = 0
        self._until = 0.0

    def expect_body(self, allowance: Allowance, length: int, watch: Watch) -> None:
        """A body comes, of `length` bytes (-1: unknown), that must keep to its allowance."""
        self.has_body, self._whole = True, False
        self.allowance, self.expected, self._watch = allowance, length, watch
        if not allowance.streams:
            self._until = watch.clock() + allowance.seconds

    @property
    def sends_lines(self) -> bool:
        """Whether the content type of the body is JSON line by line."""
        return are_lines(self.headers.get(b"content-type", b""))

    def take_lines(self) -> None:
        """Let a body of lines be as long as it likes: for who answers them as they come and keeps none."""
        if not self._whole and self.sends_lines:
            self.allowance = LINES

    @property
    def leaves_body(self) -> bool:
        """Whether more of a body is to come than the server takes in by itself."""
        return not self._whole and not 0 <= self.expected - self._got <= _HIGH_WATER

    async def receive(self) -> Message:
        """The next piece of the body; the problem 413 when it is too much and 408 when it took too long."""
        if self._whole:
            return await self._receive()
        allowance, watch = self.allowance, self._watch
        assert allowance is not None
        assert watch is not None
        if allowance.size is not None and self.expected > allowance.size:
            raise too_large(allowance.size)
        self.task = asyncio.current_task()
        watch.waiting[self] = watch.clock() + allowance.seconds if allowance.streams else self._until
        watch.wake()
        try:
            message = await self._receive()
        except asyncio.CancelledError:
            if not self.overdue or self.task is None:
                raise
            self.task.uncancel()
            raise ProblemError(
                "body-too-slow",
                f"the body should be here within {allowance.seconds:g} seconds",
                {"connection": "close"},
            ) from None
        finally:
            watch.waiting.pop(self, None)
        if message["type"] == "http.request":
            self._got += len(message.get("body", b""))
            if allowance.size is not None and self._got > allowance.size:
                raise too_large(allowance.size)
            self._whole = not message.get("more_body", False)
        else:
            self._whole = True
        return message

    async def send(self, message: Message) -> None:
        """Send a part of the response, with the headers that every response has.

        Of a response with a known length the start waits for its body, so that both go with one write.
        """
        if message["type"] == "http.response.start" or message["type"] == "websocket.accept":
            self.status = message.get("status", 101)
            message["headers"] = self._dressed(message.get("headers", ()))
            if self._connection is not None and self._length is not None:
                self._held = message
                return
        elif self._held is not None:
            start, self._held = self._held, None
            body = message.get("body", b"")
            if not message.get("more_body", False) and b"%d" % len(body) == self._length:
                connection, cycle = self._connection
                if connection.answer(cycle, start["status"], start["headers"], body):
                    return
            await self._send(start)
        await self._send(message)

    def take_back(self) -> None:
        """Forget a start that has not been sent."""
        if self._held is not None:
            self._held, self.status = None, 0

    def _dressed(self, given: Any) -> list[Pair]:
        headers = [*given, (b"x-request-id", self.request_id.encode("ascii")), *self.fixed, *self.ours]
        policy, store = True, self.principal is not None
        for name, value in given:
            if name == b"content-length":
                self._length = value
            elif name == b"content-security-policy":
                policy = False
            elif name == b"cache-control":
                store = False
        if policy:
            headers.append(POLICY)
        if store:
            headers.append(NO_STORE)
        verdict = self.verdict
        if verdict is not None:
            headers.append((b"ratelimit-limit", b"%d" % verdict.limit))
            headers.append((b"ratelimit-remaining", b"%d" % verdict.remaining))
            headers.append((b"ratelimit-reset", b"%d" % verdict.reset))
        return headers


def too_large(size: int) -> ProblemError:
    """The problem of a body that is larger than its allowance."""
    return ProblemError("body-too-large", f"a body here has at most {size:,} bytes", {"connection": "close"})
