"""The log of requests: what is worth a line has one, a flood has few, and no key or query is in any."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from augury_server.api.logs import Entry, RequestLog

Probes = Callable[..., Any]
NAME = "augury_server.api"


class Hand:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def entry(status: int = 200, seconds: float = 0.01) -> Entry:
    return Entry("GET", "/v1/count/1", status, seconds, "an-id", "ci", "127.0.0.1")


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """Events of the log, in order."""
    return [dict(record.msg) for record in caplog.records if record.name == NAME]  # type: ignore[call-overload]


def test_each_setting_says_what_has_a_line() -> None:
    none, failures, every = (RequestLog(which, 1.0) for which in ("none", "failures", "all"))  # type: ignore[arg-type]
    asked = [(200, 0.1), (200, 1.0), (304, 0.1), (404, 0.1), (503, 0.1)]
    assert [none.wants(*each) for each in asked] == [False] * 5
    assert [failures.wants(*each) for each in asked] == [False, True, False, True, True]
    assert [every.wants(*each) for each in asked] == [True] * 5


def test_a_flood_of_refusals_is_a_line_now_and_then_and_a_count(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, NAME)
    clock = Hand()
    log = RequestLog("failures", 1.0, clock=clock)
    for _ in range(500):
        log.write(entry(401))
    assert len(lines(caplog)) == 50
    clock.now += 1.0
    log.write(entry(401))
    told = [line for line in lines(caplog) if line["event"] != "request"]
    assert [line["requests"] for line in told] == [450]


def test_how_bad_it_is_is_the_level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, NAME)
    log = RequestLog("all", 1.0)
    for status, seconds in ((200, 0.1), (404, 0.1), (503, 0.1), (500, 0.1), (200, 2.0)):
        log.write(entry(status, seconds))
    assert [line["level"] for line in lines(caplog)] == ["info", "info", "warning", "error", "warning"]


def test_lines_name_the_request_and_hold_no_key_no_query_and_no_body(
    probes: Probes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, NAME)
    api = probes(**{"api.log_requests": "all"})
    response = api.client().get("/v1/count/1?password=hunter2", headers={"x-request-id": "trace-0001"})
    assert response.status_code == 200
    secret = api.keys["viewer"].split("_", 2)[2]
    httpx.get(f"{api.url}/v1/count/1", headers={"authorization": f"Bearer {api.keys['viewer']}x"})
    api.client().post("/predict", json={"row": "hunter2"})
    api.client().get("/v1/broken/secret")
    api.wait(lambda: len(lines(caplog)) >= 5, "the lines")
    first = lines(caplog)[0]
    assert first["request"] == "trace-0001"
    assert (first["method"], first["path"], first["status"], first["caller"]) == (
        "GET",
        "/v1/count/1",
        200,
        "viewer-key",
    )
    for line in lines(caplog):
        shown = {name: value for name, value in line.items() if name != "exc_info"}
        assert secret not in str(shown)
        assert "hunter2" not in str(shown)


def test_what_no_table_knows_is_logged_with_its_reason_and_its_request(
    probes: Probes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, NAME)
    client = probes().client()
    told = client.get("/v1/broken/secret").json()
    (failed,) = [line for line in lines(caplog) if line["event"] == "request failed"]
    assert failed["request"] == told["request_id"]
    assert "hunter2" in str(failed["exc_info"])
    assert not [line for line in lines(caplog) if line.get("status") == 200]
