"""Recorders in every mode: each record in the database once, whatever becomes of the others."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from augury.errors import InvalidInput, Unavailable
from augury_server.predictions.models import Prediction
from augury_server.predictions.recording import record_predictions
from augury_server.serving.recording.encoding import decode_record
from augury_server.serving.recording.frames import scan


def stored() -> list[int]:
    return sorted(one.int for one in Prediction.objects.values_list("id", flat=True))


def test_what_is_offered_is_in_the_database_soon_in_every_field(
    platform: Any, recorders: Any, made: Any, wait_for: Any
) -> None:
    recorder = recorders()
    for n in range(700):
        recorder.offer(made(n))
    wait_for(lambda: recorder.counts().recorded == 700)
    assert stored() == list(range(700))
    row = Prediction.objects.get(request_id="r-10")
    for name in made(10).__struct_fields__:
        kept = getattr(row, name)
        assert (tuple(kept) if name == "probabilities" else kept) == getattr(made(10), name)
    assert recorder.counts().spilled == recorder.counts().refused == recorder.counts().waiting == 0
    assert recorder.problems() == ()


def test_what_is_kept_is_on_disk_before_the_answer_and_in_the_database_soon(
    platform: Any, recorders: Any, made: Any, wait_for: Any, tmp_path: Path
) -> None:
    recorder = recorders("durable", flush_seconds=3600)

    async def keep(n: int) -> None:
        await recorder.keep([made(2 * n), made(2 * n + 1)])
        on_disk.append(2 * n in ids())

    def ids() -> set[int]:
        data = b"".join(path.read_bytes() for path in sorted((tmp_path / "records").glob("*.spill")))
        return {decode_record(one).id.int for one in scan(data[data.index(b"\n") + 1 :]).payloads}

    async def many() -> None:
        await asyncio.gather(*(keep(n) for n in range(100)))
        await recorder.keep([])

    on_disk: list[bool] = []
    asyncio.run(many())
    assert on_disk == [True] * 100
    assert recorder.counts().spilled == recorder.counts().backlog == 200
    recorder.stop()
    assert stored() == list(range(200))
    assert recorder.counts().recorded == recorder.counts().replayed == 200
    assert list((tmp_path / "records").iterdir()) == []


def test_callers_that_wait_together_share_a_write(
    sqlite_platform: Any, recorders: Any, made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncs: list[int] = []
    real = os.fdatasync

    def sync(descriptor: int) -> None:
        syncs.append(descriptor)
        time.sleep(0.02)
        real(descriptor)

    monkeypatch.setattr(os, "fdatasync", sync)
    recorder = recorders("durable")

    async def many() -> None:
        await asyncio.gather(*(recorder.keep([made(n)]) for n in range(300)))

    asyncio.run(many())
    assert len(syncs) < 10
    recorder.stop()
    assert stored() == list(range(300))


def test_a_caller_that_gives_up_harms_nobody_and_its_record_is_kept(
    sqlite_platform: Any, recorders: Any, made: Any
) -> None:
    recorder = recorders("durable")

    async def some() -> None:
        tasks = [asyncio.ensure_future(recorder.keep([made(n)])) for n in range(20)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert outcomes[1::2] == [None] * 10

    asyncio.run(some())
    recorder.stop()
    assert stored() == list(range(20))


def test_off_keeps_nothing_and_needs_no_folder(sqlite_platform: Any, recorders: Any, made: Any, tmp_path: Path) -> None:
    recorder = recorders("off")
    recorder.offer(made(1))
    asyncio.run(recorder.keep([made(2)]))
    recorder.stop()
    assert stored() == []
    assert not (tmp_path / "records").exists()
    assert recorder.counts().refused == 0


def test_a_stopped_recorder_refuses_and_says_so(sqlite_platform: Any, recorders: Any, made: Any) -> None:
    for mode in ("buffered", "durable"):
        recorder = recorders(mode)
        recorder.stop()
        recorder.offer(made(1))
        assert recorder.counts().refused == 1
    with pytest.raises(Unavailable, match="not running"):
        asyncio.run(recorder.keep([made(2)]))
    assert recorder.counts().refused == 2


@pytest.mark.parametrize("mode", ["buffered", "durable"])
def test_stopping_under_load_loses_nothing_that_was_taken(
    platform: Any, recorders: Any, made: Any, wait_for: Any, mode: str
) -> None:
    recorder = recorders(mode, flush_seconds=0.01)
    accepted: list[int] = []
    offered = [0] * 3

    async def keep(first: int) -> None:
        for n in range(first, first + 10**6):
            try:
                await recorder.keep([made(n)])
            except Unavailable:
                return
            accepted.append(n)

    async def keepers() -> None:
        await asyncio.gather(*(keep(k * 10**6) for k in range(8)))

    def offer(k: int) -> None:
        while not stopped.is_set():
            recorder.offer(made((20 + k) * 10**6 + offered[k]))
            offered[k] += 1
            if offered[k] % 50 == 0:
                time.sleep(0.002)

    stopped = threading.Event()
    threads = [threading.Thread(target=offer, args=(k,)) for k in range(3)]
    if mode == "durable":
        threads.append(threading.Thread(target=lambda: asyncio.run(keepers())))
    for thread in threads:
        thread.start()
    wait_for(lambda: recorder.counts().recorded > 300)
    recorder.stop()
    stopped.set()
    for thread in threads:
        thread.join(30)
    counts = recorder.counts()
    there = set(stored())
    assert set(accepted) <= there
    assert sum(offered) - counts.refused <= len([n for n in there if n >= 20 * 10**6]) <= sum(offered)
    assert counts.waiting == counts.backlog == counts.put_aside == 0
    assert counts.recorded == len(there)


def test_records_that_the_database_refuses_are_put_aside_and_the_others_stored(
    platform: Any, recorders: Any, made: Any, wait_for: Any, tmp_path: Path
) -> None:
    bad = {
        3: {"decision": None},  # the database's own rule
        400: {"symbol": "x" * 51},
        401: {"model_version": 0},
        999: {"probabilities": (float("nan"),)},
        1500: {"bar_opened_at_ns": 2**63},
        1501: {"bar_opened_at_ns": 2**70},
        1999: {"model_version": "one"},
    }
    recorder = recorders()
    for n in range(2000):
        recorder.offer(made(n, **bad.get(n, {})))
    wait_for(lambda: recorder.counts().recorded == 2000 - len(bad))
    assert stored() == [n for n in range(2000) if n not in bad]
    assert recorder.counts().put_aside == len(bad)
    assert recorder.problems() == ()
    recorder.offer(made(5000))
    recorder.stop()
    assert Prediction.objects.filter(request_id="r-5000").exists()
    lines = [json.loads(line) for line in (tmp_path / "records" / "put_aside.jsonl").read_text().splitlines()]
    assert {int(one["record"]["id"].replace("-", ""), 16) for one in lines} == set(bad)
    reasons = {int(one["record"]["id"].replace("-", ""), 16): one["reason"] for one in lines}
    assert "at most 50 characters" in reasons[400]
    assert "IntegrityError" in reasons[3] or "got `null`" in reasons[3]  # the database's words, or the disk's


def test_bad_records_on_disk_do_not_block_the_others_either(
    platform: Any, recorders: Any, made: Any, tmp_path: Path
) -> None:
    recorder = recorders("durable", flush_seconds=3600)

    async def keep() -> None:
        await recorder.keep([made(n, symbol="x" * (60 if n % 100 == 7 else 3)) for n in range(500)])
        await recorder.keep([made(501, decision=None)])
        with pytest.raises(InvalidInput, match="cannot be kept on disk"):
            await recorder.keep([made(502), made(503, symbol="\ud800")])

    asyncio.run(keep())
    recorder.stop()
    assert stored() == [n for n in range(500) if n % 100 != 7]
    assert recorder.counts().put_aside == 6
    assert len((tmp_path / "records" / "put_aside.jsonl").read_text().splitlines()) == 6


def test_an_error_that_nobody_expected_costs_no_record(
    sqlite_platform: Any, recorders: Any, made: Any, wait_for: Any
) -> None:
    broken = threading.Event()
    broken.set()

    def write(records: Iterable[Any]) -> int:
        if broken.is_set():
            raise RuntimeError("a bug")
        return record_predictions(records)

    recorder = recorders(write=write)
    for n in range(300):
        recorder.offer(made(n))
    wait_for(lambda: recorder.counts().backlog == 300)
    wait_for(lambda: recorder.problems() == ("an unexpected error; see the log",))
    broken.clear()
    wait_for(lambda: recorder.counts().replayed == 300)
    assert stored() == list(range(300))
    wait_for(lambda: recorder.problems() == ())


def test_tables_that_are_missing_are_waited_for(platform: Any, recorders: Any, made: Any, wait_for: Any) -> None:
    table = Prediction._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO elsewhere")
    recorder = recorders()
    for n in range(50):
        recorder.offer(made(n))
    wait_for(lambda: recorder.counts().backlog == 50 and recorder.problems())
    (problem,) = recorder.problems()
    assert "augury db migrate" in problem
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE elsewhere RENAME TO {table}")
    wait_for(lambda: recorder.counts().replayed == 50)
    assert stored() == list(range(50))


def test_a_database_that_never_answers_is_no_reason_to_lose_or_to_wait(
    sqlite_platform: Any, recorders: Any, made: Any, wait_for: Any
) -> None:
    go, began = threading.Event(), threading.Event()

    def write(records: Iterable[Any]) -> int:
        began.set()
        go.wait(60)
        return record_predictions(records)

    recorder = recorders(write=write, buffer_records=1000, spill_megabytes=1)
    recorder.offer(made(0))
    wait_for(began.is_set)
    n = 1
    while not recorder.problems():
        if recorder.counts().waiting < 900:
            recorder.offer(made(n))
            n += 1
    while recorder.counts().refused < 100:
        recorder.offer(made(n))
        n += 1
    counts = recorder.counts()
    assert counts.waiting >= 1000, "memory is full"
    assert counts.backlog > 4000, "and so is the disk"
    assert any("serving.spill_megabytes allows no more" in one for one in recorder.problems())
    go.set()
    wait_for(lambda: recorder.counts().recorded == n - recorder.counts().refused)
    kept = stored()
    assert len(kept) == recorder.counts().recorded
    assert kept[: counts.backlog] == list(range(counts.backlog)), "the oldest were kept"
    wait_for(lambda: recorder.problems() == ())


def test_stopping_while_the_database_never_answers_leaves_everything_on_disk(
    sqlite_platform: Any, recorders: Any, made: Any, wait_for: Any
) -> None:
    go, began = threading.Event(), threading.Event()

    def write(records: Iterable[Any]) -> int:
        began.set()
        go.wait(60)
        raise Unavailable("away")

    first = recorders(write=write)
    first.offer(made(0))
    wait_for(began.is_set)
    for n in range(1, 200):
        first.offer(made(n))
    first.stop(timeout_seconds=0.2)
    assert stored() == []
    second = recorders()
    wait_for(lambda: second.counts().replayed == 200)
    go.set()
    assert stored() == list(range(200))


def test_a_clock_that_is_set_back_changes_nothing(
    sqlite_platform: Any, recorders: Any, made: Any, wait_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = threading.Event()
    away.set()
    order: list[int] = []

    def write(records: Iterable[Any]) -> int:
        if away.is_set():
            raise Unavailable("away")
        records = list(records)
        order.extend(one.id.int for one in records)
        return record_predictions(records)

    real = time.time
    recorder = recorders(write=write)
    for n in range(200):
        if n == 100:
            wait_for(lambda: recorder.counts().backlog == 100)
            monkeypatch.setattr(time, "time", lambda: real() - 10**6)
        recorder.offer(made(n, made_at=made(400 - n).made_at))
    wait_for(lambda: recorder.counts().backlog == 200)
    away.clear()
    wait_for(lambda: recorder.counts().recorded == 200)
    assert order == list(range(200))
    assert stored() == list(range(200))


def test_a_folder_that_vanishes_is_told_to_whoever_waits(
    sqlite_platform: Any, recorders: Any, made: Any, tmp_path: Path
) -> None:
    recorder = recorders("durable")
    shutil.rmtree(tmp_path / "records")
    with pytest.raises(Unavailable, match=r"1 records cannot be put on disk: No such file"):
        asyncio.run(recorder.keep([made(1)]))
    assert any("No such file" in one for one in recorder.problems())
