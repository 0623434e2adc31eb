"""A request answered in the turn it came has, byte for byte, the answer of the ordinary way, and the same effects."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import re
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from augury_server.api import protocol
from augury_server.api.answers_now import AnswersNow
from augury_server.api.protocol import ANSWERS_NOW, GuardedProtocol
from augury_server.serving.deciding import Desk

ROW = [0.5, 0.25, 0.125]
_VARYING = re.compile(
    rb"\r\n(?:date|ratelimit-remaining|ratelimit-reset|content-length): [^\r]*"
    rb'|"ids?":(?:"[^"]*"|\[[^\]]*\])|"took_us":\d+|[0-9a-f]{20}-[0-9a-f]{6}'
)


def body_of(**asked: Any) -> bytes:
    return json.dumps({"model": "trend"} | asked).encode()


def request(
    key: str, body: bytes, *more: str, line: str = "POST /predict HTTP/1.1", kind: str = "application/json"
) -> bytes:
    head = [line, "Host: x", "X-Request-ID: one-and-the-same", f"Authorization: Bearer {key}", f"Content-Type: {kind}"]
    return "\r\n".join([*head, *more, f"Content-Length: {len(body)}", "", ""]).encode() + body


def last(key: str) -> bytes:
    """What ends a conversation."""
    return request(key, b"", "Connection: close", line="GET /models HTTP/1.1")


def address_of(api: Any) -> tuple[str, int]:
    host, _, port = api.url.removeprefix("http://").partition(":")
    return host, int(port)


def heard(api: Any, *pieces: bytes, pause: float = 0.0) -> bytes:
    """All that comes until the server closes."""
    found = b""
    with socket.create_connection(address_of(api), 20) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(pause)
        while piece := connection.recv(65_536):
            found += piece
    return found


def without_what_varies(found: bytes) -> list[bytes]:
    """Each response that came, by the length it told, without what differs from time to time."""
    each = []
    while found:
        head, _, rest = found.partition(b"\r\n\r\n")
        length = int(re.search(rb"\r\ncontent-length: (\d+)", head)[1])  # type: ignore[index]
        each.append(_VARYING.sub(b"", head + b"\r\n\r\n" + rest[:length]))
        found = rest[length:]
    return each


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], list[bool]]:
    """`ways(True)`: whether each request that may be answered at once was; `ways(False)`: none may."""
    answer, plain = AnswersNow.answer, GuardedProtocol._is_plain

    def start(allowed: bool) -> list[bool]:
        told: list[bool] = []

        def watched(self: Any, *given: Any) -> Any:
            reply = answer(self, *given)
            told.append(isinstance(reply, bytes))
            return reply

        monkeypatch.setattr(AnswersNow, "answer", watched)
        monkeypatch.setattr(GuardedProtocol, "_is_plain", plain if allowed else lambda _: False)
        return told

    return start


def asked_in_all_ways(api: Any) -> dict[str, tuple[bytes, bool]]:
    """Requests by name, and whether each is answered at once."""
    key, row = api.keys["viewer"], body_of(row=ROW)
    names = api.state.host.route("trend").model.manifest.columns
    about = {"symbol": "IBM", "bar_opened_at": "2024-03-01T00:00:00Z", "unit": "desk"}
    found = {
        "a list": (request(key, row), True),
        "by name": (request(key, body_of(row=dict(zip(names, ROW, strict=True)))), True),
        "about a bar": (request(key, body_of(row=ROW, **about)), True),
        "a version": (request(key, body_of(model="line@1", row=ROW)), True),
        "a regression": (request(key, body_of(model="values", row=ROW)), True),
        "null": (request(key, body_of(model="nameless", row=[0.5, None, 1, 2, 3])), True),
        "whole numbers": (request(key, body_of(row=[1, 2, 3])), True),
        "another type of JSON": (request(key, row, kind="application/json; charset=utf-8"), True),
        "an id that is not sane": (request(key, row).replace(b"one-and-the-same", b"-"), True),
        "a key of the other header": (request(key, row).replace(b"Authorization: Bearer", b"X-API-Key:"), True),
        "text": (request(key, row, kind="text/plain"), False),
        "no JSON": (request(key, b'{"model": '), False),
        "no body": (request(key, b""), False),
        "no UTF-8": (request(key, b'{"model": "\xff", "row": [1]}'), False),
        "NaN": (request(key, b'{"model": "trend", "row": [NaN, 1, 2]}'), False),
        "null that is not read": (request(key, body_of(model="line", row=[None, 1, 2])), False),
        "beyond float32": (request(key, body_of(row=[1e39, 1, 2])), False),
        "too few": (request(key, body_of(row=[1.0])), False),
        "too large": (request(key, body_of(row=ROW, symbol="x" * 70_000)), False),
        "a model that is not there": (request(key, body_of(model="trent", row=ROW)), False),
        "a symbol nobody can print": (request(key, body_of(row=ROW, symbol="\x07")), False),
        "bars that are none": (request(key, body_of(bars={"opened_at": []})), False),
        "compressed": (request(key, gzip.compress(row), "Content-Encoding: gzip"), False),
        "of another origin": (request(key, row, "Origin: https://desk.example"), False),
        "an upgrade": (request(key, row, "Upgrade: h2c"), False),
        "an unknown key": (request("aug_0000000000000000_0", row), False),
        "no key": (request(key, row).replace(b"Authorization", b"Not-Authorization"), False),
        "a key for streams": (request(api.keys["streamer"], row), False),
        "the last of its connection": (request(key, row, "Connection: close"), False),
        "a version of HTTP": (request(key, row, "Connection: keep-alive", line="POST /predict HTTP/1.0"), False),
    }  # fmt: skip
    several = {"rows": [ROW, [1.0, 2.0, 3.0], [-0.5, 1e-9, 1e30]]}
    columns = dict(zip(names, ([0.5, 1.0], [0.25, 2.0], [1e-300, 3.0]), strict=True))
    nulls = {"rows": [[None, 1.0, 2.0], ROW], "symbol": ["A", ""], "bar_opened_at": [7, 0]}
    for name, asked, at_once in (
        ("rows", several, True),
        ("columns", {"columns": columns}, True),
        ("a row", {"rows": [ROW], "symbol": "IBM", "bar_opened_at": "2024-03-01T00:00:00Z"}, True),
        ("no rows", {"rows": []}, True),
        ("rows with nulls", nulls, True),
        ("rows of a regression", several | {"model": "values"}, True),
        ("as many as may be", {"rows": [ROW] * 32}, True),
        ("one more", {"rows": [ROW] * 33}, False),
        ("ragged rows", {"rows": [ROW, [1.0]]}, False),
        ("many columns", {"columns": {f"c{number}": [1.0] for number in range(40)}}, False),
        ("rows beyond float32", {"rows": [ROW, [1.0, -3.5e38, 2.0]]}, False),
        ("nulls that are not read", nulls | {"model": "line"}, False),
        ("too few symbols", several | {"symbol": ["A"]}, False),
        ("rows and columns", several | {"columns": columns}, False),
    ):
        found[name] = (request(key, body_of(**asked), line="POST /predict/batch HTTP/1.1"), at_once)
    chunked = request(key, b"", "Transfer-Encoding: chunked").replace(b"Content-Length: 0\r\n", b"")
    found["in chunks"] = (chunked + b"%x\r\n%b\r\n0\r\n\r\n" % (len(row), row), False)
    return found


def test_whatever_is_asked_the_bytes_are_the_same(api: Any, ways: Any) -> None:
    end = last(api.keys["viewer"])
    for name, (asked, at_once) in asked_in_all_ways(api).items():
        pieces = [asked] if b"HTTP/1.0" in asked or b": close" in asked else [asked, asked, end]  # those close
        told = ways(True)
        found = without_what_varies(heard(api, *pieces))
        assert told.count(True) == 2 * at_once, name
        told = ways(False)
        assert found == without_what_varies(heard(api, *pieces)), name
        assert told == [], name
        assert len(found) == len(pieces), name
        assert not at_once or re.match(rb'HTTP/1.1 200 OK\r\n.*\r\n\r\n\{.*"probabilities":', found[0], re.DOTALL), name


@pytest.mark.parametrize(
    "line", ["GET /predict", "PUT /predict", "POST /predict?a=1", "POST /predict/", "POST /%70redict"]
)
def test_other_targets_and_methods_are_not_looked_at(line: str, api: Any, ways: Any) -> None:
    asked = request(api.keys["viewer"], body_of(row=ROW), line=f"{line} HTTP/1.1")
    told = ways(True)
    found = heard(api, asked, last(api.keys["viewer"]))
    assert told == []
    ways(False)
    assert without_what_varies(found) == without_what_varies(heard(api, asked, last(api.keys["viewer"])))


@pytest.mark.parametrize("seed", range(6))
def test_however_the_bytes_are_cut_the_answers_are_the_same(seed: int, api: Any, ways: Any) -> None:
    chance = random.Random(seed)
    cases = [
        asked
        for asked, _ in asked_in_all_ways(api).values()
        if not any(mark in asked for mark in (b"HTTP/1.0", b": close", b"h2c"))
    ]
    stream = b"".join(chance.choices(cases, k=12)) + last(api.keys["viewer"])
    cuts = sorted(chance.sample(range(1, len(stream)), 15))
    pieces = [stream[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    ways(True)
    found = without_what_varies(heard(api, *pieces, pause=0.005))
    ways(False)
    assert found == without_what_varies(heard(api, stream))


def test_many_that_come_together_leave_room_for_others_and_keep_their_order(api: Any, ways: Any) -> None:
    one = request(api.keys["viewer"], body_of(row=ROW))
    asked = [one.replace(b"one-and-the-same", b"question-%03d" % number) for number in range(50)]
    told = ways(True)
    found = heard(api, b"".join([*asked, last(api.keys["viewer"])]))
    assert re.findall(rb"x-request-id: question-(\d+)", found) == [b"%03d" % number for number in range(50)]
    assert told == [True] * 8, "those behind the first eight are queued behind a task"


def test_each_is_counted_logged_limited_and_kept_as_the_ordinary_way_does(
    platforms: Any, tmp_path: Any, register: Any, serve: Any, ways: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    next(platforms("sqlite", tmp_path, None, **{"api.requests_per_minute": 5}))
    from augury_server.predictions.models import Prediction

    register("trend", "trees")
    api = serve()
    monkeypatch.setattr(api.state.limits, "_clock", lambda: 0.0)
    good, bad = body_of(row=ROW, symbol="IBM", bar_opened_at=7, unit="u"), body_of(row=[1.0])
    seen, counted = {}, {}
    for at_once, role in ((True, "viewer"), (False, "operator")):
        told = ways(at_once)
        before = dict(api.state.metrics._counts)
        asked = [request(api.keys[role], body) for body in (good, bad, good, good, good, good, good)]
        found = heard(api, *asked, last(api.keys[role]), pause=0.05)
        seen[at_once] = re.findall(rb"HTTP/1.1 (\d+)|ratelimit-(remaining|reset|limit): (\d+)", found)
        counted[at_once] = {
            series: count - before.get(series, 0) for series, count in api.state.metrics._counts.items()
        }
        assert told.count(True) == 4 * at_once
    assert seen[True] == seen[False]
    assert [status for status, *_ in seen[True] if status] == [b"200", b"422", *[b"200"] * 3, *[b"429"] * 3]
    assert counted[True] == counted[False]
    assert counted[True]["/predict", "POST", 200] == 4
    assert counted[True]["/predict", "POST", 422] == 1
    assert (api.state.metrics.limited, api.state.metrics.running) == (6, 0)
    api.wait_until(lambda: Prediction.objects.count() == 8, "the records")
    names = [field.name for field in Prediction._meta.fields if field.name not in ("id", "made_at", "latency_us")]
    assert len(set(map(str, Prediction.objects.values_list(*names)))) == 1
    assert Prediction.objects.values_list("symbol", "request_id").first() == ("IBM", "one-and-the-same")


def test_what_was_asked_for_does_not_break_when_the_frame_takes_over(
    api: Any, ways: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr(Desk, "decide_now", broken)
    told = ways(True)
    found = heard(api, request(api.keys["viewer"], body_of(row=ROW)), last(api.keys["viewer"]))
    assert (told, found.count(b"HTTP/1.1 200 OK")) == ([False], 2)


@pytest.mark.parametrize("flags", [{"api.log_requests": "all"}, {"serving.record": "durable"}])
def test_what_has_to_be_waited_for_goes_the_ordinary_way(
    flags: dict[str, Any], platforms: Any, tmp_path: Any, register: Any, serve: Any, ways: Any
) -> None:
    next(platforms("sqlite", tmp_path, None, **flags))
    register("trend", "trees")
    api = serve()
    told = ways(True)
    found = heard(api, request(api.keys["viewer"], body_of(row=ROW)), last(api.keys["viewer"]))
    assert found.count(b"HTTP/1.1 200 OK") == 2
    assert True not in told


def test_bars_and_models_scored_beside_go_the_ordinary_way(
    sqlite_platform: Any, register: Any, serve: Any, ways: Any
) -> None:
    from augury_server.experiments.plan import ExperimentPlan
    from augury_server.experiments.start import start
    from augury_server.registry.applying import Act

    register("trend", "trees", "1")
    register("trend", "trees", "2", promoted=False)
    start(ExperimentPlan(name="trial", model_name="trend", treatment=2, mode="shadow"), Act(by="ada", reason="to see"))
    api = serve()
    told = ways(True)
    beside, alone = body_of(row=ROW, symbol="IBM"), body_of(model="trend@1", row=ROW)
    found = heard(api, *(request(api.keys["viewer"], body) for body in (beside, alone)), last(api.keys["viewer"]))
    assert b'"experiment":"trial","variant":"control"' in found
    assert told == [False, True] or told == [False], "the second may have come with the first"


def test_an_experiment_assigns_the_same_both_ways(sqlite_platform: Any, register: Any, serve: Any, ways: Any) -> None:
    from augury_server.experiments.plan import ExperimentPlan
    from augury_server.experiments.start import start
    from augury_server.registry.applying import Act

    register("trend", "trees", "1")
    register("trend", "trees", "2", promoted=False)
    plan = ExperimentPlan(name="trial", model_name="trend", treatment=2, mode="split", unit="symbol", share=0.5)
    start(plan, Act(by="ada", reason="to see it"), make_salt=lambda: "2f6c")
    client = serve().client()
    asked = [{"model": "trend", "row": ROW, "symbol": f"S{number}"} for number in range(40)]
    answers = {}
    for at_once in (True, False):
        told = ways(at_once)
        answers[at_once] = [client.post("/predict", json=one).raise_for_status().json() for one in asked]
        assert told == [True] * 40 * at_once
    arms = [(one["version"], one["variant"], one["probabilities"]) for one in answers[True]]
    assert arms == [(one["version"], one["variant"], one["probabilities"]) for one in answers[False]]
    assert {variant for _, variant, _ in arms} == {"control", "treatment"}


def test_a_server_with_an_access_log_writes_it(sqlite_platform: Any, register: Any, serve: Any, ways: Any) -> None:
    register("trend", "trees")
    api = serve(access_log=True)
    told = ways(True)
    assert b"HTTP/1.1 200" in heard(api, request(api.keys["viewer"], body_of(row=ROW)), last(api.keys["viewer"]))
    assert told == []


def test_an_idle_connection_is_closed_after_its_time_and_a_busy_one_is_not(
    sqlite_platform: Any, register: Any, serve: Any, ways: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    register("trend", "trees")
    api = serve(timeout_keep_alive=2)
    row, end = request(api.keys["viewer"], body_of(row=ROW)), last(api.keys["viewer"])
    told = ways(True)
    began = time.monotonic()
    assert heard(api, row).count(b"HTTP/1.1 200 OK") == 1  # and then it is closed
    assert time.monotonic() - began >= 2.0
    began = time.monotonic()
    assert heard(api, row, row, row, pause=1.2).count(b"HTTP/1.1 200 OK") == 3, "its time begins with each answer"
    assert time.monotonic() - began >= 4.4
    began = time.monotonic()
    ordinary = request(api.keys["viewer"], b"", line="GET /models HTTP/1.1")
    assert heard(api, ordinary, ordinary, pause=1.2).count(b"HTTP/1.1 200 OK") == 2
    assert time.monotonic() - began >= 3.2
    assert heard(api, row + end[:40], end[40:], pause=3.0).count(b"HTTP/1.1 200 OK") == 2, "the head came in time"
    decide = Desk.decide

    async def slowly(self: Any, ask: Any) -> Any:
        await asyncio.sleep(3.0)
        return await decide(self, ask)

    monkeypatch.setattr(Desk, "decide", slowly)
    chunked = request(api.keys["viewer"], b"", "Transfer-Encoding: chunked").replace(b"Content-Length: 0\r\n", b"")
    body = body_of(row=ROW)
    chunked += b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    assert heard(api, row + chunked + end).count(b"HTTP/1.1 200 OK") == 3
    assert told.count(True) == 6


class _Wire(asyncio.Transport):
    """What a connection writes."""

    def __init__(self) -> None:
        super().__init__()
        self.said, self.closed = b"", False

    def write(self, data: Any) -> None:
        self.said += bytes(data)

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class _Says:
    """Answers anything at once."""

    def __contains__(self, _: bytes) -> bool:
        return True

    def may_answer(self, _: Any) -> bool:
        return True

    def answer(self, _target: bytes, _head: Any, body: bytes, _client: Any) -> bytes:
        return b"\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


@pytest.fixture
def wired() -> Any:
    """Runs `check(connection, wire, asgi)` with a connection whose application over ASGI appends to a list."""

    def run(check: Callable[[Any, _Wire, list[bytes]], None]) -> _Wire:
        asgi: list[bytes] = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            asgi.append((await receive()).get("body", b""))
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body"})

        async def within() -> _Wire:
            config = uvicorn.Config(application, access_log=False, log_level="critical", proxy_headers=False)
            connection = GuardedProtocol(config=config, server_state=ServerState(), app_state={ANSWERS_NOW: _Says()})
            wire = _Wire()
            connection.connection_made(wire)
            check(connection, wire, asgi)
            for _ in range(10):
                await asyncio.sleep(0)
            connection.connection_lost(None)
            return wire

        wire = asyncio.run(within())
        run.asgi = asgi  # type: ignore[attr-defined]
        return wire

    return run


def test_who_does_not_read_is_written_to_by_who_can_wait(wired: Any) -> None:
    one = request("k", b"row")

    def check(connection: Any, wire: _Wire, _: list[bytes]) -> None:
        connection.data_received(one)
        assert wire.said.endswith(b"\r\n\r\nrow")
        wire.said = b""
        connection.pause_writing()
        connection.data_received(one)
        assert wire.said == b""

    wire = wired(check)
    assert (wired.asgi, wire.said) == ([b"row"], b"")


def test_what_is_answered_at_once_is_counted_and_its_timer_ends_with_the_connection(wired: Any) -> None:
    def check(connection: Any, _: _Wire, __: list[bytes]) -> None:
        connection.data_received(request("k", b"row") * 2)
        assert connection.server_state.total_requests == 2, "uvicorn's limit_max_requests goes by it"
        timer = connection._idle_timer
        assert not timer.cancelled()
        connection.connection_lost(None)
        assert timer.cancelled()

    wired(check)
    assert wired.asgi == []


@pytest.mark.parametrize(("size", "waits"), [(65_536, True), (65_537, False)])
def test_only_a_short_body_is_waited_for(size: int, waits: bool, wired: Any) -> None:
    def check(connection: Any, _: _Wire, __: list[bytes]) -> None:
        connection.data_received(request("k", bytes(100_000))[: size - 100_000])
        assert (connection._body is not None) is waits

    wired(check)


def test_a_request_that_breaks_after_its_head_is_refused_and_never_begun(wired: Any) -> None:
    def check(connection: Any, wire: _Wire, _: list[bytes]) -> None:
        connection.data_received(request("k", b"row") + b"\x00\x01 no HTTP\r\n\r\n")
        assert wire.said.count(b"HTTP/1.1 200") == 1
        assert wire.said.count(b"HTTP/1.1 400") == 1
        assert wire.closed

    wired(check)
    assert wired.asgi == []


def test_a_body_that_comes_apart_is_waited_for_a_moment(api: Any, ways: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = request(api.keys["viewer"], body_of(row=ROW))
    at = whole.index(b"\r\n\r\n") + 4
    told = ways(True)
    with monkeypatch.context() as patched:
        patched.setattr(protocol, "_BODY_SECONDS", 20.0)
        heard(api, whole[:at], whole[at : at + 9], whole[at + 9 :] + last(api.keys["viewer"]), pause=0.01)
    assert told == [True]
    heard(api, whole[:at], whole[at:] + last(api.keys["viewer"]), pause=0.5)
    assert told == [True], "after that it is the ordinary way's"


def test_who_waits_to_be_told_to_send_a_body_is_told_at_once(
    api: Any, ways: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "_BODY_SECONDS", 20.0)
    whole = request(api.keys["viewer"], body_of(row=ROW), "Expect: 100-continue")
    at = whole.index(b"\r\n\r\n") + 4
    told = ways(True)
    found = heard(api, whole[:at], whole[at:] + last(api.keys["viewer"]), pause=0.2)
    assert found.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert told == []


def test_a_request_that_has_begun_when_the_server_stops_is_answered(wired: Any) -> None:
    whole = request("k", b"row")

    def check(connection: Any, wire: _Wire, _: list[bytes]) -> None:
        connection.data_received(whole[:-1])
        connection.shutdown()
        assert not wire.closed
        connection.data_received(whole[-1:])

    wire = wired(check)
    assert (wired.asgi, wire.said.count(b"HTTP/1.1 204"), wire.closed) == ([b"row"], 1, True)


def test_a_client_that_leaves_in_the_middle_is_noted_as_on_the_ordinary_way(wired: Any, api: Any, ways: Any) -> None:
    def check(connection: Any, wire: _Wire, _: list[bytes]) -> None:
        connection.data_received(request("k", b"row")[:-1])
        assert connection._body_timer is not None
        connection.connection_lost(ConnectionResetError())
        assert (connection._body, connection._body_timer, wire.said) == (None, None, b"")

    wired(check)
    assert wired.asgi == [b""], "told of the client's leaving"
    for number, at_once in enumerate((True, False), 1):
        ways(at_once)
        with socket.create_connection(address_of(api), 20) as connection:
            connection.sendall(request(api.keys["viewer"], body_of(row=ROW))[:-1])
            time.sleep(0.02)
        left = ("/predict", "POST", 499)
        api.wait_until(lambda: api.state.metrics._counts.get(left) == number, "the count")  # noqa: B023


def test_a_head_that_comes_while_an_answer_is_under_way_is_no_idle_time(
    sqlite_platform: Any, register: Any, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    register("trend", "trees")
    api = serve(timeout_keep_alive=2)
    decide, seconds = Desk.decide, iter((0.3, 3.5))

    async def slowly(self: Any, ask: Any) -> Any:
        await asyncio.sleep(next(seconds))
        return await decide(self, ask)

    monkeypatch.setattr(Desk, "decide", slowly)
    monkeypatch.setattr(GuardedProtocol, "_is_plain", lambda _: False)
    one = request(api.keys["viewer"], body_of(row=ROW))
    closing = request(api.keys["viewer"], body_of(row=ROW), "Connection: close")
    found = heard(api, one + closing[:20], closing[20:], pause=0.6)
    assert found.count(b"HTTP/1.1 200 OK") == 2


def test_an_early_head_is_not_given_up_for_the_answer_before_it(
    sqlite_platform: Any, register: Any, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    register("trend", "trees")
    api = serve()
    decide = Desk.decide

    async def slowly(self: Any, ask: Any) -> Any:
        await asyncio.sleep(1.0)
        return await decide(self, ask)

    monkeypatch.setattr(Desk, "decide", slowly)
    monkeypatch.setattr(GuardedProtocol, "_is_plain", lambda _: False)
    monkeypatch.setattr(GuardedProtocol, "head_seconds", 0.3)
    one = request(api.keys["viewer"], body_of(row=ROW))
    found = heard(api, one + one[:20])
    assert re.findall(rb"HTTP/1.1 (\d+)", found) == [b"200", b"408"]


def test_many_large_requests_that_come_together_are_no_large_head(api: Any) -> None:
    one = request(api.keys["viewer"], body_of(row=ROW, symbol="x" * 30_000))
    together = one * 4 + last(api.keys["viewer"])
    found = heard(api, together[: 4 * len(one) + 30], together[4 * len(one) + 30 :], pause=0.2)
    assert re.findall(rb"HTTP/1.1 (\d+)", found) == [b"422"] * 4 + [b"200"]


def test_what_comes_behind_a_body_is_no_header(api: Any) -> None:
    chunked = request("k", b"", "Transfer-Encoding: chunked").replace(b"Content-Length: 0\r\n", b"")
    chunked = chunked.replace(b"Authorization: Bearer k\r\n", b"")
    body = body_of(row=ROW)
    end = b"0\r\nAuthorization: Bearer " + api.keys["viewer"].encode() + b"\r\n\r\n"
    pieces = (chunked, b"%x\r\n%b\r\n" % (len(body), body), end)
    for sent in (pieces, (b"".join(pieces),)):
        with socket.create_connection(address_of(api), 20) as connection:
            for piece in sent:
                with suppress(ConnectionError):  # it is closed once the head is refused
                    connection.sendall(piece)
                time.sleep(0.02)
            assert connection.recv(100).startswith(b"HTTP/1.1 401")


def test_a_slow_one_has_its_line_with_the_caller_whom_a_proxy_names(
    sqlite_platform: Any, register: Any, serve: Any, ways: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from augury_server.api.logs import Entry, RequestLog
    from augury_server.api.metrics import RequestMetrics

    register("trend", "trees")
    api = serve()
    lines: list[Entry] = []
    monkeypatch.setattr(RequestLog, "wants", lambda *_: True)
    monkeypatch.setattr(RequestLog, "write", lambda _, entry: lines.append(entry))
    timed: list[tuple[str, float]] = []
    monkeypatch.setattr(RequestMetrics, "add", lambda _, *told: timed.append((told[0], told[-1])))
    for more in ((), ("X-Forwarded-For: 203.0.113.9",)):
        for at_once in (True, False):
            told = ways(at_once)
            heard(api, request(api.keys["viewer"], body_of(row=ROW), *more), last(api.keys["viewer"]))
            assert told == [True] * at_once
    asked = [entry for entry in lines if entry.path == "/predict"]
    assert [entry.client for entry in asked] == ["127.0.0.1"] * 2 + ["203.0.113.9"] * 2
    assert all(entry.seconds > 0.0 for entry in asked)
    assert [seconds for route, seconds in timed if route == "/predict"] == [entry.seconds for entry in asked]
    assert len({(entry.method, entry.status, entry.request_id, entry.key) for entry in asked}) == 1


def test_a_body_has_the_size_that_the_settings_say(
    platforms: Any, tmp_path: Any, register: Any, serve: Any, ways: Any
) -> None:
    next(platforms("sqlite", tmp_path, None, **{"api.body_megabytes": 0.01}))
    register("trend", "trees")
    api = serve()
    ways(True)
    found = heard(api, request(api.keys["viewer"], body_of(row=ROW) + b" " * 11_000))
    assert found.startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize("options", [{"root_path": "/desk"}, {"limit_concurrency": 50}])
def test_what_uvicorn_does_itself_is_left_to_it(
    options: dict[str, Any], sqlite_platform: Any, register: Any, serve: Any, ways: Any
) -> None:
    register("trend", "trees")
    api = serve(**options)
    told = ways(True)
    heard(api, request(api.keys["viewer"], body_of(row=ROW)), last(api.keys["viewer"]))
    assert told == []
