"""Platforms whose leases last seconds, workers in processes of their own, and the probes that jobs run."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from augury.operations import registry

PROBES = Path(__file__).parent / "probes"
QUICK: dict[str, Any] = {
    "jobs.backoff_max_seconds": 0.5,
    "jobs.backoff_seconds": 0.2,
    "jobs.extra_operations": ["augury_probes"],
    "jobs.grace_seconds": 0.6,
    "jobs.heartbeat_seconds": 0.3,
    "jobs.lease_seconds": 2.0,
    "jobs.poll_seconds": 0.2,
    "jobs.resend_seconds": 1.0,
    "jobs.stop_seconds": 0.5,
}


@pytest.fixture
def probes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The probes are operations in this process, for one test, and can be imported by children."""
    monkeypatch.setattr(registry, "_operations", dict(registry.operations()))
    monkeypatch.syspath_prepend(str(PROBES))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(PROBES), os.environ.get("PYTHONPATH")])))
    sys.modules.pop("augury_probes", None)
    importlib.import_module("augury_probes")
    yield
    sys.modules.pop("augury_probes", None)


@dataclass
class Worker:
    """A worker in a process group of its own; what it says lies in `log`."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def children(self) -> list[int]:
        return [child.pid for child in psutil.Process(self.pid).children()]

    def wait_until_ready(self) -> Worker:
        wait_for(lambda: "worker ready" in self.log.read_text() or self.process.poll() is not None, 60)
        assert self.process.poll() is None, self.log.read_text()[-3000:]
        return self

    def kill_everything(self) -> None:
        """SIGKILL to the worker and its children at once."""
        os.killpg(self.pid, signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


def wait_for(condition: Callable[[], Any], seconds: float = 30.0) -> Any:
    """What the condition gives as soon as it is true; fails when it does not become so."""
    until = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < until, "the condition did not come true in time"
        time.sleep(0.03)
    return value


@pytest.fixture(name="wait_for")
def _wait_for() -> Callable[..., Any]:
    return wait_for


@dataclass
class Farm:
    """Starts workers on a platform and leaves none behind."""

    folder: Path
    platform: Any
    workers: list[Worker] = field(default_factory=list)

    def worker(self, *arguments: str) -> Worker:
        log = self.folder / f"worker-{len(self.workers)}.log"
        environment = {**os.environ, **self.platform.environment, "AUGURY_LOGS__LEVEL": "info"}
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "augury_server.jobs", "--concurrency", "1", *arguments],
                env=environment, stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        self.workers.append(Worker(process=process, log=log))
        return self.workers[-1]

    def close(self) -> None:
        for worker in self.workers:
            for number in (signal.SIGCONT, signal.SIGKILL):
                try:
                    os.killpg(worker.pid, number)
                except ProcessLookupError:
                    break
            worker.process.wait(10)


@pytest.fixture
def farm_of(tmp_path: Path, probes: None) -> Iterator[Callable[[Any], Farm]]:
    """Makes a farm on a platform."""
    farms: list[Farm] = []

    def make(platform: Any) -> Farm:
        farms.append(Farm(folder=tmp_path, platform=platform))
        return farms[-1]

    yield make
    for farm in farms:
        farm.close()


@pytest.fixture
def quick_platform(tmp_path: Path, platforms: Any, request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Makes a platform with short leases: `(engine, redis=..., **flags)`, engine being sqlite or postgresql."""
    made: list[Iterator[Any]] = []

    def make(engine: str = "sqlite", *, redis: Any = None, postgres: Any = None, **flags: Any) -> Any:
        server = postgres
        if engine == "postgresql" and server is None:
            server = request.getfixturevalue("postgres_server")
        every = {**QUICK, **({"redis.url": f"redis://127.0.0.1:{redis.port}/0"} if redis else {}), **flags}
        made.append(platforms(engine, tmp_path / f"platform-{len(made)}", server, **every))
        return next(made[-1])

    yield make
    for generator in made:
        for _ in generator:
            pass


@pytest.fixture(params=["sqlite", "postgresql"])
def quick(request: pytest.FixtureRequest, quick_platform: Any, probes: None) -> Any:
    """A platform with short leases and the probes, on each engine."""
    return quick_platform(request.param)


def lines(path: Path, word: str) -> int:
    return sum(line.startswith(word) for line in path.read_text().splitlines()) if path.exists() else 0


@pytest.fixture
def count_marks() -> Callable[[Path, str], int]:
    """How many lines of a probe's marks begin with a word."""
    return lines
