"""Watermarks: they only go forward, and one row a subject whatever happens at once."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from augury_server.ingest.database_bars import DatabaseBars
from augury_server.ingest.load_bars import load_bars
from augury_server.ingest.models import Watermark
from augury_server.ingest.status import ingest_status
from augury_server.ingest.watermarks import Mark, move_watermark, watermark

MARK = Mark(source="vendor", kind="bars", subject="A", timeframe="1D")


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(moves=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=6))
def test_a_watermark_is_the_furthest_that_was_reached(platform: Any, clock: Any, moves: list[tuple[int, int]]) -> None:
    Watermark.objects.all().delete()
    for opened, known in moves:
        with transaction.atomic():
            move_watermark(MARK, last_opened_at_ns=opened, last_known_at_ns=known, now=clock)
    row = watermark(MARK)
    assert row is not None
    assert row.last_opened_at_ns == max(opened for opened, _ in moves)
    assert row.last_known_at_ns == max(known for _, known in moves)
    assert Watermark.objects.count() == 1


def test_a_watermark_that_is_not_moved_keeps_the_time_of_its_last_move(platform: Any, clock: Any) -> None:
    moved = clock.moment
    for _ in range(2):
        with transaction.atomic():
            move_watermark(MARK, last_opened_at_ns=5, last_known_at_ns=6, now=clock)
        clock.forward(days=1)
    row = watermark(MARK)
    assert row is not None
    assert row.updated_at == moved
    assert watermark(Mark(source="vendor", kind="bars", subject="A", timeframe="1h")) is None


def test_the_state_tells_what_is_furthest_behind_first_with_its_lag_and_rows(
    platform: Any, make_bars: Any, vendor: Any, clock: Any
) -> None:
    source = vendor({"new": make_bars(100), "old": make_bars(30)})
    load_bars(source, ["new", "old", "none"], "1D", now=clock)
    DatabaseBars().append("other", "1D", make_bars(5))
    status = ingest_status(now=clock)
    assert [mark.subject for mark in status.marks] == ["old", "new"]
    assert [mark.rows for mark in status.marks] == [30, 100]
    closed = make_bars(30).index[-1].timestamp() + 86_400
    assert status.marks[0].lag_hours == (clock.moment.timestamp() - closed) / 3600
    assert (status.series, status.bars, status.news, status.more) == (3, 135, 0, 0)
    assert ingest_status(limit=1, now=clock).more == 1
    assert ingest_status(source="other", now=clock).marks == ()
