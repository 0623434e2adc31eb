"""What becomes of a job's row for each way in which its operation can end; no broker, no other process."""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury_server.jobs.cancel import cancel
from augury_server.jobs.execution import run_job
from augury_server.jobs.lease import LeaseTerms
from augury_server.jobs.models import Job, State
from augury_server.jobs.results import INLINE_BYTES, LARGEST_BYTES, pack_result, result_of
from augury_server.jobs.retries import backoff_seconds
from augury_server.jobs.submit import Terms, submit

TERMS = LeaseTerms(lease_seconds=30.0, heartbeat_seconds=0.05, grace_seconds=0.2, stop_seconds=0.1, tick_seconds=0.02)


def run(job: Job, terms: LeaseTerms = TERMS) -> Job:
    assert run_job(job.pk, worker="here", terms=terms)
    job.refresh_from_db()
    return job


def test_a_job_that_succeeds_keeps_its_result_and_times(quick: Any) -> None:
    job = run(submit("probe.step", {"steps": 4, "token": "a"}))
    assert (job.state, job.result, job.progress, job.error) == (State.SUCCEEDED, {"steps": 4, "token": "a"}, 1.0, "")
    assert job.progress_text == "step 4 of 4"
    assert job.created_at <= job.started_at <= job.ended_at
    assert [(event.event, event.attempt) for event in job.events.all()] == [
        ("queued", 0), ("claimed", 1), ("succeeded", 1),
    ]  # fmt: skip


def test_a_second_message_finds_nothing_to_do(quick: Any, tmp_path: Path, count_marks: Any) -> None:
    job = run(submit("probe.step", {"marks": str(tmp_path / "m")}))
    assert not run_job(job.pk, worker="there", terms=TERMS)
    assert count_marks(tmp_path / "m", "start") == 1


def test_the_operation_runs_as_whom_the_job_belongs_to(quick: Any) -> None:
    assert run(submit("probe.give", {}, by="schedule:nightly")).result == {"actor": "schedule:nightly"}


@pytest.mark.parametrize("kind", ["unavailable", "conflict", "reset", "full"])
def test_errors_that_pass_are_tried_again_later_until_they_have_passed(quick: Any, kind: str, tmp_path: Path) -> None:
    job = submit("probe.fail", {"kind": kind, "times": 2, "marks": str(tmp_path / "m")})
    for attempt in (1, 2):
        run(job)
        assert (job.state, job.attempts, job.sent_at, job.ended_at) == (State.QUEUED, attempt, None, None)
        assert job.run_at <= datetime.now(UTC) + timedelta(seconds=0.5)
        assert not run_job(job.pk, worker="early", terms=TERMS), "a stray message must not hasten the next try"
        Job.objects.filter(pk=job.pk).update(sent_at=job.run_at)
    assert run(job).state == State.SUCCEEDED
    assert [event.event for event in job.events.all()][1:] == ["claimed", "put back"] * 2 + ["claimed", "succeeded"]


def test_errors_that_do_not_pass_fail_after_the_last_attempt_with_the_reason(quick: Any) -> None:
    job = submit("probe.fail", {}, terms=Terms(max_attempts=2))
    run(job)
    Job.objects.filter(pk=job.pk).update(sent_at=job.run_at)
    run(job)
    assert (job.state, job.error) == (State.FAILED, "the source is away (attempt 2 of 2)")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("invalid", "that is no symbol"),
        ("refused", "quality is too low"),
        ("not found", "no such source"),
        ("missing file", "FileNotFoundError: [Errno 2] No such file"),
        ("bug", "KeyError: 'price'"),
    ],
)
def test_errors_that_trying_again_cannot_mend_fail_at_once(quick: Any, kind: str, text: str) -> None:
    job = run(submit("probe.fail", {"kind": kind}))
    assert (job.state, job.attempts, job.error) == (State.FAILED, 1, text)
    assert "Traceback" not in job.error


def test_a_job_whose_operation_is_gone_fails_with_the_reason(quick: Any) -> None:
    job = submit("probe.step", {})
    Job.objects.filter(pk=job.pk).update(operation="probe.gone")
    assert "probe.gone" in run(job).error
    assert job.state == State.FAILED


def test_progress_is_written_while_the_job_runs_and_never_more_often_than_looked(quick: Any, tmp_path: Path) -> None:
    hold = tmp_path / "hold"
    hold.touch()
    job = submit("probe.step", {"steps": 40, "seconds": 0.01, "hold": str(hold), "deaf": True})
    seen = []

    def watch() -> None:
        from django.db import connection

        until = time.monotonic() + 20
        while time.monotonic() < until and (not seen or seen[-1][0] < 1.0):
            seen.append(Job.objects.values_list("progress", "progress_text", "beats").get(pk=job.pk))
            time.sleep(0.01)
        hold.unlink()
        connection.close()

    watcher = threading.Thread(target=watch)
    watcher.start()
    run(job)
    watcher.join()
    fractions = [fraction for fraction, _, _ in seen]
    assert fractions == sorted(fractions)
    assert seen[-1][1] == "step 40 of 40"
    assert any(0.0 < fraction < 1.0 for fraction in fractions)


def test_a_cancelled_job_is_interrupted_where_it_reports_progress(quick: Any, tmp_path: Path, wait_for: Any) -> None:
    hold = tmp_path / "hold"
    hold.touch()
    job = submit("probe.step", {"hold": str(hold), "marks": str(tmp_path / "m")})

    def ask() -> None:
        from django.db import connection

        wait_for(lambda: (tmp_path / "m").exists())
        cancel(job.pk, by="ada", reason="enough")
        connection.close()

    asking = threading.Thread(target=ask)
    asking.start()
    run(job)
    asking.join()
    assert (job.state, job.cancel_requested, job.lease_until) == (State.CANCELLED, False, None)


def test_a_job_out_of_time_fails_and_says_so(quick: Any, tmp_path: Path) -> None:
    hold = tmp_path / "hold"
    hold.touch()
    job = run(submit("probe.step", {"hold": str(hold)}, terms=Terms(timeout_seconds=0.1)))
    assert (job.state, job.attempts) == (State.FAILED, 1)
    assert "timed out after 0.1 s" in job.error


def test_a_worker_that_stops_gives_the_attempt_back(quick: Any, tmp_path: Path) -> None:
    hold = tmp_path / "hold"
    hold.touch()
    stopping = LeaseTerms(
        lease_seconds=30.0, heartbeat_seconds=0.05, grace_seconds=9.0, stop_seconds=0.1, tick_seconds=0.02,
        stopping=lambda: True,
    )  # fmt: skip
    job = run(submit("probe.step", {"hold": str(hold)}), stopping)
    assert (job.state, job.attempts, job.claims, job.sent_at) == (State.QUEUED, 0, 1, None)


def test_results_that_json_has_no_word_for_are_kept_without_what_it_cannot_hold(quick: Any) -> None:
    job = run(submit("probe.give", {"odd": True}))
    assert result_of(job) == {
        "actor": "", "nan": None, "inf": [None], "null": "ab", "pair": [1, 2], "half": "?",
    }  # fmt: skip


@pytest.mark.parametrize("size", [100, INLINE_BYTES, 300_000])
def test_large_results_are_compressed_and_come_back_whole(quick: Any, size: int) -> None:
    job = run(submit("probe.give", {"size": size}))
    packed = size >= INLINE_BYTES
    assert (job.result is None, job.result_packed is not None) == (packed, packed)
    assert len(result_of(job)["text"]) == size
    if size == 300_000:
        assert len(bytes(job.result_packed)) < size / 10


def test_a_result_beyond_the_bound_is_left_out_and_said() -> None:
    kept = pack_result({"text": "x" * LARGEST_BYTES})
    assert "67,108," in kept["result"]["left_out"]
    assert kept["result_packed"] is None


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(max_size=5), values, max_size=5))
def test_a_packed_result_is_valid_json_and_equal_to_what_went_in(value: dict[str, Any]) -> None:
    kept = pack_result(value)["result"]
    text = json.dumps(kept, allow_nan=False)
    assert "\\u0000" not in text
    if "\\u0000" not in json.dumps(value):
        assert kept == value


@given(st.integers(1, 1000), st.floats(0.01, 10), st.floats(10, 1000), st.integers())
def test_backoff_lies_between_nothing_and_a_bound_that_doubles(
    attempt: int, first: float, longest: float, seed: int
) -> None:
    bound = min(longest, first * 2.0 ** min(attempt - 1, 60))
    assert 0.0 <= backoff_seconds(attempt, first=first, longest=longest, rng=Random(seed)) <= bound


def test_backoff_is_spread_evenly_over_its_range() -> None:
    rng = Random(7)
    waits = sorted(backoff_seconds(3, first=1.0, longest=100.0, rng=rng) for _ in range(4000))
    assert max(abs(wait - 4.0 * place / 4000) for place, wait in enumerate(waits)) < 4.0 * 0.03
