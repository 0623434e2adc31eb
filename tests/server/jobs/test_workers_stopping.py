"""Workers and jobs that are told to stop: in good order when they listen, by force when they do not."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from augury_server.jobs.cancel import cancel
from augury_server.jobs.models import Job, State
from augury_server.jobs.submit import Terms, submit


def events(job: Job) -> list[str]:
    return [event.event for event in job.events.all()]


def state(job: Job) -> str:
    return str(Job.objects.values_list("state", flat=True).get(pk=job.pk))


@pytest.fixture
def held(tmp_path: Path) -> Path:
    """A file that keeps probes busy while it exists."""
    path = tmp_path / "hold"
    path.touch()
    return path


@pytest.mark.parametrize("quick", ["postgresql"], indirect=True)
def test_a_worker_that_is_told_to_stop_puts_its_long_job_back_unharmed(
    quick: Any, farm_of: Any, wait_for: Any, count_marks: Any, held: Path, tmp_path: Path
) -> None:
    farm = farm_of(quick)
    marks, worker = tmp_path / "marks", farm.worker().wait_until_ready()
    job = submit("probe.step", {"marks": str(marks), "hold": str(held)}, terms=Terms(max_attempts=1))
    wait_for(lambda: count_marks(marks, "start") == 1)
    assert worker.stop() == 0
    job.refresh_from_db()
    assert (job.state, job.attempts, events(job)[-1]) == (State.QUEUED, 0, "released")
    held.unlink()
    farm.worker().wait_until_ready()
    wait_for(lambda: state(job) == State.SUCCEEDED)
    assert count_marks(marks, "done") == 1


def test_a_worker_that_is_told_to_stop_lets_a_short_job_finish(
    quick_platform: Any, probes: None, farm_of: Any, wait_for: Any, count_marks: Any, held: Path, tmp_path: Path
) -> None:
    platform = quick_platform("sqlite", **{"jobs.stop_seconds": 20.0})
    marks, worker = tmp_path / "marks", farm_of(platform).worker().wait_until_ready()
    job = submit("probe.step", {"marks": str(marks), "hold": str(held)})
    wait_for(lambda: count_marks(marks, "start") == 1)
    os.killpg(worker.pid, signal.SIGTERM)  # as a terminal or a service manager does: to parent and child
    held.unlink()
    assert worker.process.wait(30) == 0
    assert state(job) == State.SUCCEEDED
    assert count_marks(marks, "done") == 1


@pytest.mark.parametrize("quick", ["sqlite"], indirect=True)
def test_a_running_job_that_is_cancelled_stops_at_its_next_step(
    quick: Any, farm_of: Any, wait_for: Any, count_marks: Any, held: Path, tmp_path: Path
) -> None:
    marks, worker = tmp_path / "marks", farm_of(quick).worker().wait_until_ready()
    job = submit("probe.step", {"marks": str(marks), "hold": str(held)})
    wait_for(lambda: count_marks(marks, "start") == 1)
    assert cancel(job.pk, by="ada", reason="wrong symbols").state == State.RUNNING
    wait_for(lambda: state(job) == State.CANCELLED)
    assert events(job) == ["queued", "claimed", "cancel asked", "stopped"]
    assert count_marks(marks, "done") == 0
    other = submit("probe.step", {"marks": str(marks)})
    wait_for(lambda: state(other) == State.SUCCEEDED)
    assert worker.process.poll() is None


@pytest.mark.parametrize("quick", ["postgresql"], indirect=True)
def test_jobs_that_do_not_listen_are_killed_when_cancelled_or_out_of_time_and_the_worker_goes_on(
    quick: Any, farm_of: Any, wait_for: Any, count_marks: Any, held: Path, tmp_path: Path
) -> None:
    marks, worker = tmp_path / "marks", farm_of(quick).worker().wait_until_ready()
    deaf = {"marks": str(marks), "hold": str(held), "deaf": True}
    cancelled = submit("probe.step", deaf)
    wait_for(lambda: count_marks(marks, "start") == 1)
    cancel(cancelled.pk, by="ada")
    late = submit("probe.step", deaf, terms=Terms(timeout_seconds=0.8))
    wait_for(lambda: state(cancelled) == State.CANCELLED)
    wait_for(lambda: state(late) == State.FAILED)
    late.refresh_from_db()
    assert "timed out after 0.8 s" in late.error
    held.unlink()
    other = submit("probe.step", {"marks": str(marks)})
    wait_for(lambda: state(other) == State.SUCCEEDED)
    assert count_marks(marks, "done") == 1
    assert worker.process.poll() is None
