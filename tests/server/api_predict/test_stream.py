"""POST /predict/stream: a line in, a line out, at the pace of the slower one; nothing a client sends ends it."""

from __future__ import annotations

import asyncio
import json
import select
import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury_server.api.line_stream import answer_lines
from augury_server.api.routes.predict import LONGEST_LINE

HEADERS = {"content-type": "application/x-ndjson"}


class Wire:
    """A request whose body is written, and whose answer is read, piece by piece."""

    def __init__(self, api: Any) -> None:
        host, _, port = api.url.removeprefix("http://").partition(":")
        self.socket = socket.socket()
        for side in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            self.socket.setsockopt(socket.SOL_SOCKET, side, 32_768)
        self.socket.settimeout(20.0)
        self.socket.connect((host, int(port)))
        head = f"POST /predict/stream HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-ndjson\r\n"
        head += f"Authorization: Bearer {api.keys['viewer']}\r\nTransfer-Encoding: chunked\r\n\r\n"
        self.socket.sendall(head.encode())
        self.file = self.socket.makefile("rb")
        self.rest = b""

    def send(self, piece: bytes) -> None:
        self.socket.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))

    def head(self) -> bytes:
        status: bytes = self.file.readline()
        while self.file.readline() not in (b"\r\n", b""):
            pass
        return status

    def line(self) -> dict[str, Any]:
        """The next line of the answer."""
        while b"\n" not in self.rest:
            size = int(self.file.readline(), 16)
            assert size, "the answer has ended"
            self.rest += self.file.read(size)
            self.file.readline()
        line, _, self.rest = self.rest.partition(b"\n")
        found: dict[str, Any] = json.loads(line)
        return found

    def ended(self) -> bool:
        return not self.rest and int(self.file.readline(), 16) == 0

    def close(self) -> None:
        self.file.close()
        self.socket.close()


@pytest.fixture
def wire(api: Any) -> Iterator[Wire]:
    made = Wire(api)
    yield made
    made.close()


def question(row: Any, **more: Any) -> bytes:
    return json.dumps({"model": "trend", "row": row, **more}).encode()


def test_an_answer_comes_before_the_next_question_is_sent(wire: Wire, models: Any, rows: np.ndarray) -> None:
    expected = models.predictor("trees").predict(rows[:10], exact=True).probabilities
    for place, row in enumerate(rows[:10].tolist()):
        wire.send(question(row) + b"\n")
        if not place:
            assert b" 200 " in wire.head()
        assert np.array(wire.line()["probabilities"]).tobytes() == expected[place].tobytes()
    wire.send(b"")
    assert wire.ended()


def test_wrong_lines_are_answered_in_their_place_and_end_nothing(api: Any, rows: np.ndarray) -> None:
    right = question(rows[0].tolist())
    lines = [
        right, b"{", b"", b"  ", question([1]), b'{"model":"trned","row":[1,2,3]}', b"\xff", b"[" * 100_000,
        b" " * (LONGEST_LINE + 1), question([0.0] * 3, symbol="A" * 51), right,
    ]  # fmt: skip
    reply = api.client().post("/predict/stream", content=b"\n".join(lines), headers=HEADERS)
    answers = [json.loads(line) for line in reply.text.splitlines()]
    told = [(one["line"], one["error"]["status"]) if "error" in one else "right" for one in answers]
    assert told == ["right", (2, 400), (5, 422), (6, 404), (7, 400), (8, 422), (9, 422), (10, 422), "right"]
    assert "skipped" in answers[6]["error"]["detail"]
    assert answers[0]["probabilities"] == answers[-1]["probabilities"]


def test_a_client_that_does_not_read_is_not_read_from_until_it_does(wire: Wire, rows: np.ndarray) -> None:
    line = question(rows[0].tolist()) + b"\n"
    piece = line * 2_000
    chunk = b"%x\r\n%s\r\n" % (len(piece), piece)
    wire.socket.setblocking(False)
    sent, rest = 0, b""
    while True:  # until the connection takes nothing more for a while, since nobody reads the answers
        if not rest:
            rest, sent = chunk, sent + 2_000
        if not select.select([], [wire.socket], [], 3.0)[1]:
            break
        try:
            rest = rest[wire.socket.send(rest) :]
        except BlockingIOError:
            continue
        assert sent < 1_000_000, "everything was taken in although nothing was read"
    wire.socket.settimeout(20.0)
    assert b" 200 " in wire.head()
    first = wire.line()
    answered = 1
    while answered < sent - 4_000:
        assert wire.line()["probabilities"] == first["probabilities"]
        answered += 1


def test_a_client_that_leaves_ends_its_stream_and_nothing_else(api: Any, rows: np.ndarray) -> None:
    left = Wire(api)
    left.send(question(rows[0].tolist())[:20])
    left.close()
    api.wait_until(lambda: api.state.metrics.running == 0, "the end of the stream")
    assert api.client().post("/predict", content=question(rows[0].tolist())).status_code == 200


def test_lines_in_one_body_are_all_kept(api: Any, rows: np.ndarray) -> None:
    from augury_server.predictions.models import Prediction

    body = b"\n".join(
        question(row, symbol="IBM", bar_opened_at=place) for place, row in enumerate(rows[:150].tolist(), 1)
    )
    reply = api.client().post("/predict/stream", content=body, headers=HEADERS)
    ids = [json.loads(line)["id"] for line in reply.text.splitlines()]
    api.wait_until(lambda: Prediction.objects.count() == 150, "the records")
    times = dict(Prediction.objects.values_list("id", "bar_opened_at_ns"))
    assert [times[type(next(iter(times)))(made)] for made in ids] == list(range(1, 151))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.binary(max_size=30)), st.data())
def test_lines_are_those_of_the_whole_body_however_it_is_cut(pieces: list[bytes], data: st.DataObject) -> None:
    longest = 12
    body = b"\n".join(pieces)
    messages, at = [], 0
    while at < len(body):
        step = data.draw(st.integers(1, 40))
        messages.append({"type": "http.request", "body": body[at : at + step], "more_body": True})
        at += step
    messages.append({"type": "http.request", "body": b"", "more_body": False})
    expected = [
        (number, None if len(line) > longest else line)
        for number, line in enumerate(body.split(b"\n"), 1)
        if len(line) > longest or (line and not line.isspace())
    ]
    seen: list[tuple[int, bytes | None]] = []
    sent: list[bytes] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message.get("body", b""))

    async def answer(number: int, line: bytes | None) -> bytes:
        await asyncio.sleep(0)
        seen.append((number, line))
        return b"%d" % number

    everybody = SimpleNamespace(find=lambda _: principal, take=lambda _: SimpleNamespace(allowed=True))
    principal = SimpleNamespace(key_id="ada")
    state = SimpleNamespace(keys=everybody, limits=everybody)
    call = SimpleNamespace(principal=principal, headers={b"x-api-key": b"ada"}, take_lines=lambda: None)
    scope = {"app": SimpleNamespace(state=SimpleNamespace(augury=state)), "augury": call}
    asyncio.run(answer_lines(scope, receive, send, answer, longest=longest))
    assert sorted(seen, key=lambda one: one[0]) == expected
    assert b"".join(sent).split() == [b"%d" % number for number, _ in expected]
