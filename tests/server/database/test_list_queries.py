"""Every list of the platform goes through an index, as the planner itself says, on tables of a realistic size."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models

from augury.errors import Conflict
from augury_server.database.list_queries import list_queries, register_list_query
from augury_server.database.plans import explain
from augury_server.database.retention import registered_retentions
from augury_server.ingest.models import Bar, News

MILLION = 1_000_000
ROWS = 30_000
Fill = Callable[[type[models.Model], int], None]


def tables_of(queryset: Any) -> list[type[models.Model]]:
    """The model of a query and those that it joins."""
    aliases = {name.table_name for name in queryset.query.alias_map.values()} | {queryset.model._meta.db_table}
    return [model for model in apps.get_models() if model._meta.db_table in aliases]


def test_every_list_and_every_rule_of_retention_goes_through_an_index(platform: Any, fill_table: Fill) -> None:
    fill_table(Bar, MILLION)
    fill_table(News, MILLION)
    asked = {name: make() for name, make in list_queries().items()}
    assert len(asked) >= 20
    for name, rule in registered_retentions().items():
        before = datetime(2020, 1, 1, 0, 2, tzinfo=UTC)
        asked[f"retention {name}"] = rule.expired(before).values_list("pk", flat=True)[:1000]
    problems = []
    for name, queryset in asked.items():
        for model in tables_of(queryset):
            fill_table(model, ROWS)
        plan = explain(queryset)
        if plan.full_scans:
            problems.append(f"{name} reads all of {plan.full_scans}:\n{plan.statement}\n{plan.text}")
    assert not problems, "\n\n".join(problems)


def test_a_list_without_its_index_is_found_out(platform: Any, fill_table: Fill) -> None:
    fill_table(News, ROWS)
    make = list_queries()["ingest.news_of_ticker"]
    assert explain(make()).indexes == ("news_ticker_known",)
    with connection.cursor() as cursor:
        for index in ("news_ticker_known", "news_known", "news_source_known", "news_unscored"):
            cursor.execute(f"DROP INDEX {index}")
    plan = explain(make())
    assert plan.full_scans == (News._meta.db_table,)
    assert plan.scans(News._meta.db_table)


def test_a_name_serves_one_list_only() -> None:
    make = list_queries()["ingest.bars"]
    assert register_list_query("ingest.bars", make) is make
    with pytest.raises(Conflict, match=r"'ingest\.bars' is registered already"):
        register_list_query("ingest.bars", lambda: Bar.objects.all())
