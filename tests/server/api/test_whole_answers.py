"""An answer that goes with one write is, byte for byte, the one that goes with two messages of ASGI."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from augury_server.api.protocol import GuardedProtocol

Probes = Callable[..., Any]
_VARYING = re.compile(rb"\r\n(date|ratelimit-remaining|ratelimit-reset): [^\r]*")


def request(api: Any, line: str, body: bytes = b"", *more: str, role: str | None = "viewer") -> bytes:
    head = [f"{line} HTTP/1.1", "Host: x", "X-Request-ID: one-and-the-same", *more]
    if role:
        head.append(f"Authorization: Bearer {api.keys[role]}")
    if body:
        head += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*head, "", ""]).encode() + body


def said(api: Any, *requests: bytes) -> bytes:
    """All that comes until the server closes, with what changes with time left out."""
    found = b""
    with socket.create_connection(api.address, 20) as connection:
        connection.sendall(b"".join(requests))
        while piece := connection.recv(65_536):
            found += piece
    return _VARYING.sub(b"", found)


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], list[bool]]:
    """`count(True)`: what each answer said of itself; `count(False)`: no answer goes at once."""
    kept = GuardedProtocol.answer

    def start(allowed: bool) -> list[bool]:
        told: list[bool] = []

        def answer(self: Any, *given: Any) -> bool:
            told.append(allowed and kept(self, *given))
            return told[-1]

        monkeypatch.setattr(GuardedProtocol, "answer", answer)
        return told

    return start


def test_whatever_is_asked_the_bytes_are_the_same(probes: Probes, count: Any) -> None:
    api = probes(**{"api.cors_origins": ["https://desk.example"], "api.body_megabytes": 0.1})
    row = b'{"a": [1.0, 2.0]}'
    asked = [
        request(api, "POST /predict", row),
        request(api, "POST /predict", b'{"a": ['),
        request(api, "POST /v1/tags", b'{"name": "x", "size": 1}'),
        request(api, "POST /v1/tags", b'{"name": "x", "size": -1}'),
        request(api, "GET /v1/count/7"),
        request(api, "GET /v1/broken/invalid"),
        request(api, "GET /v1/broken/secret"),
        request(api, "GET /v1/nothing"),
        request(api, "DELETE /v1/count/7"),
        request(api, "HEAD /models/trend/me"),
        request(api, "GET /models/trend/me"),
        request(api, "GET /models/trend/me", b"", "Origin: https://desk.example"),
        request(api, "OPTIONS /predict", b"", "Origin: https://desk.example", "Access-Control-Request-Method: POST"),
        request(api, "GET /health/live", role=None),
        request(api, "GET /models/trend/me", role=None),
        request(api, "GET /openapi.json"),
    ]
    last = request(api, "POST /predict", row, "Connection: close")
    large = request(api, "POST /predict", b"", "Content-Type: application/json", "Content-Length: 200000")
    old = b"GET /health/live HTTP/1.0\r\nX-Request-ID: one-and-the-same\r\n\r\n"
    for together in ([*asked, last], *([one, last] for one in asked), [large], [old], [last]):
        at_once = count(True)
        found = said(api, *together)
        assert sum(at_once) == len(together) - (together[-1] in (last, old, large)) - sum(
            one.startswith(b"HEAD") for one in together
        )
        count(False)
        assert found == said(api, *together)
        assert found.startswith(b"HTTP/1.1 ")


async def _wrong_header(_: Request) -> Response:
    return Response("x", headers={"x-told": "one\r\nx-other: two"})


async def _wrong_length(request: Request) -> Response:
    return Response("four", headers={"content-length": request.query_params["length"]})


async def _large(_: Request) -> Response:
    return Response(bytes(1_000_000))


class _Begun:
    """Begins an answer with a length and breaks."""

    async def __call__(self, _: Any, __: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        raise RuntimeError("between start and body")


@pytest.fixture
def faulty(platforms: Any, tmp_path: Any, serve: Any) -> Any:
    from types import SimpleNamespace

    from augury_server.api.app import create_app

    routes = [
        Route("/models/header", _wrong_header),
        Route("/models/length", _wrong_length),
        Route("/models/begun", _Begun()),
        Route("/models/large", _large),
    ]
    return serve(next(platforms("sqlite", tmp_path, None)), create_app(modules=[SimpleNamespace(routes=routes)]))


def test_a_client_that_does_not_read_is_not_written_to_without_end(faulty: Any, count: Any) -> None:
    at_once = count(True)
    page = request(faulty, "GET /models/large")
    with socket.create_connection(faulty.address, 20) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        for _ in range(40):
            connection.sendall(page)
        connection.settimeout(1.0)
        whole = bytearray()
        try:
            while piece := connection.recv(1 << 20):
                whole += piece
        except TimeoutError:
            pass
    assert whole.count(b"HTTP/1.1 200") == 40
    assert len(at_once) == 40
    assert not all(at_once), "what waited was not held back"


def test_a_header_that_holds_another_is_never_sent(faulty: Any, count: Any) -> None:
    at_once = count(True)
    found = said(faulty, request(faulty, "GET /models/header"))
    assert b"x-other" not in found
    assert not any(at_once)


def test_a_length_that_is_not_the_bodys_is_never_sent_with_it(faulty: Any, count: Any) -> None:
    at_once = count(True)
    for length in ("3", "5"):
        said(faulty, request(faulty, f"GET /models/length?length={length}"))
    assert at_once == []
    said(faulty, request(faulty, "GET /models/length?length=4"), request(faulty, "GET /models/header"))
    assert at_once == [True, False]


def test_an_answer_that_breaks_before_its_body_is_told_as_an_error(faulty: Any) -> None:
    client = faulty.client()
    answer = client.get("/models/begun")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
