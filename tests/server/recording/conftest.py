"""Recorders with short waits, predictions for them, and processes that record."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from augury_server.predictions.recording import PredictionRecord
from augury_server.serving.recording.recorder import Recorder
from augury_server.settings.sections import ServingSettings

START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def made() -> Callable[..., PredictionRecord]:
    """The prediction number n; its id is n."""

    def make(n: int, **given: Any) -> PredictionRecord:
        fields: dict[str, Any] = {
            "id": UUID(int=n),
            "model_name": "trend",
            "model_version": 1 + n % 2,
            "symbol": ("AAPL", "IBM", "MSFT")[n % 3],
            "bar_opened_at_ns": 1_772_236_800 * 10**9 + n,
            "made_at": START + timedelta(milliseconds=n),
            "probabilities": (0.1, 0.2, 0.7),
            "decision": ("up", "")[n % 2],
            "inputs_sha256": f"{n:064x}",
            "latency_us": n % 100,
            "request_id": f"r-{n}",
        }
        return PredictionRecord(**(fields | given))

    return make


@pytest.fixture(scope="session")
def wait_for() -> Callable[..., None]:
    """Wait until a condition holds; an assertion fails when it does not in time."""

    def wait(condition: Callable[[], object], seconds: float = 60.0) -> None:
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until, "the condition did not come to hold"
            time.sleep(0.005)

    return wait


@pytest.fixture
def recorders(tmp_path: Path) -> Iterator[Callable[..., Recorder]]:
    """Started recorders over the folder `records` of the test, with short waits; stopped at the end."""
    started: list[Recorder] = []

    def start(record: str = "buffered", *, write: Any = None, folder: Path | None = None, **given: Any) -> Recorder:
        settings = ServingSettings(**({"record": record, "flush_seconds": 0.05} | given))
        arguments = () if write is None else (write,)
        recorder = Recorder(settings, folder or tmp_path / "records", *arguments)
        recorder.start()
        started.append(recorder)
        return recorder

    yield start
    for recorder in started:
        recorder.stop()


@pytest.fixture(scope="session")
def program() -> Callable[..., str]:
    """The text of a process that has `recorder`, started, and `record(n)`, and then does what it is given."""

    def text(folder: Path, body: str, **settings: Any) -> str:
        given = {"flush_seconds": 0.05} | settings
        head = f"""
            import asyncio, os, resource, signal, sys, threading, time
            from datetime import UTC, datetime, timedelta
            from pathlib import Path
            from uuid import UUID
            from augury_server.predictions.recording import PredictionRecord
            from augury_server.serving.recording.recorder import Recorder
            from augury_server.settings.sections import ServingSettings

            def record(n):
                made_at = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(milliseconds=n % 10**6)
                return PredictionRecord(id=UUID(int=n), model_name="trend", model_version=1, symbol="AAPL",
                                        bar_opened_at_ns=n, made_at=made_at, probabilities=(0.5, 0.5))

            recorder = Recorder(ServingSettings(**{given!r}), Path({str(folder)!r}))
            recorder.start()
        """
        return textwrap.dedent(head) + textwrap.dedent(body)

    return text
