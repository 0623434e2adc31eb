"""With a process that writes: nothing is lost or doubled whichever of the two is killed, and it never stays behind."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.db import connection

from augury_server.predictions.models import Prediction
from augury_server.serving.recording.recorder import Recorder
from augury_server.settings.sections import ServingSettings


def stored() -> list[int]:
    return sorted(one.int for one in Prediction.objects.values_list("id", flat=True))


@pytest.fixture
def recorder_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Starts a recorder with a process that writes to the database of a platform; stopped with the test."""
    started: list[Recorder] = []

    def start(platform: Any, mode: str = "buffered") -> Recorder:
        for name, value in platform.environment.items():
            monkeypatch.setenv(name, value)
        settings = ServingSettings(record=mode, writer="process", flush_seconds=0.05)
        started.append(Recorder(settings, tmp_path / "records"))
        started[-1].start()
        return started[-1]

    yield start
    for recorder in started:
        recorder.stop()


@pytest.mark.parametrize("mode", ["buffered", "durable"])
def test_everything_is_in_the_database_once_and_counted(
    platform: Any, recorder_on: Callable[..., Recorder], made: Any, wait_for: Any, tmp_path: Path, mode: str
) -> None:
    recorder = recorder_on(platform, mode)
    asyncio.run(recorder.keep([made(n, symbol="x" * (60 if n == 77 else 3)) for n in range(500)]))
    wait_for(lambda: recorder.counts().recorded == 499)
    wait_for(lambda: recorder.counts().backlog == 0)
    asyncio.run(recorder.keep([made(n) for n in range(500, 600)]))
    recorder.stop()
    assert stored() == [n for n in range(600) if n != 77]
    counts = recorder.counts()
    assert (counts.recorded, counts.replayed, counts.spilled, counts.put_aside) == (599, 599, 600, 1)
    assert (counts.waiting, counts.backlog, counts.backlog_bytes, counts.refused) == (0, 0, 0, 0)
    assert [path.name for path in (tmp_path / "records").iterdir()] == ["put_aside.jsonl"]


def test_a_writer_that_is_killed_again_and_again_is_started_again(
    sqlite_platform: Any, recorder_on: Callable[..., Recorder], made: Any, wait_for: Any
) -> None:
    rng = random.Random(4)
    recorder = recorder_on(sqlite_platform)
    process = recorder._process
    assert process is not None
    n = 0
    for _ in range(3):
        pid, until = process.pid, n + rng.randrange(1, 3000)
        while n < until:
            recorder.offer(made(n))
            n += 1
        if rng.random() < 0.7:
            wait_for(lambda: len(stored()) > 0)
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda pid=pid: process.pid not in (0, pid))
    wait_for(lambda: len(stored()) == n)
    recorder.stop()
    assert stored() == list(range(n))


def test_an_absent_database_is_told_and_waited_for(
    platforms: Any, tmp_path: Path, recorder_on: Callable[..., Recorder], made: Any, wait_for: Any
) -> None:
    platform = next(platforms("sqlite", tmp_path / "own", None, **{"database.lock_timeout_seconds": 0.1}))
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("BEGIN IMMEDIATE")
        recorder = recorder_on(platform)
        for n in range(300):
            recorder.offer(made(n))
        wait_for(lambda: recorder.problems() and recorder.counts().backlog == 300)
        assert "locked" in recorder.problems()[0]
        assert recorder.counts().backlog_bytes > 300 * 50
        cursor.execute("ROLLBACK")
    other.close()
    wait_for(lambda: recorder.counts().recorded == 300)
    assert stored() == list(range(300))
    wait_for(lambda: not recorder.problems() and recorder.counts().backlog == 0)


SERVING = """
    async def keep(k):
        for n in range(10**6):
            await recorder.keep([record(k * 10**6 + n)])
            os.write(1, b"%d\\n" % (k * 10**6 + n))

    async def everybody():
        await asyncio.gather(*(keep(k) for k in range(4)))

    os.write(1, b"%d\\n" % recorder._process.pid)
    asyncio.run(everybody())
"""


def test_a_killed_server_takes_its_writer_with_it_after_what_was_kept_is_written(
    platform: Any, program: Any, wait_for: Any, tmp_path: Path
) -> None:
    child = platform.python(program(tmp_path / "records", SERVING, record="durable", writer="process"))
    assert child.stdout is not None
    writer = psutil.Process(int(child.stdout.readline()))
    answered = [int(child.stdout.readline()) for _ in range(random.Random(platform.engine).randrange(200, 900))]
    child.send_signal(signal.SIGKILL)
    answered += [int(line) for line in child.stdout.read().splitlines()]
    child.stdout.close()
    child.stderr.close()
    child.wait(60)
    psutil.wait_procs([writer], timeout=60)
    assert not writer.is_running()
    there = set(stored())
    assert set(answered) <= there
    assert len(there - set(answered)) <= 4
    assert list((tmp_path / "records").iterdir()) == []
