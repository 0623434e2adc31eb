"""Schedules over REST: a key may set going what its role allows, at once and as a job."""

from __future__ import annotations

from typing import Any

from augury_server.jobs.models import Job, Schedule

_RETAIN = {"name": "purge", "operation": "db.retain", "every_seconds": 3600.0}


def test_the_key_of_an_operator_adds_enables_and_runs_a_schedule(api_both: Any) -> None:
    client = api_both.client("operator")
    for verb, options in (
        ("add", _RETAIN),
        ("disable", {"name": "purge"}),
        ("enable", {"name": "purge"}),
        ("run", {"name": "purge"}),
    ):
        answer = client.post(f"/v1/operations/schedules.{verb}", json=options)
        assert answer.status_code == 200, (verb, answer.text)
    assert Schedule.objects.get().by == "key:operator-key"
    assert Job.objects.get().operation == "db.retain"


def test_a_schedule_is_added_by_a_job_for_a_key(api: Any, run_jobs: Any) -> None:
    client = api.client("operator", headers={"prefer": "respond-async"})
    place = client.post("/v1/operations/schedules.add", json=_RETAIN).headers["location"]
    run_jobs()
    job = client.get(place).json()
    assert job["state"] == "succeeded", job
    assert Schedule.objects.get().name == "purge"


def test_no_key_schedules_what_administrators_do_and_a_viewer_schedules_nothing(api: Any) -> None:
    secret = {**_RETAIN, "operation": "accounts.disable", "option": ["name=ada"]}
    for role in ("viewer", "operator", "administrator"):
        assert api.client(role).post("/v1/operations/schedules.add", json=secret).status_code == 403
    assert api.client("viewer").post("/v1/operations/schedules.add", json=_RETAIN).status_code == 403
    assert not Schedule.objects.exists()
