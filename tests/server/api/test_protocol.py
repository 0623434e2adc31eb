"""Heads of requests that are endless, slow or never come; whole ones pass, one after the other and all at once."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

from augury_server.api.protocol import HEAD_BYTES, GuardedProtocol

Probes = Callable[..., Any]


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that waits for a head for a fraction of a second."""
    monkeypatch.setattr(GuardedProtocol, "head_seconds", 0.3)


def heard(connection: socket.socket) -> bytes:
    """Everything until the other side closes."""
    found = b""
    while True:
        try:
            piece = connection.recv(65536)
        except ConnectionError:
            return found
        if not piece:
            return found
        found += piece


@pytest.mark.usefixtures("hasty")
def test_a_head_that_does_not_come_or_comes_slowly_is_given_up(probes: Probes) -> None:
    api = probes()
    for sent in (b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nX-A: 1"):
        with socket.create_connection(api.address, 10) as connection:
            connection.sendall(sent)
            assert heard(connection).startswith(b"HTTP/1.1 408")
    with socket.create_connection(api.address, 10) as connection:
        connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(10).startswith(b"HTTP/1.1 ")
        connection.sendall(b"GET /health/live HTTP/1.1\r\nHost:")
        assert b"HTTP/1.1 408" in heard(connection)


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"a" * 300_000,
        b"GET / HTTP/1.1\r\nX-A: " + b"a" * 300_000,
        b"GET / HTTP/1.1\r\n" + b"X-A: 1\r\n" * 40_000,
    ],
    ids=["line", "value", "many"],
)
def test_a_head_without_an_end_is_refused_at_its_limit(probes: Probes, head: bytes) -> None:
    api = probes()
    with socket.create_connection(api.address, 10) as connection:
        try:
            for start in range(0, len(head), 8192):
                connection.sendall(head[start : start + 8192])
        except ConnectionError:
            pass
        told = heard(connection)
        assert told == b"" or told.startswith((b"HTTP/1.1 431", b"HTTP/1.1 400"))
    assert api.client().get("/v1/count/1").status_code == 200


def test_large_heads_below_the_limit_pass(probes: Probes) -> None:
    client = probes().client()
    headers = {f"x-{number}": "a" * 1000 for number in range(HEAD_BYTES // 1100)}
    assert client.get("/v1/count/1", headers=headers).status_code == 200


@pytest.mark.usefixtures("hasty")
def test_a_body_may_take_longer_than_a_head(probes: Probes) -> None:
    api = probes()
    key = api.keys["viewer"].encode()
    with socket.create_connection(api.address, 10) as connection:
        head = b"POST /predict HTTP/1.1\r\nHost: x\r\nX-API-Key: " + key + b"\r\nContent-Length: 14\r\n\r\n"
        connection.sendall(head + b'{"row"')
        connection.settimeout(0.6)
        with pytest.raises(TimeoutError):
            connection.recv(10)
        connection.settimeout(10)
        connection.sendall(b": [1.0]}"[:8])
        assert connection.recv(100).startswith(b"HTTP/1.1 200")


def test_requests_on_one_connection_are_answered_in_order(probes: Probes) -> None:
    api = probes()
    key = api.keys["viewer"].encode()
    asked = b"".join(
        b"GET /v1/count/%d HTTP/1.1\r\nHost: x\r\nX-API-Key: %s\r\n%s\r\n"
        % (number, key, b"Connection: close\r\n" if number == 19 else b"")
        for number in range(20)
    )
    with socket.create_connection(api.address, 10) as connection:
        connection.sendall(asked)
        told = heard(connection)
    assert [told.find(b'{"number":%d}' % number) for number in range(20)] == sorted(
        told.find(b'{"number":%d}' % number) for number in range(20)
    )
    assert told.count(b"HTTP/1.1 200") == 20
