"""When schedules fall due, against an enumeration of every minute and against what a person expects of their clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.errors import InvalidInput
from augury_server.jobs.schedules.cron import Cron
from augury_server.jobs.schedules.recurrence import Recurrence

MINUTE = timedelta(minutes=1)
CHANGES = {
    "America/New_York": (datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC)),
    "Europe/Berlin": (datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)),
    "Australia/Lord_Howe": (
        datetime(2026, 4, 4, 15, tzinfo=UTC),
        datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
    ),  # by half an hour
    "America/Sao_Paulo": (datetime(2018, 2, 18, 2, tzinfo=UTC), datetime(2018, 11, 4, 3, tzinfo=UTC)),  # at midnight
    "Africa/Cairo": (datetime(2026, 4, 23, 22, tzinfo=UTC), datetime(2026, 10, 29, 21, tzinfo=UTC)),
    "Pacific/Apia": (datetime(2011, 12, 30, 10, tzinfo=UTC),),  # a whole day that never was
    "Asia/Kathmandu": (datetime(2026, 5, 5, 5, tzinfo=UTC),),  # never changes
}


def numbers(text: str, lowest: int, highest: int) -> set[int]:
    """The values of one field of the expressions that are drawn below, read in the plainest way."""
    found: set[int] = set()
    for part in text.split(","):
        body, _, step = part.partition("/")
        first, _, last = body.partition("-")
        if body == "*":
            values = list(range(lowest, highest + 1))
        elif last:
            values = list(range(int(first), int(last) + 1))
        else:
            values = [int(first)]
        found.update(values[:: int(step or 1)])
    return found


@cache
def shown_times(zone: ZoneInfo, start: datetime, end: datetime) -> dict[datetime, datetime]:
    """What the clock on the wall shows at every minute there is."""
    minutes = int((end - start) / MINUTE)
    moments = (start + count * MINUTE for count in range(minutes + 1))
    return {moment: moment.astimezone(zone).replace(tzinfo=None, fold=0) for moment in moments}


def every_occurrence(expression: str, zone: ZoneInfo, start: datetime, end: datetime) -> list[datetime]:
    """Occurrences in (start, end], found by looking at every minute there is."""
    fields = expression.split()
    minute, hour, day, month, weekday = (
        numbers(text, *bounds)
        for text, bounds in zip(fields, ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7)), strict=True)
    )
    both = fields[2].startswith("*") or fields[4].startswith("*")

    def shows(wall: datetime) -> bool:
        if wall.minute not in minute or wall.hour not in hour or wall.month not in month:
            return False
        of_month, of_week = wall.day in day, bool({wall.isoweekday(), wall.isoweekday() % 7} & weekday)
        return (of_month and of_week) if both else (of_month or of_week)

    real = shown_times(zone, start - timedelta(hours=26), end + timedelta(hours=26))
    if fields[0].startswith("*") or fields[1].startswith("*"):
        found = {moment for moment, wall in real.items() if shows(wall)}
    else:
        first: dict[datetime, datetime] = {}
        for moment, wall in real.items():
            first.setdefault(wall, moment)
        found, wall, last = set(), min(first), max(first)
        while wall <= last:
            if shows(wall):
                shown = wall
                while shown not in first:
                    shown += MINUTE
                found.add(first[shown])
            wall += MINUTE
    return sorted(moment for moment in found if start < moment <= end)


def field(lowest: int, highest: int) -> st.SearchStrategy[str]:
    one = st.integers(lowest, highest)
    ranged = st.tuples(one, one).filter(lambda pair: pair[0] < pair[1]).map(lambda pair: f"{pair[0]}-{pair[1]}")
    stepped = st.tuples(st.one_of(st.just("*"), ranged), st.integers(1, 20)).map(lambda pair: f"{pair[0]}/{pair[1]}")
    listed = st.lists(one, min_size=1, max_size=3).map(lambda values: ",".join(map(str, values)))
    return st.one_of(st.just("*"), listed, ranged, stepped)


expressions = st.tuples(
    field(0, 59), field(0, 23), st.one_of(st.just("*"), field(1, 28)), st.just("*"), field(0, 6)
).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(
    expressions,
    st.sampled_from([(name, at) for name, times in CHANGES.items() for at in times]),
    st.integers(-20 * 3600, 8 * 3600),
)
def test_next_occurrences_are_those_that_looking_at_every_minute_finds(
    expression: str, change: tuple[str, datetime], seconds: int
) -> None:
    name, at = change
    start = at - timedelta(hours=12)
    end = start + timedelta(hours=36)
    expected = every_occurrence(expression, ZoneInfo(name), start, end)
    cron = Cron(expression=expression, time_zone=name)
    found, moment = [], start
    while (moment := cron.next_after(moment)) <= end:
        found.append(moment)
    assert found == expected
    anywhere = at + timedelta(seconds=max(seconds, -12 * 3600))
    later = [moment for moment in expected if moment > anywhere]
    if later:
        assert cron.next_after(anywhere) == later[0]


@settings(max_examples=40, deadline=None)
@given(expressions, st.sampled_from(sorted(CHANGES)), st.integers(0, 400 * 1440), st.integers(0, 3 * 1440))
def test_the_latest_occurrence_is_the_last_of_those_that_follow_one_another(
    expression: str, name: str, since: int, minutes: int
) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC) + since * MINUTE
    recurrence = Recurrence(start=start, cron=Cron(expression=expression, time_zone=name))
    first = recurrence.next_after(start)
    now = first + minutes * MINUTE
    expected = first
    while (following := recurrence.next_after(expected)) <= now:
        expected = following
    assert recurrence.latest_until(now, first=first) == expected


@given(st.floats(1, 1e6), st.floats(0, 1e7), st.integers(0, 50))
def test_an_interval_keeps_its_grid_wherever_one_looks_from(every: float, after: float, steps: int) -> None:
    start = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
    recurrence = Recurrence(start=start, every_seconds=every)
    moment = start + timedelta(seconds=after)
    following = recurrence.next_after(moment)
    step = timedelta(seconds=every)
    assert following > moment
    assert (following - start) % step == timedelta(0)
    assert following - step <= moment
    later = following + steps * step
    assert recurrence.latest_until(later, first=following) == later
    assert recurrence.latest_until(later + step - timedelta(microseconds=1), first=following) == later


def local(cron: Cron, after: str, count: int = 3) -> list[str]:
    zone, moment, found = ZoneInfo(cron.time_zone), datetime.fromisoformat(after), []
    for _ in range(count):
        moment = cron.next_after(moment)
        found.append(moment.astimezone(zone).strftime("%m-%d %H:%M%z"))
    return found


def test_a_time_that_the_clock_jumps_over_happens_at_the_end_of_the_gap() -> None:
    daily = Cron(expression="30 2 * * *", time_zone="America/New_York")
    assert local(daily, "2026-03-07T12:00:00-05:00") == ["03-08 03:00-0400", "03-09 02:30-0400", "03-10 02:30-0400"]


def test_a_time_that_the_clock_shows_twice_happens_once() -> None:
    daily = Cron(expression="30 1 * * *", time_zone="America/New_York")
    assert local(daily, "2026-10-31T12:00:00-04:00", 2) == ["11-01 01:30-0400", "11-02 01:30-0500"]
    assert local(daily, "2026-11-01T01:10:00-05:00", 1) == ["11-02 01:30-0500"], "asked in the second passing"


def test_every_hour_means_every_hour_that_passes() -> None:
    hourly = Cron(expression="0 * * * *", time_zone="America/New_York")
    assert local(hourly, "2026-11-01T00:30:00-04:00") == ["11-01 01:00-0400", "11-01 01:00-0500", "11-01 02:00-0500"]
    assert local(hourly, "2026-03-08T01:30:00-05:00", 2) == ["03-08 03:00-0400", "03-08 04:00-0400"]


def test_names_and_rare_days_are_understood() -> None:
    assert local(Cron(expression="@daily"), "2026-12-31T10:00:00+00:00", 1) == ["01-01 00:00+0000"]
    leap = Cron(expression="0 0 29 2 MON", time_zone="UTC").next_after(datetime(2026, 1, 1, tzinfo=UTC))
    assert leap.weekday() == 0 or leap.day == 29
    last = Cron(expression="0 18 L * *", time_zone="Europe/Berlin")
    assert local(last, "2027-02-01T00:00:00+00:00", 1) == ["02-28 18:00+0100"]


@pytest.mark.parametrize(
    ("expression", "time_zone", "expected"),
    [
        ("61 * * * *", "UTC", "bad minute"),
        ("* * * *", "UTC", "five fields"),
        ("*/5 * * * * *", "UTC", "five fields"),
        ("0 0 31 2 *", "UTC", "bad day-of-month"),
        ("0 0 * * MON#6", "UTC", "bad day-of-week"),
        ("0 0 * * *", "Mars/Olympus", "no time zone"),
        ("0 0 * * *", "../etc", "no time zone"),
        ("", "UTC", "five fields"),
    ],
)
def test_what_is_no_expression_is_refused_with_what_is_wrong(expression: str, time_zone: str, expected: str) -> None:
    with pytest.raises(InvalidInput, match=expected):
        Cron(expression=expression, time_zone=time_zone)


def test_a_recurrence_has_one_rule() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    for rule in ({}, {"cron": Cron(expression="@daily"), "every_seconds": 60.0}):
        with pytest.raises(InvalidInput, match="either a cron expression or every_seconds"):
            Recurrence(start=now, **rule)
    for seconds in (0.0, -5.0, float("nan"), float("inf")):
        with pytest.raises(InvalidInput, match="1 or more"):
            Recurrence(start=now, every_seconds=seconds)
