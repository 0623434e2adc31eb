"""Bodies that nobody asked for: on paths that take none, from callers without a key, with two content types."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from augury_server.api import bodies
from augury_server.api.intake import LINES

Probes = Callable[..., Any]
JSON = {"content-type": "application/json"}
LINES_TYPE = "application/x-ndjson"
PIECE = b"10000\r\n" + b" " * 0x10000 + b"\r\n"


def taken(api: Any, head: str, most: int = 40_000_000) -> tuple[int, bytes]:
    """How many bytes of an endless body the server takes before it answers, and how it does."""
    sent = 0
    with socket.create_connection(api.address, 20) as connection:
        connection.sendall(f"{head}\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        connection.settimeout(0.02)
        while sent < most:
            try:
                heard = connection.recv(1 << 16)
            except TimeoutError:
                pass
            except ConnectionError:
                return sent, b""
            else:
                return sent, heard
            try:
                connection.sendall(PIECE)
            except (TimeoutError, ConnectionError):
                continue
            sent += len(PIECE)
    return sent, b""


def key(api: Any) -> str:
    return f"X-API-Key: {api.keys['viewer']}"


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("POST /streams/a/b", 404), ("PUT /predict/stream", 405), ("POST /streams/a/events", 405),
        ("DELETE /streams/a/b", 404), ("POST /health/live", 405), ("POST /v1/nothing", 404),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", [LINES_TYPE, "application/json"])
def test_what_no_route_takes_is_not_read(api: Any, asked: str, status: int, kind: str) -> None:
    sent, heard = taken(api, f"{asked} HTTP/1.1\r\n{key(api)}\r\nContent-Type: {kind}")
    assert heard.startswith(b"HTTP/1.1 %d" % status), heard
    assert sent < 1_000_000


def test_lines_where_none_are_answered_have_the_limit_of_a_body(probes: Probes) -> None:
    api = probes(**{"api.body_megabytes": 0.1})
    for path in ("/predict", "/v1/tags"):
        sent, heard = taken(api, f"POST {path} HTTP/1.1\r\n{key(api)}\r\nContent-Type: {LINES_TYPE}")
        assert heard.startswith((b"HTTP/1.1 413", b"HTTP/1.1 415")), heard
        assert sent < 2_000_000
    said = api.client().post("/v1/tags", content=b" " * 200_000, headers={"content-type": LINES_TYPE})
    assert said.status_code == 413


@pytest.mark.parametrize("kinds", [(LINES_TYPE, "application/json"), ("application/json", LINES_TYPE)])
def test_of_two_content_types_the_last_one_counts_everywhere(api: Any, kinds: tuple[str, str]) -> None:
    made = api.client().post("/streams", json={"kind": "values"}).json()["id"]
    headers = "\r\n".join(f"Content-Type: {kind}" for kind in kinds)
    sent, heard = taken(api, f"POST /streams/{made} HTTP/1.1\r\n{key(api)}\r\n{headers}")
    if kinds[-1] == LINES_TYPE:
        assert heard.startswith(b"HTTP/1.1 200"), heard
    else:
        assert heard.startswith(b"HTTP/1.1 413"), heard
        assert sent < 20_000_000


def test_lines_may_pause_for_minutes_and_not_for_days() -> None:
    assert LINES.size is None
    assert 60 <= LINES.seconds <= 3_600


def test_nothing_of_a_body_is_read_for_callers_without_a_key(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    kept = bodies.read_body

    async def reading(scope: Any, receive: Any) -> bytes:
        read.append(1)
        return await kept(scope, receive)

    monkeypatch.setattr("augury_server.api.composing.read_body", reading)
    for path in ("/health/live", "/v2/health/live", "/health/ready", "/", "/docs", "/predict"):
        for method in ("POST", "PUT", "GET"):
            answer = httpx.request(method, f"{api.url}{path}", content=b"[[]]", headers=JSON)
            assert answer.status_code == 401, (method, path)
    sent, heard = taken(api, "POST /health/live HTTP/1.1\r\nContent-Type: application/json")
    assert heard.startswith(b"HTTP/1.1 401"), heard
    assert sent < 1_000_000
    assert not read
    assert httpx.get(f"{api.url}/health/live", headers={"content-length": "0"}).status_code == 200


def test_only_looking_at_the_health_is_without_a_limit(probes: Probes) -> None:
    api = probes(**{"api.anonymous_per_minute": 5})
    anybody = api.client(None)
    for _ in range(20):
        assert anybody.get("/health/live").status_code == 200
        assert anybody.head("/health/live").status_code == 200
    told = [anybody.post("/health/live", content=b"[]", headers=JSON).status_code for _ in range(8)]
    assert told == [401] * 5 + [429] * 3
    assert anybody.post("/health/live").status_code == 429
    assert anybody.get("/health/live").status_code == 200
