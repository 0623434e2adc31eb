"""Operations over REST: the list with its schemas, running one at once, as a dry run and as a job."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from augury.operations.registry import operations


def test_every_operation_is_listed_with_its_role_and_a_schema_without_what_is_local(api: Any) -> None:
    listed = {entry["name"]: entry for entry in api.client().get("/v1/operations").json()["operations"]}
    assert set(listed) == set(operations())
    for name, entry in listed.items():
        assert entry["role"] == operations()[name].role
        assert entry["options"]["additionalProperties"] is False
        assert {"config", "set"}.isdisjoint(entry["options"]["properties"])
    assert listed["verify"]["offered"] is False
    assert "code" in listed["verify"]["reason"]
    assert listed["backtest"]["options"]["required"] == ["strategy", "file"]
    assert listed["backtest"]["options"]["properties"]["file"]["x-path"] == "read"
    assert listed["backtest"]["options"]["properties"]["report"]["x-path"] == "write"


def test_a_list_that_was_seen_is_not_sent_again(api: Any) -> None:
    client = api.client()
    first = client.get("/v1/operations")
    again = client.get("/v1/operations", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    one = client.get("/v1/operations/db.status")
    assert one.json() in first.json()["operations"]
    assert client.get("/v1/operations/db.status", headers={"if-none-match": first.headers["etag"]}).status_code == 200


def test_a_verb_gives_what_it_gives_at_a_terminal(api_both: Any) -> None:
    from augury.operations import run

    client = api_both.client()
    answer = client.post("/v1/operations/registry.list", json={"limit": 5})
    assert answer.status_code == 200
    assert answer.json() == {**run("registry.list", limit=5).to_dict(), "exit_code": 0}
    assert client.post("/v1/operations/registry.list").status_code == 200


def test_an_unknown_operation_and_an_unknown_option_name_the_nearest(api: Any) -> None:
    client = api.client()
    answer = client.post("/v1/operations/registry.lst")
    assert answer.status_code == 404
    assert "registry.list" in answer.json()["detail"]
    answer = client.post("/v1/operations/registry.list", json={"limt": 5})
    assert answer.status_code == 422
    assert "did you mean 'limit'" in answer.json()["detail"]
    assert client.post("/v1/operations/registry.list", json={"limit": 0}).status_code == 422
    assert client.get("/v1/operations/nothing").status_code == 404


def test_bodies_that_are_no_options_are_refused(api: Any) -> None:
    for body, kind, status in (
        (b'{"limit": NaN}', "application/json", 400),
        (b"[" * 50_000, "application/json", 400),
        (b"[1]", "application/json", 422),
        (b"\xff", "application/json", 400),
        (b"limit=5", "application/x-www-form-urlencoded", 415),
    ):
        answer = api.client().post("/v1/operations/registry.list", content=body, headers={"content-type": kind})
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"


def test_roles_decide_who_may_run_what_and_a_refusal_is_recorded(api: Any) -> None:
    from augury_server.accounts.models import AuditEntry

    answer = api.client("viewer").post("/v1/operations/universe.add", json={"name": "tech"})
    assert answer.status_code == 403
    assert answer.json()["needed_role"] == "operator"
    entry = AuditEntry.objects.get(action="universe.add")
    assert (entry.outcome, entry.actor) == ("refused", "key:viewer-key")
    assert api.client("operator").post("/v1/operations/config.show").status_code == 403
    assert api.client("administrator").post("/v1/operations/config.show").status_code == 200
    assert api.client(None).post("/v1/operations/registry.list").status_code == 401


def test_a_change_is_made_under_the_name_of_the_key_and_recorded(api_both: Any) -> None:
    from augury_server.accounts.models import AuditEntry
    from augury_server.signals.models import Universe

    answer = api_both.client("operator").post("/v1/operations/universe.add", json={"name": "tech", "symbols": ["A"]})
    assert answer.status_code == 200, answer.text
    assert Universe.objects.get().created_by == "key:operator-key"
    entry = AuditEntry.objects.get(action="universe.add")
    assert (entry.outcome, entry.actor) == ("done", "key:operator-key")


def test_a_dry_run_does_nothing_and_is_refused_where_there_is_none(api: Any) -> None:
    from augury_server.signals.models import Universe

    client = api.client("operator")
    assert client.post("/v1/operations/universe.add?dry_run=true", json={"name": "tech"}).status_code == 200
    assert not Universe.objects.exists()
    assert client.post("/v1/operations/db.retain?dry_run=true").status_code == 200  # long, and yet at once
    answer = client.post("/v1/operations/cache.invalidate?dry_run=true", json={"all": True})
    assert answer.status_code == 422
    assert "no dry run" in answer.json()["detail"]


def test_a_long_operation_becomes_a_job_that_can_be_followed_to_its_result(api: Any, run_jobs: Any) -> None:
    client = api.client("operator")
    answer = client.post("/v1/operations/db.retain", json={"batch": 500})
    assert answer.status_code == 202
    place = answer.headers["location"]
    assert answer.json()["href"] == place
    job = client.get(place).json()
    assert (job["state"], job["operation"], job["by"]) == ("queued", "db.retain", "key:operator-key")
    assert job["options"] == {"batch": 500, "dry_run": False, "only": None}
    run_jobs()
    job = client.get(place).json()
    assert job["state"] == "succeeded", job
    assert job["result"]["rows"]


def test_a_short_operation_becomes_a_job_when_that_is_preferred(api: Any) -> None:
    client = api.client("operator")
    answer = client.post("/v1/operations/registry.list", headers={"prefer": "wait=1, respond-async"})
    assert answer.status_code == 202
    assert answer.headers["preference-applied"] == "respond-async"


def test_what_only_administrators_may_do_is_never_a_job(api: Any) -> None:
    from augury_server.jobs.models import Job

    client = api.client("administrator")
    assert client.post("/v1/operations/accounts.list", headers={"prefer": "respond-async"}).status_code == 200
    answer = client.post("/v1/operations/jobs.submit", json={"operation": "accounts.list"})
    assert answer.status_code == 403
    assert not Job.objects.exists()


def test_what_makes_no_sense_over_a_network_is_refused_with_the_reason(api: Any) -> None:
    for name in ("server.up", "jobs.wait", "verify", "report"):
        answer = api.client("administrator").post(f"/v1/operations/{name}", json={})
        assert answer.status_code == 403
        assert operations()[name].local in answer.json()["detail"]


def test_a_backtest_of_an_uploaded_file_gives_the_bits_of_the_library(
    api: Any, run_jobs: Any, bars: bytes, tmp_path: Any
) -> None:
    from augury.operations import run

    client = api.client("operator")
    assert client.put("/v1/files/WALK.csv", content=bars).status_code == 201
    options = {"strategy": "sma_crossover", "file": "WALK.csv", "permutations": 20, "ledger": "off"}
    answer = client.post("/backtests", json=options)
    assert answer.status_code == 202, answer.text
    assert answer.json()["job"]["options"]["file"] == "WALK.csv"
    run_jobs()
    job = client.get(answer.headers["location"]).json()
    assert job["state"] == "succeeded", job
    (tmp_path / "WALK.csv").write_bytes(bars)
    there = run("backtest", **{**options, "file": str(tmp_path / "WALK.csv")}).to_dict()
    same = {"metrics", "trades"} & set(there)
    assert same
    for name in same:
        assert job["result"][name] == json.loads(msgspec.json.encode(there[name]))
    assert str(tmp_path.parent) not in json.dumps(job)


def test_a_model_is_trained_again_as_a_job_on_uploaded_bars(
    api: Any, run_jobs: Any, bars: bytes, tmp_path: Any
) -> None:
    from augury.operations import run
    from augury_server.registry.finding import find_version
    from augury_server.registry.promote import promote
    from augury_server.registry.register import register_model

    (tmp_path / "EARLY.csv").write_bytes(b"".join(bars.splitlines(keepends=True)[:-60]))
    run("train", model="linear", files=(str(tmp_path / "EARLY.csv"),), output=str(tmp_path / "m"), importance=False)
    register_model(tmp_path / "m", name="trend", by="ada")
    promote("trend", 1, by="ada", reason="to serve", force=True)
    client = api.client("operator")
    assert client.put("/v1/files/EARLY.csv", content=bars).status_code == 201
    body = {"name": "trend", "files": ["EARLY.csv"], "reason": "later bars"}
    assert api.client("viewer").post("/retraining", json=body).status_code == 403
    assert client.post("/retraining", json={**body, "files": ["NONE.csv"]}).status_code == 404
    keyed = {"idempotency-key": "again"}
    answers = [client.post("/retraining", json=body, headers=keyed) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    run_jobs()
    job = client.get(answers[0].headers["location"]).json()
    assert job["state"] == "succeeded", job
    assert job["result"]["version"] == "trend@2"
    made = find_version("trend", 2)
    assert (made.relation, made.stage) == ("retrained_from", "candidate")


def test_backtests_take_an_operator_and_a_known_file(api: Any) -> None:
    body = {"strategy": "sma_crossover", "file": "NONE.csv"}
    assert api.client("viewer").post("/backtests", json=body).status_code == 403
    answer = api.client("operator").post("/backtests", json=body)
    assert answer.status_code == 404
    assert "NONE.csv" in answer.json()["detail"]
    assert api.client("operator").post("/backtests", json={"file": "NONE.csv"}).status_code in (404, 422)
