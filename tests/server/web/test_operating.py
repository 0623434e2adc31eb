"""Buttons run operations: under the person's name and role, on record, with a question first."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from augury_server.accounts.add_person import add_person
from augury_server.accounts.models import AuditEntry
from augury_server.accounts.people import person
from augury_server.accounts.roles import role_of
from augury_server.jobs.models import Job
from augury_server.registry.models import ModelVersion

JOBS = "/admin/augury_jobs/job/"
PEOPLE = "/admin/augury_accounts/person/"


@pytest.fixture
def people(sqlite_platform: Any) -> None:
    for name, role in (("root", "administrator"), ("ada", "operator"), ("mary", "viewer")):
        add_person(name, role=role, password="a long walk in the rain")


def _job(state: str = "queued", **fields: Any) -> Job:
    ended = {"ended_at": datetime.now(UTC)} if state in ("failed", "succeeded") else {}
    return Job.objects.create(operation="doctor", state=state, timeout_seconds=60.0, max_attempts=3, **ended, **fields)


def _selected(button: str, rows: list[Any], **more: Any) -> dict[str, Any]:
    return {"action": button, "_selected_action": [str(row.pk) for row in rows], **more}


def test_jobs_are_cancelled_together_after_a_question_and_on_record(people: None, browser_of: Any) -> None:
    jobs = [_job(), _job(), _job("succeeded")]
    client = browser_of("ada")
    asked = client.post(JOBS, _selected("jobs-cancel", jobs, index="0"))
    assert asked.status_code == 200
    assert "1 of those selected are left out" in asked.text
    assert set(Job.objects.values_list("state", flat=True)) == {"queued", "succeeded"}
    done = client.post(JOBS, _selected("jobs-cancel", jobs, confirmed="yes", reason="wrong symbols"), follow=True)
    assert "done for 2" in done.text
    assert sorted(Job.objects.values_list("state", flat=True)) == ["cancelled", "cancelled", "succeeded"]
    entries = AuditEntry.objects.filter(action="jobs.cancel")
    assert {(entry.actor, entry.outcome) for entry in entries} == {("ada", "done")}
    assert entries.count() == 2
    assert entries[0].detail["options"]["reason"] == "wrong symbols"


def test_one_job_is_retried_from_its_page(people: None, browser_of: Any) -> None:
    job = _job("failed", attempts=3)
    client = browser_of("ada")
    assert f"{JOBS}{job.pk}/operate/jobs-retry/" in client.get(f"{JOBS}{job.pk}/change/").text
    assert client.post(f"{JOBS}{job.pk}/operate/jobs-retry/", {"confirmed": "yes"}).status_code == 302
    job.refresh_from_db()
    assert job.state == "queued"


def test_a_viewer_is_refused_on_record_even_with_a_forged_form(people: None, browser_of: Any) -> None:
    from django.core.exceptions import PermissionDenied
    from django.test import RequestFactory

    from augury_server.web.operating import run_for

    job = _job()
    client = browser_of("mary")
    assert "jobs-cancel" not in client.get(JOBS).text
    client.post(JOBS, _selected("jobs-cancel", [job], confirmed="yes", reason="x"))
    assert client.post(f"{JOBS}{job.pk}/operate/jobs-cancel/", {"confirmed": "yes", "reason": "x"}).status_code == 403
    request = RequestFactory().post("/")
    request.user = person("mary")
    with pytest.raises(PermissionDenied):
        run_for(request, "jobs.cancel", {"job": str(job.pk)})
    job.refresh_from_db()
    assert job.state == "queued"
    entry = AuditEntry.objects.get(action="jobs.cancel")
    assert (entry.actor, entry.outcome) == ("mary", "refused")


def test_new_passwords_are_shown_once_to_who_gave_them(people: None, browser_of: Any) -> None:
    client, where = browser_of("root"), PEOPLE
    ada, mary = person("ada"), person("mary")
    one = client.post(f"{where}{ada.pk}/operate/accounts-password/", {"confirmed": "yes"})
    assert one.status_code == 200
    assert "no-store" in one["Cache-Control"]
    words = set(re.findall(r"\b[a-z2-9]{5}(?:-[a-z2-9]{5}){3}\b", one.text))
    assert [Client(SERVER_NAME="localhost").login(username="ada", password=word) for word in words] == [True]
    both = client.post(where, _selected("accounts-password", [ada, mary], confirmed="yes"))
    shown = set(re.findall(r"\b[a-z2-9]{5}(?:-[a-z2-9]{5}){3}\b", both.text))
    assert len(shown) == 2
    for name in ("ada", "mary"):
        assert sum(Client(SERVER_NAME="localhost").login(username=name, password=word) for word in shown) == 1
    assert not any(word in str(list(AuditEntry.objects.values())) for word in shown)


def test_an_operator_cannot_borrow_a_higher_role_through_a_job(people: None, browser_of: Any) -> None:
    given = {
        "confirmed": "yes",
        "operation": "accounts.add",
        "option": "name=eve, role=administrator",
        "queue": "default",
    }
    assert browser_of("ada").post(f"{JOBS}operate/jobs-submit/", given).status_code == 403
    schedule = {"confirmed": "yes", "name": "evil", "operation": "accounts.add", "every_seconds": "60"}
    where = "/admin/augury_jobs/schedule/operate/schedules-add/"
    assert browser_of("ada").post(where, schedule).status_code == 403
    assert not Job.objects.exists()


def test_a_form_without_its_token_is_refused(people: None) -> None:
    client = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    client.force_login(person("ada"))
    job = _job()
    assert client.post(f"{JOBS}{job.pk}/operate/jobs-cancel/", {"confirmed": "yes", "reason": "x"}).status_code == 403
    job.refresh_from_db()
    assert job.state == "queued"


def test_opening_the_page_of_a_button_changes_nothing(people: None, browser_of: Any) -> None:
    job = _job()
    assert browser_of("ada").get(f"{JOBS}{job.pk}/operate/jobs-cancel/", {"confirmed": "yes"}).status_code == 200
    job.refresh_from_db()
    assert job.state == "queued"


def test_too_many_rows_at_once_are_declined(people: None, browser_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("augury_server.web.admin.operate.MOST_ROWS", 2)
    jobs = [_job() for _ in range(3)]
    response = browser_of("ada").post(JOBS, _selected("jobs-cancel", jobs, confirmed="yes", reason="x"), follow=True)
    assert "At most 2 rows at once" in response.text
    assert Job.objects.filter(state="queued").count() == 3


def test_somebody_is_added_with_a_password_that_is_shown_once_and_works(people: None, browser_of: Any) -> None:
    import re

    given = {"confirmed": "yes", "name": "joan", "role": "operator", "email": "joan@example.org"}
    client = browser_of("root")
    response = client.post(f"{PEOPLE}operate/accounts-add/", given)
    assert response.headers["Cache-Control"].startswith("no-store")
    found = re.search(r"\b(?:[a-z2-9]{5}-){3}[a-z2-9]{5}\b", response.text)
    assert found is not None
    assert Client(SERVER_NAME="localhost").login(username="joan", password=found[0])
    assert role_of(person("joan")) == "operator"
    assert found[0] not in str(list(AuditEntry.objects.values("detail")))
    assert found[0] not in client.get(PEOPLE).text


def test_what_an_operation_refuses_is_told_and_on_record(people: None, browser_of: Any) -> None:
    client = browser_of("root")
    root = person("root")
    where = f"{PEOPLE}{root.pk}/operate/accounts-disable/"
    response = client.post(where, {"confirmed": "yes", "reason": "x"}, follow=True)
    assert "last administrator" in response.text
    assert AuditEntry.objects.filter(action="accounts.disable", outcome="refused", actor="root").exists()
    response = client.post(f"{PEOPLE}operate/accounts-add/", {"confirmed": "yes", "name": "root", "role": "viewer"})
    assert "taken" in response.text


def test_a_missing_reason_is_asked_for_again(filled: Any, browser_of: Any) -> None:
    version = ModelVersion.objects.filter(stage="candidate").first()
    assert version is not None
    where = f"/admin/augury_registry/modelversion/{version.pk}/operate/registry-archive/"
    client = browser_of("ada")
    response = client.post(where, {"confirmed": "yes"})
    assert response.status_code == 200
    assert "This field is required" in response.text
    assert client.post(where, {"confirmed": "yes", "reason": "trained on wrong data"}).status_code == 302
    version.refresh_from_db()
    assert version.stage == "archived"
    assert AuditEntry.objects.filter(action="registry.archive", actor="ada", outcome="done").exists()


def test_a_long_operation_becomes_a_job_of_the_person(filled: Any, browser_of: Any) -> None:
    from augury_server.signals.models import Universe

    row = Universe.objects.get(name="tech")
    where = f"/admin/augury_signals/universe/{row.pk}/operate/universe-generate/"
    assert browser_of("ada").post(where, {"confirmed": "yes", "only": "AAPL, MSFT", "last": "2"}).status_code == 302
    job = Job.objects.filter(operation="universe.generate").order_by("-created_at").first()
    assert job is not None
    assert (job.by, job.state) == ("ada", "queued")
    assert {name: job.options[name] for name in ("name", "only", "last")} == {
        "name": "tech",
        "only": ["AAPL", "MSFT"],
        "last": 2,
    }


def test_the_trail_is_verified_from_its_page(filled: Any, browser_of: Any) -> None:
    response = browser_of("mary").post(
        "/admin/augury_accounts/auditentry/operate/accounts-audit/", {"confirmed": "yes"}
    )
    assert "The audit trail is whole" in response.text
