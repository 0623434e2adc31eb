"""The API served for real: by uvicorn in a thread of the test's process, or in a process of its own to be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import httpx
import msgspec
import pytest
import uvicorn
from django.db import OperationalError
from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from augury.errors import InvalidInput
from augury_server.accounts.api_keys import add_key
from augury_server.accounts.keyring import Principal
from augury_server.api.app import create_app
from augury_server.api.bodies import read_json
from augury_server.api.protocol import GuardedProtocol
from augury_server.api.security import needs, principal_of

ROLES = ("viewer", "operator", "administrator")
DEADLINE = 30.0


def wait_until(condition: Callable[[], Any], what: str, seconds: float = DEADLINE) -> Any:
    """What the condition gives as soon as it is true."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError(f"{what} did not come about within {seconds} s")


@dataclass
class Api:
    """A served API: `url`, a client a role (None: without a key), the platform, the state of the server."""

    url: str
    platform: Any
    keys: dict[str, str]
    state: Any = None
    clients: list[httpx.Client] = field(default_factory=list)

    def client(self, role: str | None = "viewer", **options: Any) -> httpx.Client:
        """A client with the key of a role; closed with the test."""
        headers = {**({"authorization": f"Bearer {self.keys[role]}"} if role else {}), **options.pop("headers", {})}
        made = httpx.Client(base_url=self.url, headers=headers, timeout=options.pop("timeout", 30.0), **options)
        self.clients.append(made)
        return made

    def headers(self, role: str = "viewer") -> dict[str, str]:
        """The header with the key of a role."""
        return {"authorization": f"Bearer {self.keys[role]}"}

    def wait(self, condition: Callable[[], Any], what: str) -> Any:
        """What the condition gives as soon as it is true."""
        return wait_until(condition, what)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port, for sockets."""
        url = httpx.URL(self.url)
        return url.host, int(url.port or 0)

    def close(self) -> None:
        """Close the clients."""
        for client in self.clients:
            client.close()


def make_keys() -> dict[str, str]:
    """A key of each role, by role."""
    return {role: add_key(f"{role}-key", role=role, by="tests").token for role in ROLES}


def _serve(platform: Any, app: Any = None, keys: dict[str, str] | None = None) -> Iterator[Api]:
    """Serve the application in a thread; with the end of the generator it is shut down as a server is."""
    keys = keys or make_keys()
    served = create_app() if app is None else app
    config = uvicorn.Config(
        served, host="127.0.0.1", port=0, log_level="error", access_log=False, server_header=False, lifespan="on",
        http=GuardedProtocol,
        timeout_graceful_shutdown=5,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="served api")
    thread.start()
    wait_until(lambda: server.started or not thread.is_alive(), "the server")
    assert server.started, "the server did not start"
    port = server.servers[0].sockets[0].getsockname()[1]
    api = Api(url=f"http://127.0.0.1:{port}", platform=platform, keys=keys, state=getattr(served, "state", None))
    try:
        yield api
    finally:
        api.close()
        server.should_exit = True
        thread.join(DEADLINE)
        assert not thread.is_alive(), "the server did not stop"


@pytest.fixture
def api(sqlite_platform: Any) -> Iterator[Api]:
    """The whole API on SQLite."""
    yield from _serve(sqlite_platform)


@pytest.fixture
def api_both(platform: Any) -> Iterator[Api]:
    """The whole API, on SQLite and on PostgreSQL."""
    yield from _serve(platform)


@pytest.fixture
def serve() -> Iterator[Callable[..., Api]]:
    """Serve this platform's application under its present settings, or another: `serve(platform, app, keys)`."""
    started: list[Any] = []

    def start(platform: Any, app: Any = None, keys: dict[str, str] | None = None) -> Api:
        started.append(_serve(platform, app, keys))
        api: Api = next(started[-1])
        return api

    yield start
    for one in reversed(started):
        one.close()


@dataclass
class ApiProcess:
    """The API in a process of its own, with the keys of a platform."""

    api: Api
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """As the kernel does when memory is out."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(DEADLINE)

    def stop(self) -> int:
        """As an orchestrator does; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DEADLINE)


@pytest.fixture
def api_process() -> Iterator[Callable[..., ApiProcess]]:
    """Start the API in a process: `api_process(platform, port, keys=None)`; the port must be free, see `new_port`."""
    started: list[ApiProcess] = []

    def start(platform: Any, port: int, keys: dict[str, str] | None = None) -> ApiProcess:
        command = [sys.executable, "-m", "uvicorn", "augury_server.asgi:application", "--host", "127.0.0.1"]
        command += ["--port", str(port), "--log-level", "error", "--no-access-log"]
        command += ["--http", "augury_server.api.protocol:GuardedProtocol"]
        process = subprocess.Popen(command, env={**os.environ, **platform.environment})
        api = Api(url=f"http://127.0.0.1:{port}", platform=platform, keys=keys or make_keys())
        one = ApiProcess(api, process)
        started.append(one)
        wait_until(lambda: _answers(api) or process.poll() is not None, "the process")
        assert process.poll() is None, "the process has ended"
        return one

    yield start
    for one in started:
        one.api.close()
        if one.process.poll() is None:
            one.process.terminate()
            one.process.wait(DEADLINE)


def _answers(api: Api) -> bool:
    try:
        return httpx.get(f"{api.url}/health/live", timeout=2.0).status_code < 500
    except httpx.HTTPError:
        return False


# --- routes of the tests' own, to look at the frame apart from what the platform offers -----------------------


class Tag(BaseModel):
    """A body that FastAPI reads."""

    name: str
    size: int = Field(ge=0)


_ROW = msgspec.json.Decoder(dict[str, list[float]])
_BREAK: dict[str, Any] = {
    "invalid": InvalidInput("rows should be 3, got 2"),
    "secret": RuntimeError("the password is hunter2"),
    "database": OperationalError("server closed the connection"),
    "http": HTTPException(409, "somebody was first"),
}
router = APIRouter()


@router.get("/v1/broken/{name}")
async def broken(name: str) -> None:
    raise _BREAK[name]


@router.get("/v1/count/{number}")
async def count(number: int) -> dict[str, int]:
    return {"number": number}


@router.post("/v1/tags")
async def tag(body: Tag) -> dict[str, Any]:
    return body.model_dump()


@router.post("/v1/acts")
async def act(who: Annotated[Principal, Depends(needs("operator"))]) -> dict[str, str]:
    return {"by": who.actor}


@router.get("/v1/half")
async def half() -> StreamingResponse:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"begun"
        raise RuntimeError("half way")

    return StreamingResponse(pieces(), headers={"content-length": "1000"})


async def row(request: Request) -> Response:
    """A plain route that reads JSON."""
    found = await read_json(request.scope, request.receive, _ROW)
    return Response(msgspec.json.encode(found), media_type="application/json")


async def size(request: Request) -> Response:
    """A plain route that counts what comes, piece by piece, and lets lines be as many as they are."""
    request.scope["augury"].take_lines()
    total = 0
    async for piece in request.stream():
        total += len(piece)
    return Response(str(total), media_type="text/plain")


async def me(request: Request) -> Response:
    """Who calls."""
    return Response(principal_of(request.scope).actor, headers={"cache-control": "private, max-age=5"})


async def open_page(_: Request) -> Response:
    """What anybody may see."""
    return Response("open")


async def socket(connection: WebSocket) -> None:
    """Says who calls and repeats what it hears, until it hears of trouble."""
    await connection.accept()
    await connection.send_text(principal_of(connection.scope).actor)
    while True:
        heard = await connection.receive_text()
        if heard == "trouble":
            raise RuntimeError("trouble")
        await connection.send_text(heard)


PROBES = SimpleNamespace(
    router=router,
    routes=[
        Route("/predict", row, methods=["POST"]),
        Route("/predict/stream", size, methods=["POST"]),
        Route("/models/{name}/me", me),
        Route("/streams/{name}/events", me),
        Route("/health/live", open_page),
        Route("/", open_page),
        WebSocketRoute("/streams/{name}/socket", socket),
    ],
    openapi={"/predict": {"post": {"summary": "A row", "tags": ["predictions"], "responses": {}}}},
)


@pytest.fixture
def probes(platforms: Any, tmp_path: Path, serve: Callable[..., Api]) -> Callable[..., Api]:
    """Serve routes of the tests' own under the whole frame: `probes(**flags)`; `probes.app()` is another."""

    def start(**flags: Any) -> Api:
        platform = next(platforms("sqlite", tmp_path, None, **flags))
        return serve(platform, create_app(modules=[PROBES]))

    start.app = lambda: create_app(modules=[PROBES])  # type: ignore[attr-defined]
    return start
