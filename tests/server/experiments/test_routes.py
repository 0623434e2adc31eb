"""Experiments over HTTP: a real server, real keys, and the same operations with the same trail."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import uvicorn

from augury_server.accounts.api_keys import add_key
from augury_server.accounts.models import AuditEntry
from augury_server.api import work_threads
from augury_server.api.app import create_app
from augury_server.api.routes import experiments
from augury_server.experiments.models import Experiment

BODY = {"name": "deeper", "model": "trend", "treatment": 2, "share": 0.2, "reason": "to see"}


@pytest.fixture
def clients(platform: Any, versions: Any) -> Iterator[dict[str, httpx.Client]]:
    """A client with an operator's key and one with a viewer's, of a server with these routes; a model is there."""
    versions()
    versions("other")
    keys = {role: add_key(f"{role}-key", role=role, by="tests").token for role in ("viewer", "operator")}
    config = uvicorn.Config(
        create_app(modules=[experiments]), host="127.0.0.1", port=0, log_level="error", access_log=False, lifespan="on",
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    until = time.monotonic() + 30
    while not server.started and thread.is_alive() and time.monotonic() < until:
        time.sleep(0.01)
    assert server.started
    port = server.servers[0].sockets[0].getsockname()[1]
    made = {
        role: httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"authorization": f"Bearer {token}"}, timeout=30
        )
        for role, token in keys.items()
    }
    try:
        yield made
    finally:
        for client in made.values():
            client.close()
        server.should_exit = True
        thread.join(30)
        pool = work_threads.OPERATIONS  # its threads know this platform's database
        if pool._executor is not None:
            pool._executor.shutdown(wait=True)
            pool._executor = None


def test_an_experiment_from_start_to_stop(clients: dict[str, httpx.Client]) -> None:
    operator, viewer = clients["operator"], clients["viewer"]
    dry = operator.post("/experiments", json={**BODY, "dry_run": True})
    assert (dry.status_code, dry.json()) == (200, {"new": True, "dry_run": True, "experiment": None})
    made = operator.post("/experiments", json=BODY)
    assert (made.status_code, made.headers["location"]) == (201, "/experiments/deeper")
    told = made.json()["experiment"]
    assert (told["control"], told["treatment"], told["share"], told["standing"]) == (1, 2, 0.2, "running")
    assert told["started_by"] == "key:operator-key"
    again = operator.post("/experiments", json=BODY)
    assert (again.status_code, again.json()["new"]) == (200, False)
    shown = viewer.get("/experiments/deeper").json()
    assert {**told, "variants": []} == shown
    stopped = operator.post("/experiments/deeper/stop", json={"reason": "enough seen"})
    assert (stopped.status_code, stopped.json()["experiment"]["standing"]) == (200, "stopped")
    trail = list(AuditEntry.objects.filter(action__startswith="experiments.").order_by("id"))
    assert [(entry.action, entry.actor) for entry in trail] == [
        ("experiments.start", "key:operator-key"), ("experiments.start", "key:operator-key"),
        ("experiments.stop", "key:operator-key"),
    ]  # fmt: skip


def test_a_list_goes_on_page_by_page(clients: dict[str, httpx.Client]) -> None:
    operator, viewer = clients["operator"], clients["viewer"]
    for number in range(4):
        assert operator.post("/experiments", json={**BODY, "name": f"n{number}"}).status_code == 201
        assert operator.post(f"/experiments/n{number}/stop", json={"reason": "x"}).status_code == 200
    operator.post("/experiments", json={**BODY, "name": "last", "model": "other", "treatment": "latest"})
    where, seen, pages = "/experiments?limit=2", [], 0
    while where:
        page = viewer.get(where)
        seen += [one["name"] for one in page.json()["experiments"]]
        where = page.links["next"]["url"] if "next" in page.links else ""
        assert bool(where) == (page.json()["next"] is not None)
        pages += 1
    assert (seen, pages) == (["last", "n3", "n2", "n1", "n0"], 3)
    assert [one["name"] for one in viewer.get("/experiments?state=running").json()["experiments"]] == ["last"]
    assert len(viewer.get("/experiments", params={"model": "trend"}).json()["experiments"]) == 4


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"model": "trent"}, 404, "did you mean 'trend'"),
        ({"treatment": 9}, 404, "has no version '9'"),
        ({"treatment": 1}, 403, "an experiment compares two versions"),
        ({"share": 1.0}, 422, "share"),
        ({"share": "much"}, 422, "share"),
        ({"days": -1}, 422, "days"),
        ({"mode": "both"}, 422, "mode"),
        ({"name": "a b"}, 422, "expected a name of letters"),
        ({"reason": ""}, 422, "reason"),
        ({"salt": "mine"}, 422, "salt"),
        ({"config": "/etc/passwd"}, 422, "config"),
    ],
)
def test_what_cannot_be_is_a_problem_that_says_why(
    clients: dict[str, httpx.Client], change: dict[str, Any], status: int, words: str
) -> None:
    told = clients["operator"].post("/experiments", json={**BODY, **change})
    assert (told.status_code, told.headers["content-type"]) == (status, "application/problem+json")
    assert words in told.json()["detail"]
    assert not Experiment.objects.exists()


def test_a_second_one_of_a_model_is_a_conflict_and_an_unknown_one_not_found(clients: dict[str, httpx.Client]) -> None:
    operator = clients["operator"]
    assert operator.post("/experiments", json=BODY).status_code == 201
    assert operator.post("/experiments", json={**BODY, "name": "second"}).status_code == 409
    assert operator.get("/experiments/deeker").json()["detail"].endswith("did you mean 'deeper'?")
    assert operator.post("/experiments/none/stop", json={"reason": "x"}).status_code == 404
    assert operator.get("/experiments?cursor=nonsense").status_code == 422


def test_a_viewer_looks_and_changes_nothing(clients: dict[str, httpx.Client]) -> None:
    viewer = clients["viewer"]
    refused = viewer.post("/experiments", json=BODY)
    assert refused.status_code == 403
    assert "needs the role operator" in refused.json()["detail"]
    assert not Experiment.objects.exists()
    assert AuditEntry.objects.get(action="experiments.start").outcome == "refused"
    assert viewer.get("/experiments").json() == {"experiments": [], "next": None}
    assert httpx.get(f"{viewer.base_url}/experiments").status_code == 401


def test_one_idempotency_key_is_one_answer(clients: dict[str, httpx.Client]) -> None:
    operator, key = clients["operator"], {"idempotency-key": "first-try"}
    first = operator.post("/experiments", json=BODY, headers=key)
    again = operator.post("/experiments", json=BODY, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert again.headers["idempotency-replayed"] == "true"
    assert AuditEntry.objects.filter(action="experiments.start").count() == 1


@pytest.mark.parametrize(
    "path", ["/experiments?model=%00", "/experiments/%00", "/experiments?model=a%1f", "/experiments?cursor=%00"]
)
def test_what_no_database_can_hold_is_a_wrong_input(clients: dict[str, httpx.Client], path: str) -> None:
    answer = clients["viewer"].get(path)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("field", ["name", "model", "treatment", "control", "reason"])
def test_no_text_with_a_null_character_is_an_error_here(clients: dict[str, httpx.Client], field: str) -> None:
    answer = clients["operator"].post("/experiments", json={**BODY, field: "a\0b"})
    assert answer.status_code == 422, answer.text
    stopped = clients["operator"].post("/experiments/nothing/stop", json={"reason": "a\0b"})
    assert stopped.status_code in (404, 422), stopped.text
