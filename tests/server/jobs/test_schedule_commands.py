"""Schedulers as an operator starts them: two at once, killed, told to stop, without a database for a while."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from augury_server.jobs.models import Job, Schedule
from augury_server.jobs.schedules.add import ScheduleTerms, add_schedule


@contextmanager
def scheduler_of(platform: Any) -> Iterator[subprocess.Popen[str]]:
    """A scheduler as an operator starts it; killed if the test left it running."""
    process = subprocess.Popen(
        [sys.executable, "-m", "augury_server.jobs.scheduler"], env={**os.environ, **platform.environment},
        text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_schedulers_started_as_commands_share_the_work_and_stop_when_told(platform: Any, wait_for: Any) -> None:
    add_schedule("tick", "features", {}, ScheduleTerms(every_seconds=1.0), by="ada")
    with scheduler_of(platform) as first, scheduler_of(platform) as second:
        wait_for(lambda: Job.objects.count() >= 2)
        first.kill()  # kill -9: the other goes on
        first.wait(10)
        seen = Job.objects.count()
        wait_for(lambda: Job.objects.count() >= seen + 2)
        second.send_signal(signal.SIGTERM)
        _, err = second.communicate(timeout=20)
        assert second.returncode == 0, err
    keys = list(Job.objects.values_list("key", flat=True))
    assert len(keys) == len(set(keys))
    schedule = Schedule.objects.get(name="tick")
    assert schedule.last_job is not None
    assert schedule.problem == ""


def test_a_scheduler_waits_for_a_database_that_is_restarted(
    platforms: Any, own_postgres: Any, tmp_path: Any, wait_for: Any
) -> None:
    running = platforms("postgresql", tmp_path / "own", own_postgres)
    platform = next(running)
    add_schedule("tick", "features", {}, ScheduleTerms(every_seconds=1.0), by="ada")
    try:
        with scheduler_of(platform) as process:
            wait_for(lambda: Job.objects.exists())
            own_postgres.stop(signal.SIGQUIT)
            time.sleep(1.5)  # it looks once or twice in vain
            own_postgres.start()
            wait_for(lambda: _count() > 0)
            seen = Job.objects.count()
            wait_for(lambda: Job.objects.count() >= seen + 2)
            assert process.poll() is None
    finally:
        running.close()
    assert platform.engine == "postgresql"


def _count() -> int:
    """How many jobs there are, once the server answers again."""
    from django.db import Error, connection

    try:
        return Job.objects.count()
    except Error:
        connection.close()
        return 0


def test_the_command_refuses_settings_that_are_wrong_in_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "augury_server.jobs.scheduler"], text=True, capture_output=True, timeout=60,
        env={**os.environ, "AUGURY_FLAGS": '{"jobs.lease_seconds": -1}'},
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("augury: ")
    assert "jobs.lease_seconds" in done.stderr
