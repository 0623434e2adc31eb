"""A server that misbehaves on purpose, over real sockets: what it does to each request is written in a script."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from augury.client.steps import Means


@dataclass
class Request:
    """One request as it came over the wire."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Answer:
    """What is done to one request. `reset` breaks the connection; `cut` ends the body after so many bytes of it.

    `drip` sends the body byte by byte until `released`; `hold` answers nothing before that.
    """

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    reset: bool = False
    cut: int | None = None
    hold: bool = False
    drip: bool = False


def problem(status: int, kind: str, detail: str, **headers: str) -> Answer:
    """A problem document as the platform writes it."""
    body = {
        "type": f"urn:augury:problem:{kind}",
        "title": kind,
        "status": status,
        "detail": detail,
        "request_id": "r-17",
    }
    return Answer(status, body, {"content-type": "application/problem+json", **headers})


class FaultyServer:
    """Answers requests in the order of its script, on any number of connections; remembers what it was asked."""

    def __init__(self) -> None:
        self.script: deque[Answer] = deque()
        self.asked: list[Request] = []
        self.released = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []
        self._start(self._accept)

    def will(self, *answers: Answer) -> None:
        self.script.extend(answers)

    def close(self) -> None:
        self.released.set()
        for each in (self._listening, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join(10)

    def _start(self, target: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self._open.append(connection)
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        try:
            file = connection.makefile("rb")
            while (request := _read(file)) is not None:
                self.asked.append(request)
                if not self._answer(connection, self.script.popleft() if self.script else Answer(body={})):
                    return
        except (OSError, ValueError):
            pass
        finally:
            connection.close()

    def _answer(self, connection: socket.socket, answer: Answer) -> bool:
        """Do what is written; False when the connection is no good any more."""
        if answer.reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        if answer.hold:
            self.released.wait(30)
            return False
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        headers = {"content-type": "application/json", "content-length": str(len(body)), **answer.headers}
        head = f"HTTP/1.1 {answer.status} Told\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        connection.sendall(head.encode() + b"\r\n")
        if answer.drip:
            for place in range(len(body)):
                connection.sendall(body[place : place + 1])
                if self.released.wait(0.02):
                    return False
            return True
        connection.sendall(body if answer.cut is None else body[: answer.cut])
        return answer.cut is None


def _read(file: Any) -> Request | None:
    line = file.readline().decode("latin-1").strip()
    if not line:
        return None
    method, target, _ = line.split(" ", 2)
    headers: dict[str, str] = {}
    while text := file.readline().decode("latin-1").strip():
        name, _, value = text.partition(":")
        headers[name.strip().lower()] = value.strip()
    path, _, query = target.partition("?")
    return Request(method, path, query, headers, file.read(int(headers.get("content-length", 0))))


@dataclass
class Moved:
    """Time that moves only when somebody sleeps, and chance that is always the most."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)
    made: int = 0

    def means(self) -> Means:
        return Means(clock=lambda: self.now, sleep=self.sleep, random=lambda: 1.0, new_id=self.new_id)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def new_id(self) -> str:
        self.made += 1
        return f"id-{self.made}"


@pytest.fixture
def faulty() -> Iterator[FaultyServer]:
    server = FaultyServer()
    yield server
    server.close()


@pytest.fixture
def moved() -> Moved:
    return Moved()


@pytest.fixture(autouse=True)
def _no_settings_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUGURY_SERVER", raising=False)
    monkeypatch.delenv("AUGURY_API_KEY", raising=False)


@pytest.fixture
def told() -> Callable[..., Answer]:
    """Makes an answer; test files cannot import this one."""
    return Answer


@pytest.fixture
def refused() -> Callable[..., Answer]:
    """Makes a problem document."""
    return problem
