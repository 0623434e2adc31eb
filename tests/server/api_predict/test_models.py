"""/models: what answers, with its evidence; POST /models/update: promoted versions answer at once, no request fails."""

from __future__ import annotations

import threading
from typing import Any

import httpx
import numpy as np


def test_the_list_names_every_version_with_its_evidence(api: Any, models: Any) -> None:
    reply = api.client().get("/models")
    found = {card["reference"]: card for card in reply.json()["models"]}
    assert list(found) == ["line@1", "nameless@1", "trend@1", "values@1"]
    card, manifest = found["trend@1"], models.predictor("trees").manifest
    assert (card["champion"], card["artefact"], card["classes"]) == (True, manifest.model_id, list(manifest.classes))
    assert card["reads"] == {"features": [None, 3]}
    evidence = card["evidence"]
    assert (evidence["beats_baseline"], evidence["verdict"]) == (True, "It beats its baseline.")
    assert evidence["scores"] == {"log_loss": 0.61}
    assert evidence["fit_end"] > evidence["trained_from"]
    never = found["nameless@1"]["evidence"]
    assert (never["beats_baseline"], never["verdict"], never["fit_end"]) == (None, "never judged", None)
    assert (card["reads_bars"], found["nameless@1"]["reads_bars"]) == (True, False)


def test_what_has_not_changed_is_not_sent_again(api: Any) -> None:
    client = api.client()
    for path in ("/models", "/models/trend", "/models/trend@1"):
        first = client.get(path)
        again = client.get(path, headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
        assert client.get(path, headers={"if-none-match": '"other"'}).status_code == 200


def test_one_model_is_shown_with_its_whole_manifest(api: Any, models: Any) -> None:
    client = api.client()
    shown = client.get("/models/trend@champion").json()
    manifest = models.predictor("trees").manifest
    assert shown["manifest"]["graph_sha256"] == manifest.graph_sha256
    assert shown["model"]["columns"] == list(manifest.columns)
    assert shown["row_us"] > 0
    unknown = client.get("/models/trned")
    assert (unknown.status_code, "'trend'" in unknown.json()["detail"]) == (404, True)


def test_an_update_takes_an_operator_says_what_changed_and_leaves_a_record(
    api: Any, register: Any, models: Any, rows: np.ndarray
) -> None:
    from augury_server.accounts.models import AuditEntry

    assert api.client().post("/models/update").status_code == 403
    api.state.host._done.set()  # its thread looks no more: what changes, changes because it was asked to
    before = api.client().get("/models").headers["etag"]
    register("trend", "trees", "2")
    changed = api.client("operator").post("/models/update").raise_for_status().json()
    assert changed == {"added": ["trend@2"], "removed": ["trend@1"], "champions": {"trend": "trend@2"}, "problems": {}}
    expected = models.predictor("trees", "2").predict(rows[:1], exact=True)
    answer = api.client().post("/predict", json={"model": "trend", "row": rows[0].tolist()}).json()
    assert (answer["version"], answer["probabilities"]) == (2, expected.probabilities[0].tolist())
    assert api.client().get("/models").headers["etag"] != before
    entry = AuditEntry.objects.get(action="models.update")
    assert (entry.actor, entry.outcome) == ("key:operator-key", "done")


def test_while_versions_change_every_request_is_answered_by_one_of_them_whole(
    api: Any, register: Any, models: Any, rows: np.ndarray
) -> None:
    expected = {
        number: models.predictor("trees", str(number)).predict(rows[:1], exact=True).probabilities[0].tolist()
        for number in (1, 2, 3)
    }
    seen: list[int] = []
    wrong: list[Any] = []
    done = threading.Event()

    def ask() -> None:
        with httpx.Client(base_url=api.url, headers={"x-api-key": api.keys["viewer"]}) as client:
            while not done.is_set():
                reply = client.post("/predict", json={"model": "trend", "row": rows[0].tolist()})
                if reply.status_code != 200 or reply.json()["probabilities"] != expected[reply.json()["version"]]:
                    wrong.append(reply.text)
                    return
                seen.append(reply.json()["version"])

    asking = [threading.Thread(target=ask) for _ in range(2)]
    for thread in asking:
        thread.start()
    try:
        for number in (2, 3):
            register("trend", "trees", str(number))
            api.client("operator").post("/models/update").raise_for_status()
            api.wait_until(lambda number=number: number in seen or wrong, f"an answer of version {number}")
    finally:
        done.set()
        for thread in asking:
            thread.join()
    assert not wrong
    assert set(seen) == {1, 2, 3}
    assert seen[-1] == 3
