"""The API as the platform serves it: every module's routes, together."""

from __future__ import annotations

import signal
from typing import Any


def test_everything_is_served_together_on_both_engines(api_both: Any) -> None:
    document = api_both.client(None).get("/openapi.json").json()
    assert {"/predict", "/v1/operations/{name}"} <= set(document["paths"])
    operator = api_both.client("operator")
    assert operator.get("/v1/operations").status_code == 200
    assert operator.post("/predict", json={"model": "nothing", "row": [1.0]}).status_code == 404
    assert operator.get("/v1/jobs").status_code == 200
    assert api_both.client(None).get("/docs").status_code == 200
    assert api_both.state.ready


def test_in_a_process_of_its_own_it_starts_answers_and_stops(sqlite_platform: Any, api_process: Any, port: int) -> None:
    served = api_process(sqlite_platform, port)
    assert served.api.client().get("/v1/operations").status_code == 200
    assert served.api.client(None).get("/admin/login/?next=/admin/").status_code == 200
    served.kill()
    again = api_process(sqlite_platform, port, served.api.keys)
    assert again.api.client().get("/v1/operations").status_code == 200
    assert again.stop() in (0, -signal.SIGTERM)  # uvicorn ends as it was told to, once it is done


def test_an_open_reader_is_told_that_the_server_stops_and_does_not_hold_it_up(
    sqlite_platform: Any, api_process: Any, port: int
) -> None:
    served = api_process(sqlite_platform, port)
    client = served.api.client()
    session = client.post("/streams", json={}).json()["id"]
    with client.stream("GET", f"/streams/{session}/events", timeout=20.0) as events:
        assert events.status_code == 200
        served.process.send_signal(signal.SIGINT)
        told = "".join(events.iter_text())
    assert "event: end" in told
    assert served.process.wait(20) in (0, -signal.SIGINT)
