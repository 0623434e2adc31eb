"""The web processes as the platform starts them, a model in them, and clients that go on whatever happens."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import psutil
import pytest

DEADLINE = 60.0
ROW = [0.25, -0.5, 1.0]


def wait_until(condition: Callable[[], Any], what: str) -> Any:
    """What the condition gives as soon as it is true."""
    until = time.monotonic() + DEADLINE
    while time.monotonic() < until:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come about within {DEADLINE:.0f} s")


@dataclass
class Web:
    """The web processes of a platform: a master and its workers."""

    process: subprocess.Popen[bytes]
    port: int
    headers: dict[str, str]

    def workers(self) -> list[psutil.Process]:
        """Those who answer."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        return [one for one in children if "spawn_main" in " ".join(_words(one))]

    def stop(self) -> None:
        """As an orchestrator does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(DEADLINE)

    def ask(self, connection: http.client.HTTPConnection) -> tuple[int, dict[str, Any]]:
        """One prediction: status and answer. Raises what the connection raises."""
        body = json.dumps({"model": "trend", "row": ROW, "symbol": "AAPL"})
        connection.request("POST", "/predict", body, self.headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


@dataclass
class Load:
    """Clients that ask without a pause, each over a connection of its own that is made anew when it breaks."""

    web: Web
    clients: int = 6
    answered: list[UUID] = field(default_factory=list)
    versions: set[int] = field(default_factory=set)
    refused: list[tuple[int, str]] = field(default_factory=list)
    broken: int = 0

    def __enter__(self) -> Load:
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(self.clients)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def more(self, answers: int) -> None:
        """Wait for so many more answers."""
        enough = len(self.answered) + answers
        wait_until(lambda: len(self.answered) >= enough, f"{answers} more answers")

    def _ask(self) -> None:
        while not self._done.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self.web.port, timeout=20.0)
            try:
                while not self._done.is_set():
                    status, answer = self.web.ask(connection)
                    if status == 200:
                        self.versions.add(answer["version"])
                        self.answered.append(UUID(answer["id"]))
                    else:
                        self.refused.append((status, answer["detail"]))
            except (OSError, http.client.HTTPException):
                self.broken += 1
                time.sleep(0.01)
            finally:
                connection.close()


@pytest.fixture(scope="session")
def artefact(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """A small model of three inputs, in as many variants as are asked for."""
    from augury.learning import export_trainable, make_model
    from augury.learning.artefacts.manifest import ManifestExtras

    folder = tmp_path_factory.mktemp("artefacts")

    def make(number: int) -> Path:
        place = folder / str(number)
        if not place.exists():
            rng = np.random.default_rng(number)
            rows = rng.normal(size=(300, 3))
            model = make_model("xgboost(rounds=10, max_depth=3)").fit(rows, (rows[:, 0] > 0).astype(np.int64))
            export_trainable(model, place, ManifestExtras(classes=("down", "up")))
        return place

    return make


@pytest.fixture
def served(artefact: Callable[[int], Path]) -> Iterator[Callable[[Any], Web]]:
    """Start the web processes of a platform with `trend` in them, by the command line that `server up` uses."""
    from augury_server.accounts.api_keys import add_key
    from augury_server.operations.running.server_up import web_command
    from augury_server.registry.promote import promote
    from augury_server.registry.register import register_model

    started: list[Web] = []

    def start(platform: Any) -> Web:
        version = register_model(artefact(1), name="trend", by="tests")
        promote("trend", version.number, by="tests", reason="to serve", force=True)
        key = add_key("load", role="viewer", by="tests").token
        process = subprocess.Popen(web_command(platform.settings.web), env={**os.environ, **platform.environment})
        headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        web = Web(process, platform.settings.web.port, headers)
        started.append(web)
        wait_until(lambda: _ready(web) or process.poll() is not None, "the web processes")
        assert process.poll() is None, "the web processes have ended"
        return web

    yield start
    for web in started:
        web.stop()


def _ready(web: Web) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=5.0)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.fixture
def load_on() -> Callable[[Web], Load]:
    """Clients that ask while the block lasts: `with load_on(web) as load`."""
    return Load


@pytest.fixture
def until() -> Callable[[Callable[[], Any], str], Any]:
    """Wait for a condition that is named."""
    return wait_until
