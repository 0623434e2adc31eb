"""A database that restarts while jobs run."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection

from augury_server.jobs.models import Job, State
from augury_server.jobs.submit import submit


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_a_job_that_runs_while_postgresql_restarts_ends_once_with_its_result(
    how: int, quick_platform: Any, own_postgres: Any, farm_of: Any, wait_for: Any, count_marks: Any, tmp_path: Path
) -> None:
    platform = quick_platform("postgresql", postgres=own_postgres)
    marks, hold = tmp_path / "marks", tmp_path / "hold"
    hold.touch()
    worker = farm_of(platform).worker().wait_until_ready()
    job = submit("probe.step", {"marks": str(marks), "hold": str(hold)})
    wait_for(lambda: count_marks(marks, "start") == 1)
    own_postgres.stop(how)
    hold.unlink()  # the operation ends while nobody can be told
    wait_for(lambda: count_marks(marks, "done") == 1)
    wait_for(lambda: "the database is away" in worker.log.read_text())
    own_postgres.start()

    def row() -> Job | None:
        try:
            return Job.objects.get(pk=job.pk)
        except OperationalError:
            connection.close()
            return None

    wait_for(lambda: (found := row()) is not None and found.ended)
    ended = row()
    assert ended is not None
    assert (ended.state, ended.attempts, ended.result["token"]) == (State.SUCCEEDED, 1, "t")
    assert count_marks(marks, "start") == 1
    after = submit("probe.step", {"marks": str(marks)})
    wait_for(lambda: Job.objects.get(pk=after.pk).state == State.SUCCEEDED)
