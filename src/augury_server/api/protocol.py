"""The server's side of a connection: heads that are endless or never whole are given up, whole answers go at once, and
what can be answered without waiting is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import STATUS_LINE
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol as _HttpTools

from augury_server.api.departing import departing
from augury_server.api.headers import Pair

if TYPE_CHECKING:

    class Base:
        """uvicorn's protocol, whose attributes nothing promises."""

        def __getattr__(self, name: str) -> Any: ...
else:
    Base = _HttpTools

__all__ = ["ANSWERS_NOW", "HEAD_BYTES", "HEAD_SECONDS", "WHOLE_ANSWERS", "GuardedProtocol"]

HEAD_BYTES = 65_536
"""Most bytes of a request's line and headers."""
HEAD_SECONDS = 10.0
"""How long a head may take, from the connection or from its first byte."""
WHOLE_ANSWERS = "augury.whole_answers"
"""Of a scope: `(connection, cycle)`, for `connection.answer(cycle, status, headers, body)`. Who takes it removes it."""

ANSWERS_NOW = "augury.answers_now"
"""Of the lifespan's state: an `AnswersNow`, which is asked before a request is made one of ASGI."""

_BODY_SECONDS, _BODY_BYTES = 0.1, 65_536
"""So long, and up to so much, a request that may be answered at once waits for its body: many clients send it apart."""
_MOST_NOW = 8
"""So many requests that came together are answered at once; those behind them let other connections go first."""
_CONTROLS = bytes([*range(32), 127]).replace(b"\t", b"")

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class GuardedProtocol(Base):
    """uvicorn's HTTP protocol, of which each head is bounded in size and time; name it to uvicorn as `--http`.

    What follows the head is bounded by the frame, and the pause between two requests by uvicorn's keep-alive.
    """

    head_seconds = HEAD_SECONDS

    def connection_made(self, transport: Any) -> None:
        """Expect a head soon."""
        parent: Any = super()
        parent.connection_made(transport)
        self._in_head, self._head_bytes = True, 0
        self._begun = self._mixed = False
        self._head_timer: asyncio.TimerHandle | None = None
        self._await_head()
        plain = not (self.root_path or self.config.access_log or self.limit_concurrency is not None)
        self._now: Any = self.app_state.get(ANSWERS_NOW) if plain else None
        self._body: list[bytes] | None = None  # of a request that may be answered at once
        self._body_timer: asyncio.TimerHandle | None = None
        self._idle_timer: asyncio.TimerHandle | None = None
        self._idle_since: float | None = None
        self._defaults: Any = None

    def shutdown(self) -> None:
        """The server stops: answers that would go on for long end now; requests whose head is here are answered."""
        departing.begin()
        if self._body is not None:
            self._hand_on({})
        parent: Any = super()
        parent.shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing more."""
        self._forget_timer()
        if self._body is not None:  # who leaves is noted as on the ordinary way
            self._hand_on({})
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        parent: Any = super()
        parent.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came; refuse when it is too much and still no whole head."""
        self._answered, self._mixed = 0, False
        parent: Any = super()
        parent.data_received(data)
        if self._body is not None:
            self._await_body()
        if not self._in_head:
            return
        if not self._mixed:  # else other requests came with it
            self._head_bytes += len(data)
        if self._head_bytes > HEAD_BYTES:
            self._refuse(_TOO_LARGE)
        elif self._head_timer is None:
            self._await_head()

    def on_message_begin(self) -> None:
        """A head begins; `_begin` makes a scope of it when it needs one."""
        self._in_head, self._head_bytes = True, 0
        self._begun, self._mixed = True, self._begun
        self._idle_since = None
        self.url, self.expect_100_continue = b"", False
        self.headers: list[Pair] = []

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; what comes behind a body in chunks is none: nobody would look at it again."""
        if self._in_head:
            parent: Any = super()
            parent.on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._in_head = False
        self._idle_since = None  # perhaps an answer went while it came
        if self._head_timer is not None:
            self._forget_timer()
        if self._now is not None and self.url in self._now and self._is_plain():
            self._head = dict(self.headers)
            if self._now.may_answer(self._head):
                self._body = []
                return
        self._begin({})

    def on_body(self, body: bytes) -> None:
        """A piece of a body."""
        if self._body is not None:
            self._body.append(body)
        else:
            parent: Any = super()
            parent.on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        if self._body is not None:
            reply = self._now.answer(self.url, self._head, b"".join(self._body), self._caller)
            if isinstance(reply, bytes):
                self._forget_body()
                self._answered += 1
                self._send_now(reply)
                return
            self._hand_on(reply)
        parent: Any = super()
        parent.on_message_complete()

    def _is_plain(self) -> bool:
        """Whether nothing is to be waited for, before this request or because of it."""
        cycle, parser = self.cycle, self.parser
        return (
            parser.get_method() == b"POST"
            and parser.get_http_version() == "1.1"
            and parser.should_keep_alive()
            and not self.expect_100_continue
            and (cycle is None or cycle.response_complete)
            and not self.flow.write_paused
            and not self.transport.is_closing()
            and self._answered < _MOST_NOW
        )

    def _hand_on(self, known: Mapping[str, Any]) -> None:
        """Go on the ordinary way with a request of which head and perhaps some of the body are here."""
        body = self._body
        self._forget_body()
        self._begin(known)
        parent: Any = super()
        for piece in body or ():
            parent.on_body(piece)

    def _await_body(self) -> None:
        """Let the rest of a body come, unless it is long or nothing will, as behind what is malformed."""
        if self.transport.is_closing() or sum(map(len, self._body or ())) > _BODY_BYTES:
            self._hand_on({})
        elif self._body_timer is None:
            self._body_timer = self.loop.call_later(_BODY_SECONDS, self._hand_on, {})

    def _forget_body(self) -> None:
        self._body = None
        if self._body_timer is not None:
            self._body_timer.cancel()
            self._body_timer = None

    def _begin(self, known: Mapping[str, Any]) -> None:
        """Make the request one of ASGI, with what is known of it in its scope."""
        parent: Any = super()
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        parent.on_message_begin()
        self.url, self.headers, self.expect_100_continue = url, headers, expects
        self.scope["headers"] = headers
        self.scope.update(known)
        before = self.cycle
        parent.on_headers_complete()
        if self.cycle is not before:
            self.scope[WHOLE_ANSWERS] = (self, self.cycle)

    def _send_now(self, reply: bytes) -> None:
        defaults = self.server_state.default_headers
        if self._defaults is not defaults:
            self._defaults = defaults
            self._status = STATUS_LINE[200][:-2] + b"".join(b"\r\n%b: %b" % pair for pair in defaults)
        self.transport.write(self._status + reply)
        self.server_state.total_requests += 1
        self._begin_idle()

    def on_response_complete(self) -> None:
        """As uvicorn does, but for the timer."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        else:
            self._begin_idle()

    def _caller(self) -> str:
        """Who calls, for the log: behind a proxy that uvicorn trusts, whom it names."""
        found: dict[str, Any] = {"type": "http", "scheme": self.scheme, "client": self.client, "headers": self.headers}
        if isinstance(self.app, ProxyHeadersMiddleware):

            async def keep(scope: Any, _: Any, __: Any) -> None:
                found.update(scope)

            named = ProxyHeadersMiddleware(keep)
            named.trusted_hosts = self.app.trusted_hosts
            with suppress(StopIteration):  # it waits for nothing
                named(found, None, None).send(None)  # type: ignore[arg-type]
        client = found["client"]
        return "local" if client is None else str(client[0])

    def _begin_idle(self) -> None:
        self._idle_since = self.loop.time()
        if self._idle_timer is None:
            self._idle_timer = self.loop.call_later(self.timeout_keep_alive, self._end_idle)

    def _end_idle(self) -> None:
        """Close a connection on which nothing came for uvicorn's time: one timer for many answers, not one for each."""
        self._idle_timer = None
        if self._idle_since is None:  # something came, and ends with an answer that looks after this again
            return
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._idle_timer = self.loop.call_later(left, self._end_idle)
        elif not self.transport.is_closing():
            self.transport.close()

    def answer(self, cycle: Any, status: int, headers: Iterable[Pair], body: bytes) -> bool:
        """Send a whole response with one write, as two messages of ASGI would; False where those are needed.

        They are for a client that is slow or closes its connection, for the access log, and where a header holds
        what no header may, of which uvicorn tells.
        """
        if cycle.response_started or cycle.disconnected or not cycle.keep_alive:
            return False
        if self.config.access_log or cycle.flow.write_paused or cycle.scope["method"] == "HEAD":
            return False
        lines = [STATUS_LINE[status][:-2], *(name + b": " + value for name, value in cycle.default_headers)]
        lines += [name + b": " + value for name, value in headers]
        head = b"\r\n".join(lines)
        if len(head.translate(None, _CONTROLS)) != len(head) - 2 * (len(lines) - 1) or b"\r\nconnection: " in head:
            return False
        cycle.transport.write(b"%b\r\n\r\n%b" % (head, body))
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        cycle.message_event.set()
        cycle.on_response()
        return True

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(self.head_seconds, self._too_slow)

    def _too_slow(self) -> None:
        self._head_timer = None
        if self.cycle is not None and not self.cycle.response_complete:
            self._await_head()  # it came early, and is waited for behind the answer that is under way
        elif self._in_head:
            self._refuse(_TOO_SLOW)

    def _forget_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _refuse(self, answer: bytes) -> None:
        self._forget_timer()
        if not self.transport.is_closing():
            self.transport.write(answer)
            self.transport.close()
