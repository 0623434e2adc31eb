"""The verbs of workers, as the doors call them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from augury.errors import InvalidInput
from augury.operations.registry import run
from augury_server.accounts.actor import acting
from augury_server.jobs.models import Job, ScalingBounds, ScalingEvent, Worker
from augury_server.jobs.workers.bounds import bounds_of


def a_worker(name: str, seconds: float) -> None:
    seen = datetime.now(UTC) - timedelta(seconds=seconds)
    Worker.objects.create(
        name=name, host="h", pid=1, queues=["default", "slow"], concurrency=2, state="running", last_seen_at=seen
    )


def test_the_list_shows_who_works_and_says_when_nobody_does(platform: Any) -> None:
    empty = run("workers.list").to_dict()
    assert empty["alive"] == 0
    assert "no worker runs" in empty["notes"][0]
    a_worker("worker-1@h", 0)
    a_worker("worker-2@h", 500)
    now = datetime.now(UTC)
    Job.objects.create(
        operation="db.retain", state="running", worker="worker-1@h#9", timeout_seconds=60, lease_until=now,
        started_at=now - timedelta(seconds=5), progress=0.25,
    )  # fmt: skip
    shown = run("workers.list").to_dict()
    assert (shown["alive"], shown["jobs_at_once"], shown["jobs_running"]) == (1, 2, 1)
    first, second = shown["rows"]
    assert first["running"].startswith("db.retain 25% (5 s)")
    assert (first["queues"], second["state"]) == ("default,slow", "silent")


def test_ping_ends_with_one_when_a_worker_is_silent_or_there_is_none(platform: Any) -> None:
    assert run("workers.ping").exit_code == 1
    a_worker("worker-1@h", 0)
    table = run("workers.ping")
    assert table.exit_code == 0
    assert "heartbeat" in table.notes[0]
    a_worker("worker-2@h", 500)
    table = run("workers.ping")
    assert table.exit_code == 1
    assert [row["verdict"] for row in table.to_dict()["rows"]] == ["ok", "missing"]


def test_queues_show_rows_and_messages(platform: Any) -> None:
    with acting("ada@terminal"):
        run("jobs.submit", operation="features")
        run("jobs.submit", operation="features", delay=3600.0, queue="slow")
    first, second = run("workers.queues").to_dict()["rows"]
    assert (first["queue"], first["due"], first["later"], first["messages"]) == ("default", 1, 0, 1)
    assert (second["queue"], second["due"], second["later"], second["messages"]) == ("slow", 0, 1, 0)


def test_bounds_are_set_recorded_and_reset(platform: Any) -> None:
    with acting("ada@terminal"):
        assert run("workers.scale", fewest=2, most=8).to_dict()["before"] == "1 to 4"
        assert (bounds_of("default").minimum, bounds_of("default").maximum) == (2, 8)
        assert bounds_of("slow").maximum == 4
        assert run("workers.scale", fewest=9).to_dict()["after"] == "9 to 9"
        assert ScalingBounds.objects.get().by == "ada@terminal"
        for wrong in ({}, {"fewest": 1, "reset": True}):
            with pytest.raises(InvalidInput, match="--reset alone"):
                run("workers.scale", **wrong)
        with pytest.raises(InvalidInput, match="fewest <= most"):
            run("workers.scale", most=3)
        assert run("workers.scale", reset=True).to_dict()["set_by"] == "settings"
    assert bounds_of("default").maximum == 4


def test_scaling_history_is_newest_first(platform: Any) -> None:
    start = datetime(2026, 3, 2, tzinfo=UTC)
    for number in range(5):
        ScalingEvent.objects.create(
            at=start + timedelta(minutes=number), worker="w", from_processes=number, to_processes=number + 1, reason="r"
        )
    rows = run("workers.scaling", last=3).to_dict()["rows"]
    assert [row["after"] for row in rows] == [5, 4, 3]
