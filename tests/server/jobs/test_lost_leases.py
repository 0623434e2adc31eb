"""Who is dead is judged by watching, not by comparing clocks."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from augury_server.jobs.claims import Claim, beat, claim_job, settle
from augury_server.jobs.keeper import Keeper
from augury_server.jobs.lost_leases import LeaseWatch, expire
from augury_server.jobs.models import Job, State
from augury_server.jobs.submit import Terms, submit

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def running(now: datetime = NOW) -> Claim:
    claim = claim_job(submit("doctor", {}).pk, worker="w", now=now, lease_seconds=30)
    assert claim is not None
    return claim


def renew(claim: Claim, now: datetime = NOW) -> None:
    assert beat(claim, now=now, lease_seconds=30, progress=0.0, text="").held


def test_a_job_that_beats_is_never_dead_whatever_its_clock_says(platform: Any, clock: Clock) -> None:
    watch, claim = LeaseWatch(30, 1, clock), running()
    for second in range(200):
        clock.seconds += 1
        if second % 20 == 0:
            renew(claim, NOW - timedelta(days=second))  # its machine's clock runs backwards
        assert watch.look() == []


def test_a_job_that_stands_still_for_a_lease_is_dead_even_when_its_lease_lies_in_the_future(
    platform: Any, clock: Clock
) -> None:
    watch, claim = LeaseWatch(30, 1, clock), running(NOW + timedelta(days=365))
    for _ in range(30):
        assert watch.look() == []
        clock.seconds += 1
    (dead,) = watch.look()
    assert (dead.job_id, dead.claims) == (claim.job_id, 1)


def test_time_in_which_the_watcher_did_not_look_is_not_held_against_jobs(platform: Any, clock: Clock) -> None:
    watch, claim = LeaseWatch(30, 1, clock), running()
    watch.look()
    clock.seconds += 3600  # the whole machine was asleep
    assert watch.look() == []
    renew(claim)
    clock.seconds += 1
    assert watch.look() == []


def test_a_heartbeat_between_look_and_verdict_saves_the_job(platform: Any, clock: Clock) -> None:
    watch, claim = LeaseWatch(30, 1, clock), running()
    for _ in range(31):
        dead = watch.look()
        clock.seconds += 1
    renew(claim)
    assert expire(dead[0], NOW) == ""
    assert Job.objects.get(pk=claim.job_id).state == State.RUNNING


def test_the_late_completion_of_a_dead_claim_is_refused_and_the_next_claim_wins(platform: Any, clock: Clock) -> None:
    watch, old = LeaseWatch(30, 1, clock), running()
    for _ in range(31):
        dead = watch.look()
        clock.seconds += 1
    assert expire(dead[0], NOW) == "lost"
    assert not settle(old, "succeeded", now=NOW, changes={"ended_at": NOW})
    Job.objects.filter(pk=old.job_id).update(sent_at=NOW)
    new = claim_job(old.job_id, worker="v", now=NOW, lease_seconds=30)
    assert new is not None
    assert new.number == 2
    assert not beat(old, now=NOW, lease_seconds=30, progress=0, text="").held
    assert not settle(old, "succeeded", now=NOW, changes={"ended_at": NOW})
    assert settle(new, "succeeded", now=NOW, changes={"ended_at": NOW})


def test_many_watchers_in_many_processes_take_a_dead_job_back_once(platform: Any) -> None:
    claims = [running() for _ in range(5)]
    code = (
        "import sys\n"
        "from datetime import UTC, datetime\n"
        "from augury_server.jobs.lost_leases import LeaseWatch, expire\n"
        "seconds = [0.0]\n"
        "watch = LeaseWatch(30, 1, lambda: seconds[0])\n"
        "for _ in range(31):\n    dead = watch.look(); seconds[0] += 1\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "print(sum(expire(one, datetime.now(UTC)) == 'lost' for one in dead))"
    )
    watchers = [platform.python(code, stdin=subprocess.PIPE) for _ in range(3)]
    for watcher in watchers:
        assert watcher.stdout.readline() == "ready\n", watcher.communicate()
    for watcher in watchers:
        watcher.stdin.write("go\n")
        watcher.stdin.flush()
    assert sum(int(watcher.communicate(timeout=60)[0]) for watcher in watchers) == 5
    for claim in claims:
        assert [event.event for event in Job.objects.get(pk=claim.job_id).events.all()] == ["queued", "claimed", "lost"]


def keeper(now: Callable[[], datetime], clock: Clock) -> Keeper:
    return Keeper(now=now, clock=clock)


def test_a_job_for_later_is_announced_once_when_its_time_has_come(platform: Any, clock: Clock) -> None:
    job = submit("doctor", {}, terms=Terms(run_at=datetime.now(UTC) + timedelta(hours=1)))
    times = {"now": job.run_at - timedelta(seconds=1)}
    one, two = (keeper(lambda: times["now"], clock) for _ in range(2))
    assert (one.step().sent, two.step().sent) == (0, 0)
    times["now"] = job.run_at
    assert (one.step().sent, two.step().sent) == (1, 0)


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_step_of_the_clock_neither_hides_nor_doubles_a_job_that_waits(
    platform: Any, clock: Clock, hours: int
) -> None:
    job = submit("doctor", {})
    assert claim_job(job.pk, worker="w", now=datetime.now(UTC) + timedelta(hours=hours), lease_seconds=30) is not None
    assert claim_job(job.pk, worker="v", now=datetime.now(UTC), lease_seconds=30) is None


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_job_that_runs_is_left_alone_when_the_clock_steps(platform: Any, clock: Clock, hours: int) -> None:
    claim = running(datetime.now(UTC))
    late = keeper(lambda: datetime.now(UTC) + timedelta(hours=hours), clock)
    for _ in range(40):
        clock.seconds += 1
        renew(claim)
        assert late.step().expired == 0
    assert Job.objects.get(pk=claim.job_id).state == State.RUNNING
