"""Workers that come with the queue and go with it, for real: none of their jobs is lost, the dead are replaced."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from augury_server.jobs.models import Job, JobEvent, ScalingEvent, State, Worker
from augury_server.jobs.submit import submit
from augury_server.jobs.workers.bounds import set_bounds
from augury_server.jobs.workers.crew import FIRST_DELAY, LAST_DELAY, Crew
from augury_server.processes.child import Program

SCALING = {
    "jobs.autoscale_grow_seconds": 0.4,
    "jobs.autoscale_max": 3,
    "jobs.autoscale_shrink_seconds": 2.5,
    "jobs.concurrency": 1,
    "jobs.grace_seconds": 5.0,
    "jobs.stop_seconds": 20.0,
}


@pytest.fixture
def supervisor_of(tmp_path: Path, probes: None) -> Iterator[Callable[[Any], subprocess.Popen[bytes]]]:
    """Starts the supervisor of workers as an operator does; nothing of it is left behind."""
    started: list[subprocess.Popen[bytes]] = []

    def start(platform: Any) -> subprocess.Popen[bytes]:
        with (tmp_path / f"supervisor-{len(started)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "augury_server.jobs.workers"], stdout=log, stderr=subprocess.STDOUT,
                env={**os.environ, **platform.environment, "AUGURY_LOGS__LEVEL": "info"},
            )  # fmt: skip
        started.append(process)
        return process

    yield start
    for number, process in enumerate(started):
        if process.poll() is None:
            family = [process, *psutil.Process(process.pid).children(recursive=True)]
            for member in family:
                member.kill()
            sys.stderr.write((tmp_path / f"supervisor-{number}.log").read_text())  # why it has not ended
        process.wait(10)


def workers_of(process: subprocess.Popen[bytes]) -> list[int]:
    return [child.pid for child in psutil.Process(process.pid).children()]


def running_rows() -> int:
    return Worker.objects.filter(state="running").count()


def test_workers_grow_with_the_queue_and_shrink_when_it_is_empty_and_no_job_is_lost(
    quick_platform: Any, supervisor_of: Any, wait_for: Any, tmp_path: Path, count_marks: Any
) -> None:
    platform = quick_platform("sqlite", **SCALING)
    hold, marks = tmp_path / "hold", tmp_path / "marks"
    hold.touch()
    supervisor = supervisor_of(platform)
    wait_for(lambda: running_rows() == 1, 60)
    jobs = [
        submit("probe.step", {"marks": str(marks), "token": f"j{n}", "hold": str(hold)}, by="ada") for n in range(9)
    ]
    wait_for(lambda: running_rows() == 3, 60)
    wait_for(lambda: Job.objects.filter(state=State.RUNNING).count() == 3, 30)
    assert len(workers_of(supervisor)) == 3
    hold.unlink()
    wait_for(lambda: Job.objects.filter(state=State.SUCCEEDED).count() == 9, 60)
    wait_for(lambda: len(workers_of(supervisor)) == 1, 60)
    wait_for(lambda: running_rows() == 1, 30)
    assert [count_marks(marks, f"start j{n} ") for n in range(9)] == [1] * 9, "each ran once"
    assert JobEvent.objects.filter(event__in=["lost", "released", "given up"]).count() == 0
    assert {job.attempts for job in Job.objects.filter(pk__in=[job.pk for job in jobs])} == {1}
    changes = list(ScalingEvent.objects.order_by("pk").values_list("from_processes", "to_processes", "reason"))
    assert changes[0][:2] == (0, 1)
    assert max(after for _, after, _ in changes) == 3
    assert changes[-1][1] == 1
    assert "waiting" in next(reason for before, after, reason in changes if after > before >= 1)
    assert "no need of more than 1" in changes[-1][2]
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(60) == 0
    assert Worker.objects.exclude(state="stopped").count() == 0
    last = ScalingEvent.objects.order_by("pk").last()
    assert last is not None
    assert (last.to_processes, last.reason) == (0, "the supervisor stops")


def test_a_worker_that_is_killed_is_replaced_and_its_job_run_again(
    quick_platform: Any, supervisor_of: Any, wait_for: Any, tmp_path: Path, count_marks: Any
) -> None:
    platform = quick_platform("sqlite", **SCALING)
    hold, marks = tmp_path / "hold", tmp_path / "marks"
    hold.touch()
    supervisor = supervisor_of(platform)
    job = submit("probe.step", {"marks": str(marks), "token": "j", "hold": str(hold)}, by="ada")
    wait_for(lambda: Job.objects.filter(state=State.RUNNING).exists(), 60)
    (victim,) = workers_of(supervisor)
    family = [psutil.Process(victim), *psutil.Process(victim).children(recursive=True)]
    for member in family:
        member.kill()
    hold.unlink()
    wait_for(lambda: Job.objects.filter(pk=job.pk, state=State.SUCCEEDED).exists(), 60)
    assert victim not in workers_of(supervisor)
    assert count_marks(marks, "start j ") == 2
    assert ScalingEvent.objects.filter(reason__contains=f"worker {victim} was killed by signal 9").count() == 1
    set_bounds(2, 2, by="ada")  # heeded by the supervisor that runs
    wait_for(lambda: len(workers_of(supervisor)) == 2, 30)
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(60) == 0


def test_a_dismissed_worker_finishes_what_it_does(wait_for: Any, tmp_path: Path) -> None:
    finished = tmp_path / "finished"
    code = (
        "import signal, time, pathlib, sys\n"
        f"def stop(*_):\n    time.sleep(0.5); pathlib.Path({str(finished)!r}).touch(); sys.exit(0)\n"
        f"signal.signal(signal.SIGTERM, stop)\npathlib.Path({str(tmp_path / 'up')!r}).touch()\ntime.sleep(60)"
    )
    crew = Crew(Program(name="w", command=[sys.executable, "-c", code], grace_seconds=20.0), lambda *_: None)
    crew.wanted = 1
    crew.look_after()
    wait_for((tmp_path / "up").exists)
    crew.dismiss(crew.pids)
    assert crew.pids == ()
    assert crew.wanted == 0
    wait_for(lambda: crew.look_after() == () and finished.exists())
    assert crew.stop()


def test_a_worker_that_does_not_heed_its_dismissal_is_killed_after_its_grace(wait_for: Any, tmp_path: Path) -> None:
    code = (
        "import signal, time, pathlib\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"pathlib.Path({str(tmp_path / 'up')!r}).touch()\ntime.sleep(60)"
    )
    now, said = [0.0], []
    program = Program(name="w", command=[sys.executable, "-c", code], grace_seconds=5.0)
    crew = Crew(program, lambda _, line: said.append(line), clock=lambda: now[0])
    crew.wanted = 1
    crew.look_after()
    wait_for((tmp_path / "up").exists)
    (pid,) = crew.pids
    crew.dismiss([pid])
    now[0] = 4.9
    crew.look_after()
    assert psutil.pid_exists(pid)
    now[0] = 5.1
    assert crew.look_after() == (), "it was not a death unasked"
    assert not psutil.pid_exists(pid)
    assert any("did not stop in time" in line for line in said)


def test_workers_that_die_at_once_are_started_less_and_less_often(wait_for: Any) -> None:
    now, starts = [0.0], []
    crew = Crew(
        Program(name="w", command=[sys.executable, "-c", "raise SystemExit(3)"]), lambda *_: None, clock=lambda: now[0]
    )
    crew.wanted = 1
    delays = []
    while len(delays) < 9:
        had = crew.pids
        for death in crew.look_after():
            delays.append(death.delay_seconds)
            assert death.exit_code == 3
            assert "ended with code 3" in death.text
        if crew.pids and crew.pids != had:
            starts.append(now[0])
            wait_for(lambda: psutil.Process(crew.pids[0]).status() == psutil.STATUS_ZOMBIE)
        now[0] += 0.25
    assert delays == [min(FIRST_DELAY * 2**n, LAST_DELAY) for n in range(9)]
    pauses = [after - before for before, after in itertools.pairwise(starts)]
    assert all(pause >= delay for pause, delay in zip(pauses, delays, strict=False))
    crew.stop()
