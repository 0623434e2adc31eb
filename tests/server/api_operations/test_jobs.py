"""Jobs: listed page by page, followed to their end, cancelled, run again."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from augury_server.api.pagination import cursor_of
from augury_server.jobs.models import Job


def _job(**changes: Any) -> Job:
    made: dict[str, Any] = {"operation": "db.retain", "timeout_seconds": 60.0, "by": "ada", **changes}
    return Job.objects.create(**made)


def _events(client: Any, path: str) -> list[tuple[str, dict[str, Any]]]:
    """Server-sent events until the stream ends."""
    found, name = [], ""
    with client.stream("GET", path) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        for line in response.iter_lines():
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                found.append((name, json.loads(line[6:])))
    return found


def test_jobs_are_walked_page_by_page_each_once(api_both: Any) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    for place in range(7):
        _job(created_at=start + timedelta(seconds=place // 3))  # several of one moment
    for _ in range(2):
        _job(operation="registry.list", created_at=start)
    wanted = [str(pk) for pk in Job.objects.order_by("-created_at", "-pk").values_list("pk", flat=True)]
    client, place, seen = api_both.client(), "/v1/jobs?limit=2", []
    for _ in range(10):
        page = client.get(place)
        seen += [job["id"] for job in page.json()["jobs"]]
        if "link" not in page.headers:
            assert page.json()["next"] is None
            break
        place = page.links["next"]["url"]
    assert seen == wanted
    assert len(client.get("/v1/jobs?operation=registry.list").json()["jobs"]) == 2
    assert client.get("/v1/jobs?state=failed").json() == {"jobs": [], "next": None}
    assert client.get("/v1/jobs").json()["jobs"][0]["options"] is None


def test_a_list_takes_known_filters_and_cursors_only(api: Any) -> None:
    client = api.client()
    for query in (
        "state=lost",
        "limit=0",
        "limit=1001",
        "limit=x",
        "cursor=x",
        "cursor=W10",
        "cursor=WzEsMl0",
        "stat=failed",
    ):
        assert client.get(f"/v1/jobs?{query}").status_code == 422, query
    assert client.get(f"/v1/jobs/{uuid4()}").status_code == 404
    assert client.get("/v1/jobs/nonsense").status_code == 422


def test_a_cursor_at_the_end_of_time_is_none_of_the_list(api: Any) -> None:
    for moment in ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"):
        answer = api.client().get("/v1/jobs", params={"cursor": cursor_of(moment, uuid4().hex)})
        assert answer.status_code == 422, answer.text
    fine = cursor_of("0001-01-01T00:00:00+00:00", uuid4().hex)
    assert api.client().get("/v1/jobs", params={"cursor": fine}).json() == {"jobs": [], "next": None}


def test_a_job_is_followed_to_its_end(api: Any, run_jobs: Any) -> None:
    client = api.client("operator")
    place = client.post("/v1/operations/db.retain", json={}).headers["location"]
    found: list[Any] = []
    follower = threading.Thread(target=lambda: found.extend(_events(api.client(), f"{place}/events")))
    follower.start()
    run_jobs()
    follower.join(30)
    assert not follower.is_alive()
    assert [name for name, _ in found][-1] == "end"
    assert found[-1][1]["state"] == "succeeded"
    assert found[-1][1]["progress"] == 1.0
    assert _events(client, f"{place}/events") == [found[-1]]  # one that has ended tells so at once
    assert client.get(f"/v1/jobs/{uuid4()}/events").status_code == 404


def test_a_queued_job_is_cancelled_and_run_again(api_both: Any) -> None:
    from augury_server.accounts.models import AuditEntry

    job = _job()
    client = api_both.client("operator")
    assert api_both.client("viewer").post(f"/v1/jobs/{job.pk}/cancel").status_code == 403
    answer = client.post(f"/v1/jobs/{job.pk}/cancel", json={"reason": "wrong rule"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "cancelled"
    assert "wrong rule" in answer.json()["error"]
    answer = client.post(f"/v1/jobs/{job.pk}/retry")
    assert answer.json()["state"] == "queued"
    again = client.post(f"/v1/jobs/{job.pk}/retry")  # it waits already
    assert (again.status_code, again.json()["type"].split(":")[-1]) == (409, "wrong-state")
    done = AuditEntry.objects.filter(outcome="done", actor="key:operator-key").values_list("action", flat=True)
    assert list(done.order_by("id")) == ["jobs.cancel", "jobs.retry"]
    assert client.post(f"/v1/jobs/{uuid4()}/cancel").status_code == 404


def test_a_cancellation_takes_a_reason_only(api: Any) -> None:
    job, client = _job(), api.client("operator")
    for body in ({"reson": "x"}, {"reason": 1}, {"reason": "x" * 501}, []):
        assert client.post(f"/v1/jobs/{job.pk}/cancel", json=body).status_code == 422, body
    assert client.post(f"/v1/jobs/{job.pk}/cancel").json()["state"] == "cancelled"


def test_a_cancellation_under_a_key_is_answered_twice_and_made_once(api: Any) -> None:
    from augury_server.jobs.models import JobEvent

    job = _job()
    client = api.client("operator", headers={"idempotency-key": "c"})
    first, again = (client.post(f"/v1/jobs/{job.pk}/cancel", json={"reason": "x"}) for _ in range(2))
    assert first.content == again.content
    assert again.headers["idempotency-replayed"] == "true"
    assert JobEvent.objects.filter(job=job, event="cancelled").count() == 1
