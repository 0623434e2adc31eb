"""Health, alerts, metrics and the first page: every condition that they tell of is made to happen and is told."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families


def parts(api: Any, role: str | None = "viewer") -> dict[str, Any]:
    """Parts by name, looked at afresh."""
    from augury_server.api.health_watch import watch_of

    watch_of(api.state)._looked_at = float("-inf")
    return {part["name"]: part for part in api.client(role).get("/health").json()["parts"]}


def alerts(api: Any) -> dict[str, Any]:
    from augury_server.api.health_watch import watch_of

    watch_of(api.state)._looked_at = float("-inf")
    return {alert["name"]: alert for alert in api.client().get("/alerts").json()["alerts"]}


def a_worker(now: datetime) -> None:
    from augury_server.jobs.models import Worker

    Worker.objects.create(name="w1", host="here", pid=1, state="running", last_seen_at=now, started_at=now)


def test_a_whole_platform_is_ok_and_nothing_needs_anybody(api: Any) -> None:
    a_worker(datetime.now(UTC) + timedelta(hours=1))
    found = parts(api)
    assert {part["state"] for part in found.values()} == {"up", "off"}
    assert found["database"]["latency_ms"] > 0
    reply = api.client().get("/health")
    assert (reply.status_code, reply.json()["status"]) == (200, "ok")
    assert alerts(api) == {}
    assert api.client(None).get("/health/live").status_code == 200
    assert api.client(None).get("/health/ready").status_code == 200


def test_without_a_key_states_are_told_but_no_reasons(api: Any) -> None:
    known, stranger = parts(api), parts(api, None)
    assert all(part["text"] for part in known.values())
    assert {name: part["state"] for name, part in stranger.items()} == {n: p["state"] for n, p in known.items()}
    assert not any(part["text"] for part in stranger.values())
    assert api.client(None).get("/alerts").status_code == 401


def test_each_condition_that_needs_somebody_is_an_alert_with_its_level_and_since_when(api: Any, models: Any) -> None:
    from augury_server.ingest.models import DeadLetter
    from augury_server.jobs.models import Job, Schedule

    now = datetime.now(UTC)
    assert alerts(api)["workers"]["level"] == "error"
    a_worker(now - timedelta(hours=1))
    since = alerts(api)["workers"]["since"]
    Schedule.objects.create(
        name="nightly", operation="db.retain", every_seconds=60.0, next_run_at=now - timedelta(minutes=9)
    )
    Job.objects.create(operation="db.retain", state="failed", ended_at=now, timeout_seconds=60.0, max_attempts=1)
    DeadLetter.objects.create(
        source="file", kind="bar", subject="IBM", timeframe="1D", rule="high", fingerprint="f", reason="high < low",
        payload={}, first_seen_at=now, last_seen_at=now,
    )  # fmt: skip
    found = alerts(api)
    assert {name: one["level"] for name, one in found.items()} == {
        "workers": "error", "scheduler": "error", "jobs": "warning", "dead letters": "warning",
    }  # fmt: skip
    assert "nightly" in found["scheduler"]["text"]
    assert found["workers"]["since"] == since
    assert api.client().get("/health").json()["status"] == "degraded"
    Schedule.objects.update(next_run_at=now + timedelta(days=1), problem="there is no such operation")
    assert (alerts(api)["scheduler"]["level"], "no such operation" in alerts(api)["scheduler"]["text"]) == (
        "warning",
        True,
    )
    DeadLetter.objects.all().delete()
    assert "dead letters" not in alerts(api)


def test_a_version_that_cannot_be_loaded_is_an_alert_and_the_one_before_answers(
    api: Any, register: Any, models: Any, sqlite_platform: Any, rows: Any
) -> None:
    version = register("trend", "trees", "2", promoted=False)
    home = sqlite_platform.settings.home
    for file in version.files.all():
        blob = next((home / "artefacts").rglob(file.sha256))
        blob.chmod(0o644)
        blob.write_bytes(b"damaged")
    shutil.rmtree(home / "opened" / version.content_sha256, ignore_errors=True)
    from augury_server.registry.promote import promote

    promote("trend", version.number, by="ada", reason="to see it fail", force=True)
    api.client("operator").post("/models/update")
    found = alerts(api)["models"]
    assert (found["level"], "trend@2" in found["text"]) == ("error", True)
    assert api.client().post("/predict", json={"model": "trend", "row": rows[0].tolist()}).json()["version"] == 1
    assert api.client().get("/health").status_code == 200


def test_records_that_were_lost_or_wait_are_an_alert(api: Any) -> None:
    api.state.recorder._counters.add(refused=3)
    found = alerts(api)["recorder"]
    assert (found["level"], "3 were lost" in found["text"]) == ("critical", True)


def test_a_full_disk_is_an_alert(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from augury_server.api import conditions

    monkeypatch.setattr(conditions, "_LEAST_FREE_BYTES", 1 << 62)
    assert alerts(api)["disk"]["level"] == "error"


@pytest.fixture
def postgres_api(own_postgres: Any, platforms: Any, tmp_path: Any, register: Any, serve: Any) -> Iterator[Any]:
    """The API on a PostgreSQL and with a Redis of its own to stop."""
    next(platforms("postgresql", tmp_path, own_postgres))
    register("trend", "trees")
    yield serve()
    if own_postgres.process is None:
        own_postgres.start()


def test_while_the_database_is_away_predictions_go_on_and_health_says_so(
    postgres_api: Any, own_postgres: Any, rows: Any
) -> None:
    api = postgres_api
    assert parts(api)["database"]["state"] == "up"
    own_postgres.stop()
    found = parts(api)
    assert (found["database"]["state"], found["workers"]["state"]) == ("away", "unknown")
    assert "kept on disk" in found["database"]["text"]
    assert alerts(api)["database"]["level"] == "critical"
    reply = api.client().get("/health")
    assert (reply.status_code, reply.json()["status"]) == (200, "degraded")
    assert api.client(None).get("/health/ready").status_code == 200
    assert api.client().post("/predict", json={"model": "trend", "row": rows[0].tolist()}).status_code == 200
    own_postgres.start()
    api.wait_until(lambda: parts(api)["database"]["state"] == "up", "the database's return")
    assert "database" not in alerts(api)


def test_a_database_that_stalls_is_away_and_health_answers_all_the_same(postgres_api: Any, own_postgres: Any) -> None:
    import psutil

    assert parts(postgres_api)["database"]["state"] == "up"
    processes = [own_postgres.process.pid, *(one.pid for one in psutil.Process(own_postgres.process.pid).children())]
    for pid in processes:
        psutil.Process(pid).suspend()
    try:
        found = parts(postgres_api)["database"]
        assert (found["state"], "no answer within" in found["text"]) == ("away", True)
    finally:
        for pid in processes:
            psutil.Process(pid).resume()
    postgres_api.wait_until(lambda: parts(postgres_api)["database"]["state"] == "up", "the database's return")


def test_many_who_ask_at_once_make_one_look(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from augury_server.api import health_watch

    looks: list[int] = []
    found = health_watch.database_findings
    gate = threading.Event()

    def counted() -> Any:
        looks.append(1)
        gate.wait(10)
        return found()

    monkeypatch.setattr(health_watch, "database_findings", counted)

    async def ask() -> list[Any]:
        watch = health_watch.HealthWatch(api.state)
        asked = [asyncio.create_task(watch.findings()) for _ in range(50)]
        await asyncio.sleep(0)
        gate.set()
        return await asyncio.gather(*asked)

    answers = asyncio.run(ask())
    assert len(looks) == 1
    assert all(answer == answers[0] for answer in answers)


def test_metrics_are_those_of_prometheus_and_count_what_happened(api: Any, rows: Any) -> None:
    from augury_server.predictions.models import Prediction

    client = api.client()
    for row in rows[:5].tolist():
        client.post("/predict", json={"model": "trend", "row": row}).raise_for_status()
    client.post("/predict", json={"model": "trend", "row": [1]})
    client.post("/predict/batch", json={"model": "trend", "rows": rows[:7].tolist()})
    api.wait_until(lambda: Prediction.objects.count() == 12, "the records")
    api.wait_until(lambda: api.state.recorder.counts().recorded == 12, "their count")
    text = client.get("/metrics").text
    found = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    asked = (("method", "POST"), ("route", "/predict"))
    assert found["augury_requests_total", (*asked, ("status", "200"))] == 5
    assert found["augury_requests_total", (*asked, ("status", "422"))] == 1
    assert found["augury_request_seconds_count", (("route", "/predict"),)] == 6
    assert found["augury_predictions_total", ()] == 12
    assert found["augury_records_total", (("outcome", "recorded"),)] == 12
    assert found["augury_ready", ()] == 1
    assert sum(value for (name, _), value in found.items() if name == "augury_model_hosted") == 4


def test_the_first_page_is_json_for_programs_and_a_page_for_people(api: Any) -> None:
    client = api.client(None)
    assert client.get("/").json()["links"]["docs"] == "/docs"
    page = client.get("/", headers={"accept": "text/html,*/*"})
    assert page.headers["content-type"].startswith("text/html")
    assert '<a href="/docs">' in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_the_description_knows_these_paths_and_their_bodies(api: Any) -> None:
    paths = api.client(None).get("/openapi.json").json()["paths"]
    body = paths["/predict"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(body["properties"]) == {"model", "row", "bars", "symbol", "bar_opened_at", "unit"}
    wanted = {
        "/", "/health", "/health/live", "/health/ready", "/alerts", "/metrics", "/models", "/models/{model}",
        "/models/update", "/predict", "/predict/batch", "/predict/stream", "/v2", "/v2/health/live", "/v2/health/ready",
        "/v2/models/{name}", "/v2/models/{name}/ready", "/v2/models/{name}/infer",
        "/v2/models/{name}/versions/{version}",
        "/v2/models/{name}/versions/{version}/ready", "/v2/models/{name}/versions/{version}/infer",
    }  # fmt: skip
    assert wanted <= set(paths)
