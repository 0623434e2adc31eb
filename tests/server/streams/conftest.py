"""Sessions by themselves, in stores, and behind the API that uvicorn serves in a thread."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import numpy as np
import pytest
import uvicorn

from augury_server.accounts.api_keys import add_key
from augury_server.api.app import create_app
from augury_server.api.routes import streams, streams_live
from augury_server.settings.sections import RedisSettings, StreamSettings
from augury_server.streams.store import SessionStore

DEADLINE = 20.0


@pytest.fixture(scope="session")
def price_path() -> Callable[..., list[float]]:
    """Prices that wander from 100, all different."""

    def make(n: int, seed: int = 1) -> list[float]:
        rng = np.random.default_rng(seed)
        return (100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, n)))).tolist()

    return make


@pytest.fixture
def run_async() -> Callable[[Any], Any]:
    """Run a coroutine to its end, within a deadline."""

    def run(coroutine: Any) -> Any:
        async def bounded() -> Any:
            return await asyncio.wait_for(coroutine, 60.0)

        return asyncio.run(bounded())

    return run


@pytest.fixture
def until() -> Callable[..., Any]:
    """Wait in an event loop for a condition."""

    async def wait(condition: Callable[[], Any], what: str = "it") -> Any:
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            found = condition()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return found
            await asyncio.sleep(0.01)
        raise AssertionError(f"{what} did not come about")

    return wait


@pytest.fixture
def store_on(tmp_path) -> Callable[..., SessionStore]:
    """A store on a Redis server, under a name of this test's own."""

    def make(server: Any = None, model_of: Any = None, clock: Any = time.time_ns, **options: Any) -> SessionStore:
        redis = None
        if server is not None:
            redis = RedisSettings(url=f"redis://127.0.0.1:{server.port}/0", timeout_seconds=2.0)
        settings = StreamSettings(**({"save_seconds": 0.05} | options))
        return SessionStore(settings, redis=redis, model_of=model_of, clock=clock, prefix=f"t:{tmp_path}:")

    return make


class ServedAs:
    """A small model as its host has it, with the bars that it may be asked about; quick, unless `row_us` says not."""

    def __init__(self, predictor: Any, bars: Any, row_us: float = 50.0, reference: str = "trend@3") -> None:
        self.predictor, self.bars, self.reference = predictor, bars, reference
        self.pace = SimpleNamespace(row_us=row_us)


class Served:
    """The API with the routes of streams alone, in a thread."""

    def __init__(self, platform: Any, keys: dict[str, str] | None = None) -> None:
        self.keys = keys or {name: add_key(name, role="viewer", by="tests").token for name in ("ada", "bob")}
        self.app = create_app(platform.settings, modules=[streams, streams_live])
        config = uvicorn.Config(self.app, host="127.0.0.1", port=0, log_level="error", timeout_graceful_shutdown=1)
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        end = time.monotonic() + DEADLINE
        while not self.server.started:
            assert self.thread.is_alive()
            assert time.monotonic() < end
            time.sleep(0.01)
        self.port = self.server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.clients: list[httpx.Client] = []

    @property
    def state(self) -> Any:
        return self.app.state

    def headers(self, key: str = "ada") -> dict[str, str]:
        return {"authorization": f"Bearer {self.keys[key]}"}

    def client(self, key: str = "ada") -> httpx.Client:
        made = httpx.Client(base_url=self.url, headers=self.headers(key), timeout=20.0)
        self.clients.append(made)
        return made

    def stop(self) -> None:
        for client in self.clients:
            client.close()
        self.server.should_exit = True
        self.thread.join(DEADLINE)
        assert not self.thread.is_alive()


@pytest.fixture
def serve(sqlite_platform) -> Iterator[Callable[..., Served]]:
    """Serve the API on this test's platform."""
    started: list[Served] = []

    def start(platform: Any = sqlite_platform, keys: dict[str, str] | None = None) -> Served:
        started.append(Served(platform, keys))
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture
def served(serve) -> Served:
    return serve()


@pytest.fixture(scope="session")
def hosted() -> Any:
    """A small model that reads bars, as the host has it, with the bars that it may be asked about."""
    from augury.learning.artefacts.exporting import build_artefact, extras_of
    from augury.learning.artefacts.predictor import Predictor
    from augury.learning.data.building import build_dataset
    from augury.learning.data.dataset import DatasetSpec
    from augury.learning.estimators.families import make_model
    from augury.testing import garch_bars

    bars = garch_bars(200, seed=11)
    features = ("rsi(timeperiod=7)", "atr(timeperiod=10)")
    dataset = build_dataset({"A": bars}, DatasetSpec(features=features, label="direction(horizon_bars=3)"))
    fitted = make_model("linear").fit(dataset.inputs, dataset.target, dataset.weights)
    predictor = Predictor(build_artefact(fitted, extras_of(dataset)))
    return ServedAs(predictor, bars)
