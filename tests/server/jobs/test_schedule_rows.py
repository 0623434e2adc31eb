"""Schedules as rows: each occurrence becomes one job, whatever the clock, the rows and the operations do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from augury.errors import Conflict, InvalidInput, NotFound
from augury_server.jobs.models import Job, Schedule
from augury_server.jobs.schedules.add import ScheduleTerms, add_schedule
from augury_server.jobs.schedules.change import disable_schedule, enable_schedule, remove_schedule, run_now
from augury_server.jobs.schedules.cron import Cron
from augury_server.jobs.schedules.planning import jittered, plan_next
from augury_server.jobs.schedules.recurrence import Recurrence
from augury_server.jobs.schedules.run_due import run_due

START = datetime(2026, 3, 2, 8, 0, 30, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def occurrences(name: str) -> list[datetime]:
    """The occurrences that became jobs, from the keys of the jobs."""
    prefix = f"schedule:{name}:"
    keys = Job.objects.filter(key__startswith=prefix).order_by("key").values_list("key", flat=True)
    return [datetime.fromisoformat(key.removeprefix(prefix)) for key in keys if key is not None]


def hourly(name: str = "hourly", **terms: Any) -> Schedule:
    return add_schedule(name, "features", {}, ScheduleTerms(cron="0 * * * *", **terms), by="ada", now=START)


@given(
    st.lists(st.integers(-7200, 7200), min_size=1, max_size=60),
    st.sampled_from(["*/7 * * * *", "15 3 * * *", "0 * * * *", ""]),
    st.sampled_from(["once", "skip"]),
    st.sampled_from(["UTC", "America/New_York"]),
)
def test_however_the_clock_is_moved_no_occurrence_is_run_twice_and_none_that_is_none(
    steps: list[int], expression: str, catch_up: Any, zone: str
) -> None:
    start = datetime(2026, 3, 8, 5, 59, 30, tzinfo=UTC)  # an hour before New York's clocks go forward
    cron = Cron(expression=expression, time_zone=zone) if expression else None
    recurrence = Recurrence(start=start, cron=cron, every_seconds=None if cron else 420.0)
    due_at, now = recurrence.next_after(start), start
    ran: list[datetime] = []
    for step in steps:
        now += timedelta(seconds=step)
        plan = plan_next(recurrence, due_at=due_at, now=now, catch_up=catch_up)
        if plan is None:
            assert due_at > now
            continue
        assert plan.next_run_at > now
        due_at = plan.next_run_at
        if plan.occurrence is not None:
            assert recurrence.next_after(plan.occurrence - timedelta(seconds=1)) == plan.occurrence
            assert plan.occurrence <= now
            ran.append(plan.occurrence)
    assert ran == sorted(set(ran))


@given(st.text("abcdef", min_size=1), st.floats(0, 1e4))
def test_jitter_delays_within_its_bound_and_the_same_everywhere(name: str, seconds: float) -> None:
    delayed = jittered(name, START, seconds)
    assert START <= delayed <= START + timedelta(seconds=seconds)
    assert jittered(name, START, seconds) == delayed


def test_jitter_spreads_schedules_over_its_whole_length() -> None:
    delays = [(jittered(f"job-{n}", START, 100.0) - START).total_seconds() for n in range(500)]
    assert min(delays) < 2
    assert max(delays) > 98
    assert 45 < sum(delays) / len(delays) < 55


def test_each_occurrence_becomes_one_job_of_its_schedule(platform: Any) -> None:
    schedule = hourly(max_attempts=2, timeout_seconds=60.0)
    assert schedule.next_run_at == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert run_due(START) == ()
    assert run_due(datetime(2026, 3, 2, 8, 59, 59, tzinfo=UTC)) == ()
    (first,) = run_due(datetime(2026, 3, 2, 9, 0, 0, 400_000, tzinfo=UTC))
    assert first.occurrence == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert run_due(datetime(2026, 3, 2, 9, 0, 1, tzinfo=UTC)) == ()
    run_due(datetime(2026, 3, 2, 10, 0, 1, tzinfo=UTC))
    assert occurrences("hourly") == [datetime(2026, 3, 2, hour, tzinfo=UTC) for hour in (9, 10)]
    job = Job.objects.get(pk=first.job.pk)
    assert (job.operation, job.by, job.max_attempts, job.timeout_seconds) == ("features", "schedule:hourly", 2, 60.0)
    schedule.refresh_from_db()
    assert schedule.last_run_at == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert schedule.next_run_at == datetime(2026, 3, 2, 11, tzinfo=UTC)
    assert schedule.last_job is not None


def test_after_a_pause_one_job_stands_for_all_that_were_missed(platform: Any) -> None:
    hourly("once", catch_up="once")
    hourly("skip", catch_up="skip")
    back = START + 5 * HOUR + 10 * MINUTE  # 13:10:30
    submitted = run_due(back)
    assert [(each.schedule, each.occurrence.hour) for each in submitted] == [("once", 13)]
    assert set(Schedule.objects.values_list("next_run_at", flat=True)) == {datetime(2026, 3, 2, 14, tzinfo=UTC)}
    prompt = datetime(2026, 3, 2, 14, 0, 20, tzinfo=UTC)  # late by seconds is not missed
    assert {each.schedule for each in run_due(prompt)} == {"once", "skip"}


def test_a_clock_that_went_back_waits_and_one_that_went_forward_catches_up(platform: Any) -> None:
    hourly()
    run_due(START + HOUR)
    for moment in (START - DAY, START, START + HOUR, START + HOUR + 20 * MINUTE):
        assert run_due(moment) == ()
    assert len(run_due(START + 3 * DAY)) == 1
    assert run_due(START + 2 * HOUR) == ()
    run_due(START + 3 * DAY + HOUR)
    found = occurrences("hourly")
    assert found == sorted(set(found))
    assert len(found) == 3


def test_a_schedule_put_into_the_far_future_by_a_wrong_clock_is_woken_without_doubling(platform: Any) -> None:
    hourly()
    run_due(START + HOUR)
    run_due(START + 400 * DAY)  # the clock was wrong for a moment
    assert run_due(START + 2 * HOUR) == ()
    schedule = enable_schedule("hourly", now=START + 30 * MINUTE)
    assert schedule.next_run_at == datetime(2026, 3, 2, 9, tzinfo=UTC)
    run_due(START + HOUR)
    run_due(START + 2 * HOUR)
    assert [moment.hour for moment in occurrences("hourly")][:2] == [9, 10], "9 o'clock was run before"
    assert Job.objects.count() == 3


def test_a_row_that_was_set_back_cannot_double_a_job(platform: Any) -> None:
    hourly()
    run_due(START + HOUR)
    Schedule.objects.update(next_run_at=datetime(2026, 3, 2, 9, tzinfo=UTC))  # a restored backup, a hand in the table
    run_due(START + HOUR)
    assert len(occurrences("hourly")) == Job.objects.count() == 1


def test_disabled_schedules_rest_and_do_not_make_up_for_it(platform: Any) -> None:
    hourly()
    assert disable_schedule("hourly").enabled is False
    assert run_due(START + 3 * HOUR) == ()
    assert enable_schedule("hourly", now=START + 3 * HOUR).next_run_at == datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert len(run_due(START + 4 * HOUR)) == 1
    remove_schedule("hourly")
    assert Job.objects.count() == 1
    with pytest.raises(NotFound, match="there are none yet"):
        remove_schedule("hourly")


def test_run_now_adds_a_job_beside_the_occurrences(platform: Any) -> None:
    before = hourly(enabled=False)
    job = run_now("hourly", by="ada")
    assert (job.by, job.key, job.operation) == ("ada", None, "features")
    after = Schedule.objects.get(name="hourly")
    assert after.last_job_id == job.pk
    assert after.next_run_at == before.next_run_at


def test_an_operation_that_is_no_more_is_said_and_does_not_stop_the_others(platform: Any) -> None:
    hourly("gone")
    hourly("fine")
    Schedule.objects.filter(name="gone").update(operation="feature-s")
    assert [each.schedule for each in run_due(START + HOUR)] == ["fine"]
    gone = Schedule.objects.get(name="gone")
    assert "no operation is named 'feature-s'" in gone.problem
    assert gone.next_run_at == datetime(2026, 3, 2, 10, tzinfo=UTC)
    Schedule.objects.filter(name="gone").update(operation="features")
    assert len(run_due(START + 2 * HOUR)) == 2
    assert Schedule.objects.get(name="gone").problem == ""


def test_a_rule_that_cannot_be_read_switches_its_schedule_off(platform: Any) -> None:
    hourly("broken")
    hourly("fine")
    Schedule.objects.filter(name="broken").update(cron="61 * * * *")
    assert [each.schedule for each in run_due(START + HOUR)] == ["fine"]
    broken = Schedule.objects.get(name="broken")
    assert not broken.enabled
    assert "61 * * * *" in broken.problem


def test_what_cannot_be_scheduled_is_refused_before_it_is_stored(platform: Any) -> None:
    hourly()
    cases: list[tuple[Any, type[Exception], str]] = [
        (lambda: hourly(), Conflict, "named 'hourly' already"),
        (lambda: hourly("Bad Name"), InvalidInput, "small letters"),
        (lambda: add_schedule("x", "featurs", {}, ScheduleTerms(cron="@daily")), NotFound, "did you mean 'features'"),
        (lambda: add_schedule("x", "features", {"nme": 1}, ScheduleTerms(cron="@daily")), InvalidInput, "no option"),
        (lambda: add_schedule("x", "features", {}, ScheduleTerms()), InvalidInput, "either a cron expression"),
        (lambda: hourly("x", every_seconds=5.0), InvalidInput, "either a cron expression"),
        (lambda: hourly("x", time_zone="Nowhere"), InvalidInput, "no time zone"),
        (lambda: hourly("x", jitter_seconds=-1.0), InvalidInput, "jitter_seconds"),
        (lambda: hourly("x", catch_up="all"), InvalidInput, "catch_up"),
        (lambda: hourly("x", queue="Q!"), InvalidInput, "queue's name"),
    ]
    for attempt, error, expected in cases:
        with pytest.raises(error, match=expected):
            attempt()
    assert Schedule.objects.count() == 1


def test_jittered_jobs_wait_for_their_moment(platform: Any) -> None:
    hourly(jitter_seconds=600.0)
    (each,) = run_due(START + HOUR)
    expected = jittered("hourly", each.occurrence, 600.0)
    job = Job.objects.get(pk=each.job.pk)
    assert job.run_at == expected


def test_looking_for_what_is_due_costs_one_query_however_many_schedules_there_are(platform: Any) -> None:
    for number in range(20):
        hourly(f"s{number}")
    with CaptureQueriesContext(connection) as queries:
        assert run_due(START) == ()
    assert len(queries) == 1
