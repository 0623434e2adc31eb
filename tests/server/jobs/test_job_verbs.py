"""The verbs over jobs, as the command line calls them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from augury.errors import InvalidInput, NotFound, Refused, Unavailable
from augury.operations.operation import Operation
from augury.operations.registry import operation, register, run
from augury.spec import Spec
from augury_server.accounts.models import AuditEntry
from augury_server.database.retention import apply_retention
from augury_server.jobs.execution import run_job
from augury_server.jobs.lease import LeaseTerms
from augury_server.jobs.models import Job, JobEvent, State
from augury_server.jobs.submit import submit

TERMS = LeaseTerms(lease_seconds=30.0, heartbeat_seconds=0.1, grace_seconds=9.0, stop_seconds=9.0)


def finish(job_id: Any) -> None:
    assert run_job(Job.objects.get(pk=job_id).pk, worker="here", terms=TERMS)


def test_submit_reads_options_as_their_types_want_them(quick: Any) -> None:
    shown = run(
        "jobs.submit", operation="probe.step", option=("steps=3", "seconds=0", "token=7", "deaf=true")
    ).to_dict()
    assert shown["options"] == {
        "steps": 3, "seconds": 0.0, "marks": "", "token": "7", "hold": "", "deaf": True,
    }  # fmt: skip
    assert shown["state"] == "queued"


@pytest.mark.parametrize(
    ("option", "names"),
    [("steps", "name=value"), ("stepz=3", "steps"), ("steps=three", "steps"), ("config=x", "config")],
)
def test_submit_refuses_options_that_the_verb_would_refuse(quick: Any, option: str, names: str) -> None:
    with pytest.raises(InvalidInput, match=names):
        run("jobs.submit", operation="probe.step", option=(option,))
    assert not Job.objects.exists()


def test_an_administrators_verb_cannot_be_smuggled_into_a_job(quick: Any) -> None:
    probe = operation("probe.give")
    register(
        Operation(
            name="probe.admin", summary="s", example="augury probe admin", spec_type=Spec, result="r",
            run=probe.run, role="administrator",
        )
    )  # fmt: skip
    with pytest.raises(Refused, match="administrators"):
        run("jobs.submit", operation="probe.admin")


def test_list_shows_the_newest_first_and_filters_with_one_query(quick: Any) -> None:
    for number in range(3):
        submit("probe.step", {"token": str(number)}, by=f"u{number}")
    finish(submit("probe.give", {}).pk)
    with CaptureQueriesContext(
        connection,
    ) as few:
        everything = run("jobs.list").to_dict()["rows"]
    for _ in range(5):
        submit("probe.step", {})
    with CaptureQueriesContext(connection) as many:
        assert len(run("jobs.list").to_dict()["rows"]) == 9
    assert len(few) == len(many) == 1
    assert [row["by"] for row in everything] == ["", "u2", "u1", "u0"]
    assert [row["operation"] for row in run("jobs.list", state="succeeded").to_dict()["rows"]] == ["probe.give"]
    assert len(run("jobs.list", operation="probe.step", last=2).to_dict()["rows"]) == 2


def test_show_tells_the_whole_history_and_the_result(quick: Any) -> None:
    job = submit("probe.give", {}, by="ada")
    finish(job.pk)
    shown = run("jobs.show", job=str(job.pk)[:8]).to_dict()
    assert shown["result"] == {"actor": "ada"}
    assert [row["event"] for row in shown["rows"]] == ["queued", "claimed", "succeeded"]


def test_an_id_that_is_no_id_or_no_jobs_is_said(quick: Any) -> None:
    with pytest.raises(InvalidInput, match="hexadecimal"):
        run("jobs.show", job="latest")
    with pytest.raises(NotFound, match="00000000"):
        run("jobs.show", job="00000000")


def test_a_beginning_that_two_jobs_share_is_refused(quick: Any) -> None:
    from uuid import UUID

    for digit in (1, 2):
        Job.objects.create(id=UUID(int=0xABCDEF01 << 96 | digit), operation="probe.give", timeout_seconds=1)
    with pytest.raises(NotFound, match="several"):
        run("jobs.show", job="abcdef01")
    assert run("jobs.show", job=str(UUID(int=0xABCDEF01 << 96 | 2))).to_dict()["state"] == "queued"


def test_cancel_and_retry_leave_a_record_of_who_and_why(quick: Any) -> None:
    job = submit("probe.step", {})
    shown = run("jobs.cancel", job=str(job.pk), reason="wrong symbols").to_dict()
    assert shown["state"] == "cancelled"
    assert "wrong symbols" in shown["error"]
    assert run("jobs.retry", job=str(job.pk)).to_dict()["state"] == "queued"
    finish(job.pk)
    with pytest.raises(Refused, match="nothing to cancel"):
        run("jobs.cancel", job=str(job.pk))
    with pytest.raises(Refused, match="only a failed or cancelled"):
        run("jobs.retry", job=str(job.pk))
    assert [(entry.action, entry.outcome) for entry in AuditEntry.objects.order_by("id")] == [
        ("jobs.cancel", "done"), ("jobs.retry", "done"), ("jobs.cancel", "refused"), ("jobs.retry", "refused"),
    ]  # fmt: skip
    assert all("@" in event.by for event in JobEvent.objects.filter(event__in=["cancelled", "asked again"]))


def test_wait_follows_a_job_to_its_end_and_says_by_exit_code_how_it_was(quick: Any) -> None:
    good, bad = submit("probe.give", {}), submit("probe.fail", {"kind": "bug"})
    finish(good.pk)
    finish(bad.pk)
    assert [run("jobs.wait", job=str(job.pk)).exit_code for job in (good, bad)] == [0, 1]
    with pytest.raises(Unavailable, match="still queued"):
        run("jobs.wait", job=str(submit("probe.step", {}).pk), seconds=0.1)


def test_the_command_line_submits_and_follows_a_job_that_a_worker_runs(
    quick_platform: Any, probes: None, farm_of: Any
) -> None:
    platform = quick_platform("sqlite")
    farm_of(platform).worker("--pool", "solo").wait_until_ready()

    def augury(*arguments: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-m", "augury", *arguments, "--json"],
            env={**os.environ, **platform.environment}, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    code, out, err = augury("jobs", "submit", "doctor", "--key", "once")
    assert code == 0, err
    code, out, err = augury("jobs", "wait", json.loads(out)["id"], "--seconds", "40")
    assert (code, json.loads(out)["state"]) == (0, "succeeded"), err
    assert Job.objects.count() == 1


def test_retention_purges_only_jobs_that_ended_long_ago_with_their_history(quick: Any) -> None:
    old = datetime.now(UTC) - timedelta(days=31)
    ended, running_late, fresh = (submit("probe.give", {}) for _ in range(3))
    finish(ended.pk)
    finish(fresh.pk)
    Job.objects.filter(pk=ended.pk).update(ended_at=old, created_at=old)
    Job.objects.filter(pk=running_late.pk).update(created_at=old, run_at=old)
    (purged,) = (done for done in apply_retention() if done.name == "jobs")
    assert purged.deleted == 1
    assert set(Job.objects.values_list("pk", flat=True)) == {running_late.pk, fresh.pk}
    assert not JobEvent.objects.filter(job_id=ended.pk).exists()
    assert Job.objects.get(pk=running_late.pk).state == State.QUEUED


def test_what_a_verb_needs_is_asked_for_before_the_job_is_stored(quick: Any) -> None:
    for verb, options in (("jobs.submit", {}), ("schedules.add", {"name": "nightly", "every_seconds": 60.0})):
        with pytest.raises(InvalidInput, match="needs name"):
            run(verb, operation="universe.generate", **options)
    assert not Job.objects.exists()


def test_who_waits_for_a_job_that_no_worker_will_run_is_told(quick: Any) -> None:
    job = run("jobs.submit", operation="db.retain").facts["id"]
    with pytest.raises(Unavailable, match="no worker runs; start some with augury server up"):
        run("jobs.wait", job=job, seconds=0.1)
