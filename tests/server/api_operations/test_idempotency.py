"""A change that is asked for twice under one key is made once."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from augury.errors import Conflict
from augury_server.jobs.kept_answers import Answer, KeyReused, Question, claim_question, forget_question, keep_answer
from augury_server.jobs.models import Job, KeptAnswer

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _question(**changes: Any) -> Question:
    return Question(**{"caller": "k1", "key": "a", "fingerprint": "f", **changes})


def test_the_same_request_gets_the_same_answer_and_is_done_once(api_both: Any) -> None:
    from augury_server.accounts.models import AuditEntry

    client = api_both.client("operator", headers={"idempotency-key": "make-tech"})
    first = client.post("/v1/operations/universe.add", json={"name": "tech"})
    again = client.post("/v1/operations/universe.add", json={"name": "tech"})
    assert first.status_code == again.status_code == 200
    assert first.content == again.content
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert AuditEntry.objects.filter(action="universe.add").count() == 1


def test_a_key_is_not_used_for_another_request(api: Any) -> None:
    client = api.client("operator", headers={"idempotency-key": "k"})
    assert client.post("/v1/operations/universe.add", json={"name": "tech"}).status_code == 200
    for path, body in (
        ("/v1/operations/universe.add", {"name": "other"}),
        ("/v1/operations/universe.remove", {"name": "tech"}),
        ("/v1/operations/universe.add?dry_run=true", {"name": "tech"}),
    ):
        assert client.post(path, json=body).status_code == 422


def test_keys_of_two_callers_do_not_meet(api: Any) -> None:
    headers = {"idempotency-key": "same"}
    assert (
        api.client("operator", headers=headers).post("/v1/operations/universe.add", json={"name": "one"}).status_code
        == 200
    )
    answer = api.client("administrator", headers=headers).post("/v1/operations/universe.add", json={"name": "two"})
    assert answer.status_code == 200
    assert "idempotency-replayed" not in answer.headers


def test_what_was_refused_may_be_asked_again_under_its_key(api: Any) -> None:
    client = api.client("operator", headers={"idempotency-key": "k"})
    body = {"name": "trend"}
    assert client.post("/v1/operations/universe.remove", json=body).status_code == 404
    assert not KeptAnswer.objects.exists()
    assert api.client("operator").post("/v1/operations/universe.add", json=body).status_code == 200
    assert client.post("/v1/operations/universe.remove", json=body).status_code == 200


def test_a_job_that_is_asked_for_by_many_at_once_is_one(api_both: Any) -> None:
    def ask(_: int) -> Any:
        client = api_both.client("operator", headers={"idempotency-key": "retain-today"})
        return client.post("/v1/operations/db.retain", json={"batch": 10})

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(8)))
    assert {answer.status_code for answer in answers} <= {202, 409}
    places = {answer.headers["location"] for answer in answers if answer.status_code == 202}
    assert len(places) == 1
    assert Job.objects.count() == 1


def test_a_request_under_way_holds_its_key(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from augury_server.api.routes import operations as routes

    began, go = threading.Event(), threading.Event()
    run_call = routes.run_call

    def slow(call: Any) -> Any:
        began.set()
        assert go.wait(20)
        return run_call(call)

    monkeypatch.setattr(routes, "run_call", slow)
    with ThreadPoolExecutor(1) as threads:
        headers = {"idempotency-key": "slow"}
        first = threads.submit(
            api.client("operator", headers=headers).post, "/v1/operations/universe.add", json={"name": "tech"}
        )
        assert began.wait(20)
        second = api.client("operator", headers=headers).post("/v1/operations/universe.add", json={"name": "tech"})
        go.set()
        assert second.status_code == 409
        assert first.result(20).status_code == 200


def test_a_key_of_another_form_is_refused(api: Any) -> None:
    for key in ("", "a b", "x" * 201, "ä"):
        headers = {"idempotency-key": key.encode("latin-1")}
        answer = api.client("operator").post("/v1/operations/universe.add", json={"name": "tech"}, headers=headers)
        assert answer.status_code == 400


def test_a_secret_that_is_shown_once_is_not_kept(api: Any) -> None:
    client = api.client("administrator", headers={"idempotency-key": "add-ada"})
    first = client.post("/v1/operations/accounts.add", json={"name": "ada", "role": "viewer"})
    again = client.post("/v1/operations/accounts.add", json={"name": "ada", "role": "viewer"})
    assert first.status_code == again.status_code == 200, first.text
    password = first.json()["password"]
    assert password not in again.text
    import zstandard

    for row in KeptAnswer.objects.all():
        assert password.encode() not in zstandard.decompress(bytes(row.body))


def test_a_job_whose_submitter_was_killed_is_submitted_by_the_next_request_with_its_key_and_once(api: Any) -> None:
    code = (
        "import os, signal\n"
        "from augury_server.api import running_operations\n"
        "from augury_server.jobs.kept_answers import Question, claim_question\n"
        "from augury_server.jobs.submit import submit\n"
        "import sys, json\n"
        "question = Question(**json.loads(sys.stdin.readline()))\n"
        "claim = claim_question(question)\n"
        "submit('db.retain', {'batch': 10}, key=f'request:{claim}')\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    seen: list[Any] = []
    from augury_server.api import idempotency

    claimed = idempotency._claimed
    idempotency._claimed = lambda question: seen.append(question) or claimed(question)
    try:
        client = api.client("operator", headers={"idempotency-key": "k"})
        assert client.post("/v1/operations/db.retain", json={"batch": 10}).status_code == 202
    finally:
        idempotency._claimed = claimed
    Job.objects.all().delete()
    KeptAnswer.objects.all().delete()
    process = api.platform.python(code, stdin=-1)
    process.communicate(json.dumps(asdict(seen[0])) + "\n", timeout=60)
    assert process.returncode == -9
    assert Job.objects.count() == 1
    assert client.post("/v1/operations/db.retain", json={"batch": 10}).status_code == 409
    KeptAnswer.objects.update(claimed_at=datetime.now(UTC) - timedelta(seconds=61))
    answer = client.post("/v1/operations/db.retain", json={"batch": 10})
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/v1/jobs/{Job.objects.get().pk}"


def test_a_claim_is_answered_forgotten_or_taken_over(platform: Any) -> None:
    claim = claim_question(_question(), now=NOW)
    assert isinstance(claim, int)
    with pytest.raises(Conflict, match="being answered"):
        claim_question(_question(), now=NOW + timedelta(hours=1))
    forget_question(claim)
    claim = claim_question(_question(repeatable=True), now=NOW)
    with pytest.raises(Conflict):
        claim_question(_question(repeatable=True), now=NOW + timedelta(seconds=59))
    assert claim_question(_question(repeatable=True), now=NOW + timedelta(seconds=61)) == claim
    assert isinstance(claim, int)
    answer = Answer(status=202, headers={"location": "/v1/jobs/1"}, body=b'{"a":1}' * 50_000)
    keep_answer(claim, answer)
    assert claim_question(_question(), now=NOW + timedelta(hours=23)) == answer
    with pytest.raises(KeyReused):
        claim_question(_question(fingerprint="other"), now=NOW + timedelta(hours=23))
    assert isinstance(claim_question(_question(fingerprint="other"), now=NOW + timedelta(hours=24)), int)


def test_old_answers_are_dropped_with_other_old_rows(sqlite_platform: Any) -> None:
    from augury_server.database.retention import apply_retention

    claim_question(_question(), now=NOW)
    claim_question(_question(key="b"), now=NOW + timedelta(hours=20))
    apply_retention(NOW + timedelta(hours=30), only="jobs.answers")
    assert list(KeptAnswer.objects.values_list("key", flat=True)) == ["b"]
