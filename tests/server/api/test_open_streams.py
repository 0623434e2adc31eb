"""What is open goes on for as long as its key holds and its limit lasts: lines, events, sockets."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from augury_server.accounts.api_keys import revoke_key, rotate_key
from augury_server.api import intake
from augury_server.api.routes import streams_live

NDJSON = {"content-type": "application/x-ndjson"}
UPDATE = b'{"value": 1}\n'


def opened(api: Any) -> str:
    """The path of a new session."""
    return f"/streams/{api.client().post('/streams', json={'kind': 'values'}).json()['id']}"


def revoke(api: Any) -> None:
    revoke_key("viewer-key", reason="leaked", by="tests")
    api.state.keys.refresh()


def rotate(api: Any) -> None:
    rotate_key("viewer-key", grace=timedelta(0), by="tests")
    api.state.keys.refresh()


def expire(api: Any) -> None:
    api.state.keys._held = {
        key_id: type(held)(held.principal, held.secret, 0.0, held.previous, held.previous_until)
        for key_id, held in api.state.keys._held.items()
    }


def around(api: Any, path: str, line: bytes, between: Callable[[Any], None]) -> list[dict[str, Any]]:
    """The answers to a line, to two that come after something happened, and whatever else is told."""
    connection = http.client.HTTPConnection(api.address[0], api.address[1], timeout=20)
    try:
        connection.putrequest("POST", path)
        for name, value in {**NDJSON, **api.headers(), "transfer-encoding": "chunked"}.items():
            connection.putheader(name, value)
        connection.endheaders()
        connection.send(b"%x\r\n%b\r\n" % (len(line), line))
        reply = connection.getresponse()
        first = reply.readline()
        between(api)
        connection.send(b"%x\r\n%b\r\n0\r\n\r\n" % (2 * len(line), 2 * line))
        return [json.loads(each) for each in [first, *reply.read().splitlines()]]
    finally:
        connection.close()


@pytest.mark.parametrize("between", [revoke, rotate, expire])
def test_lines_end_with_the_key(api: Any, between: Callable[[Any], None]) -> None:
    answers = around(api, opened(api), UPDATE, between)
    assert answers[0]["id"] == 1
    assert [(each["line"], each["error"]["status"]) for each in answers[1:]] == [(2, 401)]


def test_questions_end_with_the_key(api: Any) -> None:
    answers = around(api, "/predict/stream", b'{"model": "nothing", "row": [1.0]}\n', revoke)
    assert [(each["line"], each["error"]["status"]) for each in answers] == [(1, 404), (2, 401)]


def test_lines_go_on_while_the_key_is_rotated_with_grace(api: Any) -> None:
    def change(api: Any) -> None:
        rotate_key("viewer-key", by="tests")
        api.state.keys.refresh()

    assert [each["id"] for each in around(api, opened(api), UPDATE, change)] == [1, 2, 3]


@pytest.fixture
def narrow(platforms: Any, tmp_path: Path, serve: Callable[..., Any]) -> Any:
    """The whole API, with 20 requests a minute for a key."""
    return serve(next(platforms("sqlite", tmp_path, None, **{"api.requests_per_minute": 20})))


def test_each_line_takes_a_token_of_the_limit(narrow: Any) -> None:
    path = opened(narrow)
    reply = narrow.client().post(path, content=UPDATE * 50, headers=NDJSON)
    answers = [json.loads(line) for line in reply.text.splitlines()]
    taken = len(answers) - 1
    assert [each["id"] for each in answers[:-1]] == list(range(1, taken + 1))
    assert 18 <= taken <= 25
    assert (answers[-1]["line"], answers[-1]["error"]["status"]) == (taken + 1, 429)
    assert "wait" in answers[-1]["error"]["detail"]
    assert narrow.client().get(path).status_code == 429


def socket_of(api: Any, path: str) -> Any:
    return connect(f"{api.url.replace('http', 'ws')}{path}/socket", additional_headers=api.headers())


def closed(connection: Any) -> tuple[list[dict[str, Any]], int]:
    """What is still told, and the code with which it is closed."""
    told = []
    with suppress(ConnectionClosed):
        while True:
            told.append(json.loads(connection.recv(timeout=20)))
    return told, connection.close_code


def test_a_socket_takes_no_update_of_a_revoked_key(api: Any) -> None:
    with socket_of(api, opened(api)) as connection:
        connection.send(UPDATE.decode())
        assert json.loads(connection.recv(timeout=20))["id"] == 1
        revoke(api)
        connection.send(UPDATE.decode())
        told, code = closed(connection)
    assert (told, code) == ([{"end": "key-needed"}], 1008)


def test_each_frame_takes_a_token_of_the_limit(narrow: Any) -> None:
    with socket_of(narrow, opened(narrow)) as connection:
        with suppress(ConnectionClosed):  # the server may be quicker
            for _ in range(50):
                connection.send(UPDATE.decode())
        told, code = closed(connection)
    assert code == 1008
    assert 15 <= len(told) <= 27
    assert told[-2]["error"]["status"] == 429
    assert told[-1] == {"end": "too-many-requests"}


def test_readers_who_only_listen_are_let_go_with_the_key(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams_live, "_QUIET_SECONDS", 0.05)
    path = opened(api)
    with socket_of(api, path) as connection, api.client().stream("GET", f"{path}/events") as events:
        assert events.status_code == 200
        revoke(api)
        assert closed(connection) == ([{"end": "key-needed"}], 1008)
        assert '"reason":"key-needed"' in events.read().decode()


def test_lines_of_which_none_comes_are_given_up_with_a_word(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    brief = intake.Allowance(None, 0.3, streams=True)
    monkeypatch.setattr("augury_server.api.call.LINES", brief)
    connection = http.client.HTTPConnection(api.address[0], api.address[1], timeout=20)
    connection.putrequest("POST", opened(api))
    for name, value in {**NDJSON, **api.headers(), "transfer-encoding": "chunked"}.items():
        connection.putheader(name, value)
    connection.endheaders()
    connection.send(b"%x\r\n%b\r\n" % (len(UPDATE), UPDATE))
    answers = [json.loads(each) for each in connection.getresponse().read().splitlines()]
    connection.close()
    assert answers[0]["id"] == 1
    assert answers[1]["error"]["status"] == 408
