"""The server's side of a connection: heads that are endless or never whole are given up, whole answers go at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol as _HttpTools

from augury_server.api.departing import departing
from augury_server.api.headers import Pair

if TYPE_CHECKING:
    Base = object
else:
    Base = _HttpTools

__all__ = ["HEAD_BYTES", "HEAD_SECONDS", "WHOLE_ANSWERS", "GuardedProtocol"]

HEAD_BYTES = 65_536
"""Most bytes of a request's line and headers."""
HEAD_SECONDS = 10.0
"""How long a head may take, from the connection or from its first byte."""
WHOLE_ANSWERS = "augury.whole_answers"
"""Of a scope: `(connection, cycle)`, for `connection.answer(cycle, status, headers, body)`. Who takes it removes it."""

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
        self._head_timer: asyncio.TimerHandle | None = None
        self._await_head()

    def shutdown(self) -> None:
        """The server stops: answers that would go on for long end now."""
        departing.begin()
        parent: Any = super()
        parent.shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing more."""
        self._forget_timer()
        parent: Any = super()
        parent.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came; refuse when it is too much and still no whole head."""
        parent: Any = super()
        parent.data_received(data)
        if not self._in_head:
            return
        self._head_bytes += len(data)
        if self._head_bytes > HEAD_BYTES:
            self._refuse(_TOO_LARGE)
        elif self._head_timer is None:
            self._await_head()

    def on_message_begin(self) -> None:
        """A head begins."""
        self._in_head, self._head_bytes = True, 0
        parent: Any = super()
        parent.on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._in_head = False
        if self._head_timer is not None:
            self._forget_timer()
        parent: Any = super()
        before = self.cycle  # type: ignore[attr-defined]
        parent.on_headers_complete()
        if self.cycle is not before:  # type: ignore[attr-defined]
            self.scope[WHOLE_ANSWERS] = (self, self.cycle)  # type: ignore[attr-defined]

    def answer(self, cycle: Any, status: int, headers: Iterable[Pair], body: bytes) -> bool:
        """Send a whole response with one write, as two messages of ASGI would; False where those are needed.

        They are for a client that is slow or closes its connection, for the access log, and where a header holds
        what no header may, of which uvicorn tells.
        """
        if cycle.response_started or cycle.disconnected or not cycle.keep_alive:
            return False
        if self.config.access_log or cycle.flow.write_paused or cycle.scope["method"] == "HEAD":  # type: ignore[attr-defined]
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
        loop: asyncio.AbstractEventLoop = self.loop  # type: ignore[attr-defined]
        self._head_timer = loop.call_later(self.head_seconds, self._too_slow)

    def _too_slow(self) -> None:
        self._head_timer = None
        if self._in_head:
            self._refuse(_TOO_SLOW)

    def _forget_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _refuse(self, answer: bytes) -> None:
        self._forget_timer()
        transport: Any = self.transport  # type: ignore[attr-defined]
        if not transport.is_closing():
            transport.write(answer)
            transport.close()
