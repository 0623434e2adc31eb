"""Bodies that are huge, slow, endless, deep or no JSON are refused early, and the server goes on."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury_server.api.bodies import DEEPEST, decode_json, is_json
from augury_server.api.problems import ProblemError

Probes = Callable[..., Any]
JSON = {"content-type": "application/json"}
ANY = msgspec.json.Decoder()


def exchange(api: Any, head: str, pieces: Iterator[bytes] | None = None, seconds: float = 20.0) -> bytes:
    """What comes back on a raw connection for a request that is sent piece by piece until the server has enough."""
    with socket.create_connection(api.address, seconds) as connection:
        key = api.keys["viewer"]
        connection.sendall(f"{head}\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n".encode())
        connection.settimeout(0.0)
        heard, until = b"", time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                found = connection.recv(65536)
                heard += found
                if not found or b"request_id" in heard:
                    return heard
            except BlockingIOError:
                pass
            except ConnectionError:
                return heard
            try:
                piece = next(pieces, None) if pieces is not None else None
                if piece:
                    connection.send(piece)
                else:
                    time.sleep(0.01)
            except BlockingIOError:
                time.sleep(0.001)
            except ConnectionError:
                pieces = None
    raise AssertionError(f"no whole answer: {heard!r:.300}")


def endless(piece: bytes) -> Iterator[bytes]:
    while True:
        yield piece


def slowly(piece: bytes, seconds: float) -> Iterator[bytes]:
    """A piece now and then; nothing in between."""
    due = time.monotonic()
    while True:
        if time.monotonic() >= due:
            due = time.monotonic() + seconds
            yield piece
        else:
            yield b""


def test_a_body_that_says_it_is_too_large_is_refused_before_it_comes(probes: Probes) -> None:
    api = probes()
    heard = exchange(api, "POST /predict HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 1000000000")
    assert heard.startswith(b"HTTP/1.1 413")
    assert b"urn:augury:problem:body-too-large" in heard
    assert b"connection: close" in heard.lower()
    assert api.client().get("/v1/count/1").status_code == 200


def test_a_body_without_an_end_is_refused_at_its_limit_in_flat_memory(probes: Probes) -> None:
    api = probes(**{"api.body_megabytes": 1})
    before = psutil.Process().memory_info().rss
    for path in ("/predict", "/v1/tags"):
        head = f"POST {path} HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked"
        piece = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        assert exchange(api, head, endless(piece)).startswith(b"HTTP/1.1 413")
    assert psutil.Process().memory_info().rss - before < 64 << 20
    assert api.client().get("/v1/count/1").status_code == 200


def test_a_body_that_comes_drop_by_drop_is_given_up(probes: Probes) -> None:
    api = probes(**{"api.body_seconds": 0.4})
    for path in ("/predict", "/v1/tags"):
        head = f"POST {path} HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 1000"
        heard = exchange(api, head, slowly(b" ", 0.05))
        assert heard.startswith(b"HTTP/1.1 408"), heard
        assert b"urn:augury:problem:body-too-slow" in heard
        silent = exchange(api, head)
        assert silent.startswith(b"HTTP/1.1 408"), silent
    assert api.client().get("/v1/count/1").status_code == 200


def test_rows_that_stream_may_take_their_time_and_have_no_limit_of_size(probes: Probes) -> None:
    api = probes(**{"api.body_seconds": 0.2, "api.body_megabytes": 0.001})

    def lines() -> Iterator[bytes]:
        for _ in range(6):
            yield b'{"row": [1.0]}\n' * 100
            time.sleep(0.1)

    client = api.client()
    rows = {"content-type": "application/x-ndjson"}
    assert client.post("/predict/stream", content=lines(), headers=rows).text == str(15 * 600)
    assert client.post("/predict/stream", content=b"x" * 5000, headers=JSON).status_code == 413


def test_a_caller_who_leaves_in_the_middle_does_no_harm(probes: Probes) -> None:
    api = probes()
    for _ in range(20):
        with socket.create_connection(api.address, 5) as connection:
            head = (
                f"POST /predict HTTP/1.1\r\nHost: x\r\nX-API-Key: {api.keys['viewer']}\r\nContent-Length: 500\r\n\r\n"
            )
            connection.sendall(head.encode() + b'{"row":')
    api.wait(lambda: api.state.metrics.running == 0, "the end of what nobody waits for")
    assert api.client().post("/predict", json={"row": [2.0]}).json() == {"row": [2.0]}


DEEP = b"[" * 100_000
REFUSED = {
    "deep": (DEEP + b"]" * 100_000, 400),
    "deep and open": (DEEP, 400),
    "deep objects": (b'{"a":' * 100_000, 400),
    "33 deep": (b"[" * 33 + b"]" * 33, 400),
    "not UTF-8": (b'{"row": "\xff\xfe"}', 400),
    "half a pair": (b'{"row": "\\ud800"}', 400),
    "encoded half": (b'{"row": "\xed\xa0\x80"}', 400),
    "NaN": (b'{"row": [NaN]}', 400),
    "Infinity": (b'{"row": [-Infinity]}', 400),
    "a number that no double holds": (b'{"row": [1e999]}', 422),
    "half": (b'{"row": [1.0', 400),
    "empty": (b"", 400),
    "not JSON": (b"row=1", 400),
    "UTF-16": ('{"row": [1.0]}'.encode("utf-16"), 400),
    "another shape": (b'{"row": {"a": 1}}', 422),
    "two": (b'{"row": [1.0]} {"row": [1.0]}', 400),
    "null bytes": (b"\0" * 1000, 400),
}


@pytest.mark.parametrize("path", ["/predict", "/v1/tags"])
def test_what_is_no_plain_json_is_a_problem_on_every_path(probes: Probes, path: str) -> None:
    client = probes().client()
    for name, (body, status) in REFUSED.items():
        response = client.post(path, content=body, headers=JSON)
        if (path, name) == ("/v1/tags", "empty"):  # FastAPI's word for a body that is not there
            status = 422
        assert response.status_code == status, (name, response.text)
        assert response.headers["content-type"] == "application/problem+json"
        assert len(response.content) < 4_000
    good = {"/predict": {"row": [1.0]}, "/v1/tags": {"name": "[[{", "size": 1}}[path]
    assert client.post(path, json=good).json() == good


@pytest.mark.parametrize("path", ["/predict", "/v1/tags"])
@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "application/json; charset=utf-16"]
)
def test_another_content_type_is_refused(probes: Probes, path: str, kind: str) -> None:
    response = probes().client().post(path, content=b'{"row": [1.0]}', headers={"content-type": kind})
    assert response.status_code == 415
    assert response.json()["type"] == "urn:augury:problem:unsupported-media-type"


def test_of_a_key_that_comes_twice_the_last_one_counts(probes: Probes) -> None:
    client = probes().client()
    assert client.post("/predict", content=b'{"row":[1.0],"row":[2.0]}', headers=JSON).json() == {"row": [2.0]}
    twice = client.post("/v1/tags", content=b'{"name":"a","name":"b","size":1}', headers=JSON)
    assert twice.json() == {"name": "b", "size": 1}


def test_many_connections_that_say_nothing_leave_room_for_others(probes: Probes) -> None:
    api = probes(**{"api.body_seconds": 0.5})
    head = (
        f"POST /predict HTTP/1.1\r\nHost: x\r\nX-API-Key: {api.keys['viewer']}\r\nContent-Length: 10\r\n\r\n".encode()
    )
    connections = [socket.create_connection(api.address, 10) for _ in range(100)]
    for connection in connections:
        connection.sendall(head)
    assert api.client().post("/predict", json={"row": [1.0]}).status_code == 200
    for connection in connections:
        assert connection.recv(1000).startswith(b"HTTP/1.1 408")
        connection.close()
    api.wait(lambda: api.state.metrics.running == 0, "the end of all requests")


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(alphabet='ab[]{}"\\,:\n'),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(alphabet='a[]{}"\\'), inner, max_size=4),
    max_leaves=60,
)


def depth_of(value: Any) -> int:
    if isinstance(value, list):
        return 1 + max(map(depth_of, value), default=0)
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    return 0


@settings(max_examples=150, deadline=None, derandomize=True)
@given(value=JSON_VALUES, more=st.integers(0, 40), wide=st.integers(0, 40), ascii_only=st.booleans())
def test_the_depth_of_json_is_seen_whatever_its_strings_hold(
    value: Any, more: int, wide: int, ascii_only: bool
) -> None:
    nested: Any = [value, *[[]] * wide]
    for _ in range(more):
        nested = {"[": nested}
    body = json.dumps(nested, ensure_ascii=ascii_only).encode()
    if depth_of(nested) <= DEEPEST:
        assert decode_json(body, ANY) == nested
    else:
        with pytest.raises(ProblemError, match="deep"):
            decode_json(body, ANY)


def test_content_types_of_json_are_known() -> None:
    good = [
        "application/json",
        "application/JSON; charset=UTF-8",
        'application/json;charset="utf-8"',
        "application/a+json",
    ]
    bad = ["application/jsonx", "text/json", "", "application/json; charset=latin-1", "multipart/form-data"]
    assert [is_json(each.encode()) for each in (*good, *bad)] == [True] * 4 + [False] * 5


def test_a_client_that_sends_too_much_hears_why(probes: Probes) -> None:
    client = probes(**{"api.body_megabytes": 0.1}).client()
    response = client.post("/predict", content=b" " * 5_000_000, headers=JSON)
    assert response.status_code == 413
