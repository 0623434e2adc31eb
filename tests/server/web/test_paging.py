"""No list counts or reads more than it shows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from augury_server.jobs.models import ScalingEvent
from augury_server.web.paging import BoundedPaginator


def _events(count: int) -> None:
    at = datetime(2024, 1, 1, tzinfo=UTC)
    row = {"from_processes": 1, "to_processes": 2, "reason": "more work", "at": at}
    ScalingEvent.objects.bulk_create([ScalingEvent(**row) for _ in range(count)])


def test_a_short_table_is_counted_exactly(platform: Any) -> None:
    _events(7)
    pages = BoundedPaginator(ScalingEvent.objects.order_by("-at"), 5)
    assert (pages.count, pages.num_pages, pages.beyond, pages.count_text) == (7, 2, False, "7")


def test_a_long_table_is_counted_as_far_as_it_can_be_paged_through(
    platform: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("augury_server.web.paging.DEEPEST", 100)
    _events(2_345)
    pages = BoundedPaginator(ScalingEvent.objects.order_by("-at"), 50)
    with CaptureQueriesContext(connection) as queries:
        assert (pages.count, pages.num_pages, pages.beyond) == (100, 2, True)
    assert "LIMIT 101" in queries[0]["sql"]
    assert len(queries) == 1
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE augury_jobs_scalingevent")
        assert BoundedPaginator(ScalingEvent.objects.order_by("-at"), 50).about_text == "2,340"
    else:
        assert pages.about is None


def test_a_filtered_list_has_no_estimate(postgres_platform: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("augury_server.web.paging.DEEPEST", 100)
    _events(500)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE augury_jobs_scalingevent")
    assert BoundedPaginator(ScalingEvent.objects.filter(queue="default"), 50).about is None


def test_the_page_says_that_more_lies_deeper(filled: Any, browser_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("augury_server.web.paging.DEEPEST", 10)
    text = browser_of("mary").get("/admin/augury_accounts/auditentry/").text
    assert "the first 10 of more" in " ".join(text.split())
