"""Retention: exactly the rows that are old enough and meet the condition, in steps, whoever else is at it."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from augury.errors import Conflict, NotFound
from augury_server.database import retention
from augury_server.database.bulk import insert_rows
from augury_server.database.retention import Retention, apply_retention, register_retention, registered_retentions
from augury_server.ingest.models import DeadLetter, News

NOW = datetime(2026, 6, 1, tzinfo=UTC)
COLUMNS = ("source", "kind", "subject", "rule", "reason", "payload", "fingerprint", "last_seen_at", "state")


@pytest.fixture
def rule(monkeypatch: pytest.MonkeyPatch) -> Retention:
    """The only rule: letters that are not open, after the setting's 90 days."""
    made = Retention(
        name="letters",
        model=DeadLetter,
        time_field="last_seen_at",
        setting="retention.dead_letters_days",
        condition=~Q(state="open"),
    )
    registered_retentions()
    monkeypatch.setattr(retention, "_rules", {"letters": made})
    return made


def letters(ages_days: list[float], state: str = "dismissed") -> None:
    rows = [
        ("s", "news", "A", "r", "why", {}, f"{state}{at}", NOW - timedelta(days=age), state)
        for at, age in enumerate(ages_days)
    ]
    insert_rows(DeadLetter, COLUMNS, rows)


@given(ages=st.lists(st.one_of(st.just(90.0), st.floats(0.0, 200.0)), max_size=30), batch=st.integers(1, 40))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_goes_is_what_is_older_and_what_stays_is_the_rest(
    platform: Any, rule: Retention, ages: list[float], batch: int
) -> None:
    DeadLetter.objects.all().delete()
    letters(ages)
    letters(ages, "open")
    old = sum(NOW - timedelta(days=age) < NOW - timedelta(days=90) for age in ages)
    (counted,) = apply_retention(NOW, dry_run=True)
    (done,) = apply_retention(NOW, batch_rows=batch)
    assert counted.deleted == done.deleted == old
    assert (done.days, done.before) == (90, NOW - timedelta(days=90))
    assert DeadLetter.objects.filter(state="dismissed").count() == len(ages) - old
    assert DeadLetter.objects.filter(state="open").count() == len(ages)
    assert apply_retention(NOW, batch_rows=batch)[0].deleted == 0


def test_times_in_ns_are_compared_as_such(platform: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Retention(name="news", model=News, time_field="known_at_ns", setting="retention.jobs_days")
    registered_retentions()
    monkeypatch.setattr(retention, "_rules", {"news": made})
    limit = int((NOW - timedelta(days=30)).timestamp()) * 10**9
    columns = ("item_id", "ticker", "text", "published_at_ns", "known_at_ns")
    insert_rows(News, columns, [(str(at), "A", "t", 0, limit + at) for at in (-1, 0, 1)])
    assert apply_retention(NOW)[0].deleted == 1
    assert sorted(News.objects.values_list("item_id", flat=True)) == ["0", "1"]


def test_each_batch_is_a_short_transaction_of_two_statements(platform: Any, rule: Retention) -> None:
    letters([100.0] * 25)
    with CaptureQueriesContext(connection) as captured:
        apply_retention(NOW, batch_rows=10)
    deletes = [query for query in captured if "DELETE" in query["sql"]]
    assert len(deletes) == 3
    assert DeadLetter.objects.count() == 0


def test_two_at_once_count_each_row_once(platform: Any) -> None:
    letters([100.0] * 400)
    connection.close()
    code = (
        "from datetime import UTC, datetime\n"
        "from augury_server.database.retention import apply_retention\n"
        f"now = datetime.fromtimestamp({NOW.timestamp()}, tz=UTC)\n"
        "print(sum(one.deleted for one in apply_retention(now, batch_rows=7, only='ingest.dead_letters')))"
    )
    running = [platform.python(code) for _ in range(2)]
    ended = [process.communicate(timeout=120) for process in running]
    assert [process.returncode for process in running] == [0, 0], ended
    assert sum(int(told) for told, _ in ended) == 400
    assert DeadLetter.objects.count() == 0


def test_a_name_is_one_rule_and_an_unknown_one_is_told_with_near_ones(platform: Any, rule: Retention) -> None:
    assert register_retention(rule) is rule
    with pytest.raises(Conflict, match="'letters' is registered already"):
        register_retention(dataclasses.replace(rule, time_field="first_seen_at"))
    with pytest.raises(NotFound, match="did you mean 'letters'"):
        apply_retention(NOW, only="leters")


def test_every_room_rule_points_to_a_setting_and_a_field_that_exist(platform: Any) -> None:
    rules = registered_retentions()
    assert "ingest.dead_letters" in rules
    for one in rules.values():
        assert one.days is None or one.days >= 1
        one.model._meta.get_field(one.time_field)
    assert all(done.deleted == 0 for done in apply_retention(NOW))
