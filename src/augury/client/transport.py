"""Requests over HTTP for the client that waits: an attempt at a time, a whole reply or the reason why there is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from augury.client.address import Address
from augury.client.retrying import Timeouts
from augury.client.steps import Attempt, Call, Failure, Flow, Means, Outcome, Pause, Reply
from augury.extras import require
from augury.version import __version__

if TYPE_CHECKING:
    import httpx

__all__ = ["LARGEST_REPLY", "Transport", "failure_of", "request_headers", "session_options"]

Value = TypeVar("Value")

LARGEST_REPLY = 256 * 1024 * 1024
"""Bytes of a reply that is kept in memory; what is larger is refused, unless a file takes it."""

_PIECE = 256 * 1024


class TooLong(Exception):
    """A reply took longer than the whole call may, or is larger than what is kept."""


def session_options(address: Address, timeouts: Timeouts) -> dict[str, Any]:
    """What both kinds of client are made with. Redirects are not followed: a key goes to one host only.

    Proxies of the environment are not used for this machine itself.
    """
    httpx = require("httpx", extra="client")
    return {
        "base_url": address.url,
        "headers": {"User-Agent": f"augury/{__version__}", "Accept": "application/json", **address.headers()},
        "timeout": httpx.Timeout(timeouts.read_seconds, connect=timeouts.connect_seconds),
        "follow_redirects": False,
        "trust_env": not address.loopback,
    }


def request_headers(call: Call) -> dict[str, str]:
    """Headers of one call; the length of a file is told beforehand, and a file comes as it is stored."""
    headers = dict(call.headers)
    if isinstance(call.body, Path):
        headers["Content-Length"] = str(call.body.stat().st_size)
    if call.into is not None:
        headers["Accept"] = "*/*"
        headers["Accept-Encoding"] = "identity"
    return headers


def timeout_of(attempt: Attempt, timeouts: Timeouts) -> Any:
    """Bounds of one attempt: never longer than what is left of the whole."""
    httpx = require("httpx", extra="client")
    idle = attempt.call.read_seconds or timeouts.read_seconds
    return httpx.Timeout(min(idle, attempt.seconds), connect=min(timeouts.connect_seconds, attempt.seconds))


def failure_of(error: Exception, address: Address) -> Failure:
    """The reason why no whole reply came, and whether the request can have reached the platform."""
    httpx = require("httpx", extra="client")
    unsent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
    said = str(error) or "the connection broke"
    reason = {
        httpx.ConnectTimeout: "no connection in time", httpx.ReadTimeout: "no answer in time",
        httpx.WriteTimeout: "it did not take the request in time",
    }.get(type(error), said)  # fmt: skip
    return Failure(reason=f"{address.without_key(reason)} ({address.url})", sent=not unsent)


def reply_of(response: httpx.Response, body: bytes, address: Address) -> Reply:
    """A response as a reply; a refusal that repeats the key has it hidden, since it becomes the text of an error."""
    headers: Mapping[str, str] = {name.lower(): value for name, value in response.headers.items()}
    if response.status_code >= 300 and address.key:
        headers = {name: address.without_key(value) for name, value in headers.items()}
        body = body.replace(address.key.encode(), b"***")
    return Reply(status=response.status_code, headers=headers, body=body)


class Transport:
    """Walks flows: sends each attempt, waits in each pause."""

    def __init__(self, address: Address, timeouts: Timeouts, means: Means) -> None:
        self._address, self._timeouts, self._means = address, timeouts, means
        self._session: httpx.Client = require("httpx", extra="client").Client(**session_options(address, timeouts))

    def walk(self, flow: Flow[Value]) -> Value:
        """Everything that a flow asks for, until it returns its value or raises."""
        outcome: Outcome = None
        while True:
            try:
                step = flow.send(outcome)
            except StopIteration as end:
                value: Value = end.value
                return value
            if isinstance(step, Pause):
                self._means.sleep(step.seconds)
                outcome = None
            else:
                outcome = self._attempt(step)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _attempt(self, attempt: Attempt) -> Reply | Failure:
        import httpx

        call, until = attempt.call, self._means.clock() + attempt.seconds
        content = _pieces(call.body) if isinstance(call.body, Path) else call.body
        try:
            with self._session.stream(
                call.method, call.path, params=dict(call.query) or None, content=content,
                headers=request_headers(call), timeout=timeout_of(attempt, self._timeouts),
            ) as response:  # fmt: skip
                if call.into is not None and response.status_code < 300:
                    return self._into_file(response, call.into, until)
                return reply_of(response, self._whole(response, until), self._address)
        except (httpx.TransportError, httpx.DecodingError, TooLong) as error:
            return failure_of(error, self._address)

    def _whole(self, response: httpx.Response, until: float) -> bytes:
        body = bytearray()
        for piece in response.iter_bytes():
            body += piece
            self._check(len(body), until)
        return bytes(body)

    def _into_file(self, response: httpx.Response, into: Path, until: float) -> Reply:
        with into.open("wb") as file:
            for piece in response.iter_bytes(_PIECE):
                file.write(piece)
                self._check(0, until)
        return reply_of(response, b"", self._address)

    def _check(self, size: int, until: float) -> None:
        if size > LARGEST_REPLY:
            raise TooLong(f"a reply of more than {LARGEST_REPLY:,} bytes")
        if self._means.clock() > until:
            raise TooLong("the answer was not whole in time")


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
