"""Workers as processes: what they say of themselves, heartbeats, questions through the broker."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from augury_server.jobs.models import Worker
from augury_server.jobs.submit import submit
from augury_server.jobs.workers.ping import ping_workers
from augury_server.jobs.workers.queues import list_queues
from augury_server.jobs.workers.roster import list_workers, mark_lost


def test_a_real_worker_reports_itself_while_it_works_and_when_it_stops(
    quick: Any, farm_of: Any, wait_for: Any, tmp_path: Path
) -> None:
    hold = tmp_path / "hold"
    hold.touch()
    worker = farm_of(quick).worker("--queues", "default,slow").wait_until_ready()
    wait_for(lambda: Worker.objects.filter(pid=worker.pid, state="running").exists())
    job = submit("probe.step", {"hold": str(hold)}, by="ada")
    wait_for(lambda: any(each.running for each in list_workers()))
    (view,) = list_workers()
    assert (view.queues, view.concurrency, view.alive, view.pid) == (("default", "slow"), 1, True, worker.pid)
    assert [(each.job_id, each.operation) for each in view.running] == [(job.pk, "probe.step")]
    (pong,) = ping_workers()
    assert (pong.name, pong.answered, pong.alive) == (view.name, None, True), "files carry no questions"
    heard = view.last_seen_at
    wait_for(lambda: list_workers()[0].last_seen_at > heard)
    hold.unlink()
    assert worker.stop() == 0
    assert Worker.objects.get(pid=worker.pid).state == "stopped"


def test_a_worker_that_was_taken_for_lost_is_back_with_its_next_heartbeat(
    quick_platform: Any, farm_of: Any, wait_for: Any
) -> None:
    worker = farm_of(quick_platform("sqlite")).worker().wait_until_ready()
    wait_for(lambda: Worker.objects.filter(state="running").exists())
    os.kill(worker.pid, signal.SIGSTOP)
    wait_for(lambda: mark_lost(datetime.now(UTC)) == 1)
    assert list_workers() == ()
    os.kill(worker.pid, signal.SIGCONT)
    wait_for(lambda: [each.alive for each in list_workers()] == [True])
    Worker.objects.all().delete()
    wait_for(lambda: [each.alive for each in list_workers()] == [True])


def test_workers_answer_through_redis_and_a_frozen_one_does_not(
    quick_platform: Any, farm_of: Any, wait_for: Any, own_redis: Any
) -> None:
    platform = quick_platform("sqlite", redis=own_redis)
    farm = farm_of(platform)
    first, second = farm.worker().wait_until_ready(), farm.worker().wait_until_ready()
    wait_for(lambda: Worker.objects.filter(state="running").count() == 2)
    names = {each.pid: each.name for each in list_workers()}
    wait_for(lambda: {pong.name: pong.answered for pong in ping_workers()} == dict.fromkeys(names.values(), True))
    os.kill(second.pid, signal.SIGSTOP)
    wait_for(lambda: not all(each.alive for each in list_workers()))
    pongs = {pong.name: (pong.answered, pong.alive) for pong in ping_workers(timeout_seconds=2.0)}
    assert pongs == {names[first.pid]: (True, True), names[second.pid]: (False, False)}
    own_redis.stop(signal.SIGKILL)
    pongs = {pong.name: (pong.answered, pong.alive) for pong in ping_workers()}
    assert pongs[names[first.pid]] == (None, True), "the broker is away: the heartbeat decides"
    assert [each.messages for each in list_queues()] == [None]
    own_redis.start()
