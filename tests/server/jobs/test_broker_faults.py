"""Brokers that stop, forget and repeat themselves: nothing is lost and nothing done twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import redis

from augury_server.jobs.celery_app import messages_folder
from augury_server.jobs.messages import queue_length, send_message
from augury_server.jobs.models import Job, State
from augury_server.jobs.submit import submit


def all_succeeded(jobs: list[Job]) -> bool:
    return Job.objects.filter(pk__in=[job.pk for job in jobs], state=State.SUCCEEDED).count() == len(jobs)


@pytest.mark.parametrize("engine", ["postgresql"])
def test_redis_stops_and_starts_empty_while_jobs_wait_and_run(
    engine: str, quick_platform: Any, own_redis: Any, farm_of: Any, wait_for: Any, count_marks: Any, tmp_path: Path
) -> None:
    platform = quick_platform(engine, redis=own_redis)
    marks, hold = tmp_path / "marks", tmp_path / "hold"
    hold.touch()
    farm_of(platform).worker().wait_until_ready()
    running = submit("probe.step", {"marks": str(marks), "hold": str(hold), "token": "running"})
    wait_for(lambda: count_marks(marks, "start running") == 1)
    waiting = [submit("probe.step", {"marks": str(marks), "token": f"waiting{n}"}) for n in range(3)]
    own_redis.stop()
    unsent = submit("probe.step", {"marks": str(marks), "token": "unsent"})
    hold.unlink()
    wait_for(lambda: all_succeeded([running]))
    own_redis.start()
    wait_for(lambda: all_succeeded([running, *waiting, unsent]))
    assert count_marks(marks, "done") == count_marks(marks, "start") == 5


def test_a_wiped_redis_is_made_whole_again(
    quick_platform: Any, own_redis: Any, farm_of: Any, wait_for: Any, count_marks: Any, tmp_path: Path
) -> None:
    platform = quick_platform("sqlite", redis=own_redis)
    marks = tmp_path / "marks"
    jobs = [submit("probe.step", {"marks": str(marks), "token": str(n)}) for n in range(4)]
    assert queue_length("default") == 4
    with redis.Redis(port=own_redis.port) as client:
        client.flushall()
    assert queue_length("default") == 0
    farm_of(platform).worker().wait_until_ready()
    wait_for(lambda: all_succeeded(jobs))
    assert count_marks(marks, "done") == 4


@pytest.mark.parametrize("quick", ["sqlite"], indirect=True)
def test_messages_deleted_from_disk_are_sent_again(
    quick: Any, farm_of: Any, wait_for: Any, count_marks: Any, tmp_path: Path
) -> None:
    marks = tmp_path / "marks"
    jobs = [submit("probe.step", {"marks": str(marks), "token": str(n)}) for n in range(4)]
    for place, path in enumerate(sorted(messages_folder(quick.settings).glob("*.msg"))):
        if place % 2:
            path.unlink()
        else:
            path.write_text('{"half a mess')
    farm_of(quick).worker().wait_until_ready()
    wait_for(lambda: all_succeeded(jobs))
    assert count_marks(marks, "done") == 4


@pytest.mark.parametrize("broker", ["files", "redis"])
def test_messages_that_come_many_times_do_the_work_once(
    broker: str,
    quick_platform: Any,
    redis_server: Any,
    farm_of: Any,
    wait_for: Any,
    count_marks: Any,
    tmp_path: Path,
) -> None:
    if broker == "redis":
        with redis.Redis(port=redis_server.port) as client:
            client.flushall()
    platform = quick_platform("postgresql", redis=redis_server if broker == "redis" else None)
    marks = tmp_path / "marks"
    jobs = [submit("probe.step", {"marks": str(marks), "token": str(n)}) for n in range(4)]
    for _ in range(5):
        for job in jobs:
            send_message(job.pk, "default")
    assert queue_length("default") == 24
    farm_of(platform).worker("--concurrency", "2").wait_until_ready()
    wait_for(lambda: queue_length("default") == 0)
    wait_for(lambda: all_succeeded(jobs))
    assert count_marks(marks, "start") == count_marks(marks, "done") == 4


def test_messages_that_are_no_jobs_harm_nobody(
    quick_platform: Any, redis_server: Any, farm_of: Any, wait_for: Any, count_marks: Any, tmp_path: Path
) -> None:
    from uuid import uuid4

    from augury_server.jobs.celery_app import TASK, broker_queue, celery_app

    platform = quick_platform("sqlite")
    for arguments in (("nonsense",), (str(uuid4()),), (7,), ({"a": 1},)):
        celery_app().tasks[TASK].apply_async(args=arguments, queue=broker_queue("default"))
    job = submit("probe.step", {"marks": str(tmp_path / "marks")})
    farm_of(platform).worker().wait_until_ready()
    wait_for(lambda: all_succeeded([job]))
    assert count_marks(tmp_path / "marks", "done") == 1
