"""A run that is killed leaves whole signals, and the next one adds what is missing and nothing twice."""

from __future__ import annotations

import itertools
import os
import signal
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db.models import Count

from augury_server.jobs.execution import run_job
from augury_server.jobs.lease import LeaseTerms
from augury_server.jobs.lost_leases import LeaseWatch, expire
from augury_server.jobs.models import Job
from augury_server.jobs.submit import submit
from augury_server.signals.generate import generate_universe
from augury_server.signals.joining import join_outcomes
from augury_server.signals.models import Outcome, SignalRun, StoredSignal
from augury_server.signals.requests import GenerateRequest
from augury_server.signals.rows import signal_of

GENERATE = """
from augury_server.signals.generate import generate_universe
from augury_server.signals.requests import GenerateRequest

class Told:
    def track(self, items, label, total):
        for item in items:
            yield item
            print("some", flush=True)

generate_universe(GenerateRequest(universe="all", last=40), progress=Told())
"""


def kill_after(child: Any, steps: int) -> None:
    for _ in range(steps):
        assert child.stdout.readline().strip() == "some", child.stderr.read()
    os.kill(child.pid, signal.SIGKILL)
    child.communicate(timeout=60)


def test_a_run_killed_midway_and_run_again_stores_every_signal_once(
    platform: Any, tools: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = {f"S{at}": tools.bars(at, 170) for at in range(6)}
    tools.load(frames, tools.news(list(frames), frames["S0"]))
    monkeypatch.setenv("AUGURY_SIGNALS__SYMBOLS_AT_ONCE", "1")
    kill_after(platform.python(GENERATE), 2)
    stored = StoredSignal.objects.count()
    assert 40 * 2 <= stored < 240
    assert stored % 40 == 0  # symbols are whole
    assert Outcome.objects.count() == 2 * stored
    assert SignalRun.objects.get().state == "running"
    report = generate_universe(GenerateRequest(universe="all", last=40))
    assert (report.signals, report.stored, report.revisions) == (240, 240 - stored, 0)
    assert set(SignalRun.objects.values_list("state", flat=True)) == {"interrupted", "finished"}
    assert not Outcome.objects.values("signal").annotate(n=Count("pk")).exclude(n=2).exists()
    after = {(row.ticker, row.timestamp_ns): signal_of(row) for row in StoredSignal.objects.all()}
    StoredSignal.objects.all().delete()
    generate_universe(GenerateRequest(universe="all", last=40))
    assert after == {(row.ticker, row.timestamp_ns): signal_of(row) for row in StoredSignal.objects.all()}


WORK = """
from uuid import UUID
from augury_server.jobs.execution import run_job
from augury_server.jobs.lease import LeaseTerms
TERMS = dict(lease_seconds=60, heartbeat_seconds=1, grace_seconds=9, stop_seconds=9)
run_job(UUID("{job}"), worker="one", terms=LeaseTerms(**TERMS))
"""


def test_a_job_whose_process_is_killed_midway_is_run_again_to_the_same_signals(
    sqlite_platform: Any, tools: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = {f"S{at:02d}": tools.bars(at, 170) for at in range(24)}
    tools.load(frames)
    monkeypatch.setenv("AUGURY_SIGNALS__SYMBOLS_AT_ONCE", "1")
    job = submit("universe.generate", {"name": "all", "last": 40}, by="ada")
    child = sqlite_platform.python(WORK.format(job=job.pk))
    until = time.monotonic() + 60
    while StoredSignal.objects.count() == 0:
        assert time.monotonic() < until
        assert child.poll() is None, child.communicate()
    os.kill(child.pid, signal.SIGKILL)
    child.communicate(timeout=60)
    stored = StoredSignal.objects.count()
    assert 0 < stored < 24 * 40
    job.refresh_from_db()
    assert job.state == "running"
    watch = LeaseWatch(1.0, 1.0, clock=itertools.count(0, 5).__next__)
    assert watch.look() == []
    (dead,) = watch.look()
    expire(dead, datetime.now(UTC))
    Job.objects.filter(pk=job.pk).update(sent_at=datetime.now(UTC))
    terms = LeaseTerms(lease_seconds=60, heartbeat_seconds=1, grace_seconds=9, stop_seconds=9)
    assert run_job(job.pk, worker="two", terms=terms)
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("succeeded", 2)
    assert job.result["stored"] == 24 * 40 - stored
    assert StoredSignal.objects.count() == 24 * 40
    assert Outcome.objects.count() == 2 * 24 * 40
    runs = SignalRun.objects.order_by("started_at")
    assert [(run.state, run.job_id, run.by) for run in runs] == [
        ("interrupted", str(job.pk), "ada"), ("finished", str(job.pk), "ada")
    ]  # fmt: skip


def test_two_runs_at_once_store_every_signal_once(platform: Any, tools: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = {f"S{at}": tools.bars(at, 170) for at in range(4)}
    tools.load(frames)
    monkeypatch.setenv("AUGURY_SIGNALS__SYMBOLS_AT_ONCE", "2")
    children = [platform.python(GENERATE) for _ in range(2)]
    answers = [child.communicate(timeout=120) for child in children]
    assert [child.returncode for child in children] == [0, 0], answers
    assert StoredSignal.objects.count() == 160
    assert set(StoredSignal.objects.values_list("revision", flat=True)) == {0}
    assert Outcome.objects.count() == 320
    assert sum(SignalRun.objects.values_list("stored", flat=True)) == 160


def test_a_join_killed_midway_and_run_again_settles_everything_once(
    postgres_platform: Any, tools: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUGURY_SIGNALS__SYMBOLS_AT_ONCE", "1")
    frames = {f"S{at}": tools.bars(at, 170) for at in range(6)}
    tools.load(frames)
    generate_universe(GenerateRequest(universe="all", last=20))
    now = "from datetime import datetime, timezone\nnow = lambda: datetime(2026, 1, 1, tzinfo=timezone.utc)\n"
    told = GENERATE[: GENERATE.index("generate_universe(GenerateRequest")]
    child = postgres_platform.python(
        f"{told}\n{now}from augury_server.signals.joining import join_outcomes\njoin_outcomes(now=now, progress=Told())"
    )
    kill_after(child, 1)
    settled = dict(Outcome.objects.exclude(state="pending").values_list("pk", "joined_at"))
    assert settled
    join_outcomes(now=tools.clock("2026-01-01"))
    again = dict(Outcome.objects.filter(pk__in=settled).values_list("pk", "joined_at"))
    assert again == settled
    assert Outcome.objects.filter(state="matured").count() == 6 * (19 + 15)
