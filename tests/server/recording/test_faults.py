"""A database that goes away while records come, a disk without room: nothing that was taken is lost or doubled."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.db import connection

from augury_server.predictions.models import Prediction


def stored() -> list[int]:
    return sorted(one.int for one in Prediction.objects.values_list("id", flat=True))


@pytest.fixture
def own_platform(platforms: Callable[..., Any], tmp_path: Path, own_postgres: Any) -> Iterator[Any]:
    """A platform on a PostgreSQL that the test may stop, with little patience."""
    yield from platforms("postgresql", tmp_path, own_postgres, **{"database.pool_timeout_seconds": 0.5})


@pytest.mark.parametrize("mode", ["buffered", "durable"])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_database_that_is_stopped_while_records_come_gets_each_of_them_once(
    own_platform: Any, recorders: Any, made: Any, wait_for: Any, mode: str, how: int
) -> None:
    recorder = recorders(mode)
    sent = 0

    def send(count: int) -> None:
        nonlocal sent
        records = [made(n) for n in range(sent, sent + count)]
        asyncio.run(recorder.keep(records))
        sent += count

    def send_until(condition: Callable[[], bool]) -> None:
        def sent_some() -> bool:
            send(20)
            return condition()

        wait_for(sent_some)

    send_until(lambda: recorder.counts().recorded > 100)
    own_platform.server.stop(how)
    send_until(lambda: bool(recorder.problems()) and recorder.counts().backlog > 500)
    (problem,) = recorder.problems()
    assert "127.0.0.1" in problem
    assert "password" not in problem
    own_platform.server.start()
    send_until(lambda: not recorder.problems())
    recorder.stop()
    assert recorder.counts().recorded == sent
    assert recorder.counts().refused == recorder.counts().put_aside == 0
    connection.close()
    wait_for(lambda: stored() == list(range(sent)))


def test_a_server_that_freezes_holds_nobody_up_and_what_comes_is_on_disk(
    own_platform: Any, recorders: Any, made: Any, wait_for: Any
) -> None:
    recorder = recorders()
    recorder.offer(made(0))
    wait_for(lambda: recorder.counts().recorded == 1)
    server = psutil.Process(own_platform.server.process.pid)
    frozen = [server, *server.children()]
    for process in frozen:
        process.suspend()
    try:
        sent = 1
        while recorder.counts().backlog < 500:
            recorder.offer(made(sent))
            sent += 1
            time.sleep(0.0005)
        assert sent < 25_000, "before half of the memory was full"
    finally:
        for process in reversed(frozen):
            process.resume()
    wait_for(lambda: recorder.counts().recorded == sent)
    assert stored() == list(range(sent))


def test_a_locked_sqlite_file_is_waited_for_on_disk(
    platforms: Callable[..., Any], tmp_path: Path, recorders: Any, made: Any, wait_for: Any
) -> None:
    next(platforms("sqlite", tmp_path / "own", None, **{"database.lock_timeout_seconds": 0.1}))
    recorder = recorders()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("BEGIN IMMEDIATE")
        for n in range(400):
            recorder.offer(made(n))
        wait_for(lambda: recorder.counts().backlog == 400 and recorder.problems())
        (problem,) = recorder.problems()
        assert "locked" in problem
        cursor.execute("ROLLBACK")
    other.close()
    wait_for(lambda: recorder.counts().recorded == 400)
    assert recorder.counts().replayed == 400
    assert stored() == list(range(400))


FULL = """
    from django.db import connection
    from augury.errors import Unavailable

    def room(size):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    async def keep(first, count):
        kept = 0
        for n in range(first, first + count):
            try:
                await recorder.keep([record(n)])
                kept += 1
            except Unavailable as error:
                told.append(str(error))
        return kept

    told = []
    before = asyncio.run(keep(0, 50))
    room(60)  # less than a record takes
    during = asyncio.run(keep(1000, 50))
    for n in range(5000, 5050):
        recorder.offer(record(n))
    while len(recorder.problems()) < 2:
        time.sleep(0.01)
    problems = recorder.problems()
    room(resource.RLIM_INFINITY)
    after = asyncio.run(keep(2000, 50))
    while recorder.problems():
        time.sleep(0.01)
    recorder.stop()
    counts = recorder.counts()
    print(before, during, after, len(told), counts.recorded, counts.refused, counts.waiting + counts.backlog)
    print(told[0])
    print(*problems, sep=" AND ")
"""


def test_a_disk_without_room_is_told_and_what_was_taken_stays(
    sqlite_platform: Any, program: Any, tmp_path: Path
) -> None:
    connection.close()
    folder = tmp_path / "records"
    child = sqlite_platform.python(program(folder, FULL, record="durable", spill_megabytes=1))
    output, errors = child.communicate(timeout=120)
    assert child.returncode == 0, errors
    numbers, told, problems = output.splitlines()
    before, during, after, refused_callers, recorded, refused, left = map(int, numbers.split())
    assert (before, after, left) == (50, 50, 0)
    assert during + refused_callers == 50
    assert refused == refused_callers > 0
    assert "records" in told
    assert "cannot be put on disk: File too large; make room" in told
    assert "augury.sqlite3" in problems
    assert "cannot be put on disk" in problems
    kept = stored()
    assert len(kept) == recorded == 100 + during + 50
    assert kept[:50] == list(range(50))
    assert kept[-50:] == list(range(5000, 5050)), "what had been offered waited in memory until there was room"
    assert list(folder.iterdir()) == []
