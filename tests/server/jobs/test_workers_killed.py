"""Workers that die or freeze: every job ends once, and what a dead claim writes counts for nothing."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from augury_server.jobs.models import Job, State
from augury_server.jobs.submit import Terms, submit


def events(job: Job) -> list[str]:
    return [event.event for event in job.events.all()]


def state(job: Job) -> str:
    return str(Job.objects.values_list("state", flat=True).get(pk=job.pk))


def pid_of(job: Job) -> int:
    return int(Job.objects.values_list("worker", flat=True).get(pk=job.pk).partition("#")[2])


@pytest.fixture
def held(tmp_path: Path) -> Path:
    """A file that keeps probes busy while it exists."""
    path = tmp_path / "hold"
    path.touch()
    return path


def test_a_job_whose_process_is_killed_is_run_again_once_to_completion(
    quick: Any, farm_of: Any, wait_for: Any, count_marks: Any, held: Path, tmp_path: Path
) -> None:
    worker = farm_of(quick).worker().wait_until_ready()
    marks = tmp_path / "marks"
    job = submit("probe.step", {"marks": str(marks), "hold": str(held)})
    wait_for(lambda: count_marks(marks, "start") == 1)
    os.kill(pid_of(job), signal.SIGKILL)
    wait_for(lambda: count_marks(marks, "start") == 2)
    held.unlink()
    wait_for(lambda: state(job) == State.SUCCEEDED)
    assert count_marks(marks, "done") == 1
    job.refresh_from_db()
    assert events(job) == ["queued", "claimed", "lost", "claimed", "succeeded"]
    assert (job.attempts, job.claims) == (2, 2)
    assert worker.stop() == 0


def test_a_job_whose_whole_worker_is_killed_is_finished_by_another(
    quick: Any, farm_of: Any, wait_for: Any, count_marks: Any, held: Path, tmp_path: Path
) -> None:
    farm = farm_of(quick)
    first, marks = farm.worker().wait_until_ready(), tmp_path / "marks"
    jobs = [submit("probe.step", {"marks": str(marks), "hold": str(held), "token": str(n)}) for n in range(3)]
    wait_for(lambda: count_marks(marks, "start") == 1)
    first.kill_everything()
    held.unlink()
    farm.worker().wait_until_ready()
    wait_for(lambda: all(state(job) == State.SUCCEEDED for job in jobs))
    assert count_marks(marks, "done") == 3


def test_a_killed_worker_that_took_its_messages_from_redis_is_replaced_by_another(
    quick_platform: Any, own_redis: Any, farm_of: Any, wait_for: Any, count_marks: Any, held: Path, tmp_path: Path
) -> None:
    farm = farm_of(quick_platform("postgresql", redis=own_redis))
    first, marks = farm.worker().wait_until_ready(), tmp_path / "marks"
    jobs = [submit("probe.step", {"marks": str(marks), "hold": str(held), "token": str(n)}) for n in range(3)]
    wait_for(lambda: count_marks(marks, "start") == 1)
    first.kill_everything()
    held.unlink()
    farm.worker().wait_until_ready()
    wait_for(lambda: all(state(job) == State.SUCCEEDED for job in jobs))
    assert [count_marks(marks, f"done {n}") for n in range(3)] == [1, 1, 1]
    assert sorted(len(events(job)) for job in jobs) == [3, 3, 5]  # one was lost and claimed again


@pytest.mark.parametrize("quick", ["postgresql"], indirect=True)
def test_a_frozen_worker_that_wakes_up_late_changes_nothing(
    quick: Any, farm_of: Any, wait_for: Any, count_marks: Any, held: Path, tmp_path: Path
) -> None:
    farm = farm_of(quick)
    marks, frozen = tmp_path / "marks", farm.worker().wait_until_ready()
    job = submit("probe.step", {"marks": str(marks), "hold": str(held), "deaf": True})
    wait_for(lambda: count_marks(marks, "start") == 1)
    os.killpg(frozen.pid, signal.SIGSTOP)
    other = farm.worker().wait_until_ready()
    wait_for(lambda: count_marks(marks, "start") == 2)
    held.unlink()
    wait_for(lambda: state(job) == State.SUCCEEDED)
    job.refresh_from_db()
    before = (job.ended_at, job.worker, job.claims, job.beats)
    os.killpg(frozen.pid, signal.SIGCONT)
    wait_for(lambda: count_marks(marks, "done") == 2)
    wait_for(lambda: "another claim was made" in frozen.log.read_text() or "did not stop" in frozen.log.read_text())
    job.refresh_from_db()
    assert (job.ended_at, job.worker, job.claims, job.beats) == before
    assert events(job) == ["queued", "claimed", "lost", "claimed", "succeeded"]
    assert other.pid != frozen.pid


@pytest.mark.parametrize("quick", ["sqlite"], indirect=True)
def test_a_job_that_kills_its_process_every_time_is_given_up_with_the_reason(
    quick: Any, farm_of: Any, wait_for: Any, count_marks: Any, held: Path, tmp_path: Path
) -> None:
    marks = tmp_path / "marks"
    farm_of(quick).worker().wait_until_ready()
    job = submit("probe.step", {"marks": str(marks), "hold": str(held)}, terms=Terms(max_attempts=2))
    for start in (1, 2):
        wait_for(lambda start=start: count_marks(marks, "start") == start)
        os.kill(pid_of(job), signal.SIGKILL)
    wait_for(lambda: state(job) == State.FAILED)
    job.refresh_from_db()
    assert events(job)[-1] == "given up"
    assert "no sign of life, on attempt 2 of 2" in job.error
