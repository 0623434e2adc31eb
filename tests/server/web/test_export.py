"""Exports: what the list shows, as it is filtered, streamed in constant memory."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import tracemalloc
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from augury_server.accounts.models import AuditEntry
from augury_server.ingest.models import Bar, Instrument, Series
from augury_server.web.export import ROWS_AT_ONCE, export_columns, exported

LIST = "/admin/augury_ingest/bar/"


def _bars(count: int) -> Series:
    series = Series.objects.create(instrument=Instrument.objects.create(symbol=f"S{count}"), timeframe="1m")
    minute = 60 * 10**9
    Bar.objects.bulk_create(
        [
            Bar(
                series=series,
                opened_at_ns=n * minute,
                open=1.5,
                high=2.0,
                low=1.0,
                close=1.5,
                volume=float(n),
                known_at_ns=(n + 1) * minute,
            )
            for n in range(count)
        ],
        batch_size=5000,
    )
    return series


def _read(pieces: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(pieces).decode())))


def test_csv_and_json_hold_what_sql_says(filled_both: Any, browser_of: Any) -> None:
    client = browser_of("mary")
    rows = _read(client.get(LIST + "export/csv/").streaming_content)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.symbol, b.opened_at_ns, b.close FROM augury_ingest_bar b "
            "JOIN augury_ingest_series s ON s.id = b.series_id JOIN augury_ingest_instrument i "
            "ON i.id = s.instrument_id ORDER BY b.id DESC"
        )
        expected = cursor.fetchall()
    found = [(row["series_instrument_symbol"], int(row["opened_at_ns"]), float(row["close"])) for row in rows]
    assert found == expected
    first = datetime.fromtimestamp(expected[0][1] / 1e9, UTC)
    assert datetime.fromisoformat(rows[0]["opened_at"]) == first
    every = json.loads(b"".join(client.get(LIST + "export/json/").streaming_content))
    assert [(row["series_instrument_symbol"], row["opened_at_ns"], row["close"]) for row in every] == expected


def test_an_export_respects_filters_and_search_and_is_recorded(filled: Any, browser_of: Any) -> None:
    client = browser_of("mary")
    rows = _read(client.get(LIST + "export/csv/", {"q": "AAPL"}).streaming_content)
    assert {row["series_instrument_symbol"] for row in rows} == {"AAPL"}
    assert len(rows) == Bar.objects.filter(series__instrument__symbol="AAPL").count()
    jobs = _read(client.get("/admin/augury_jobs/job/export/csv/", {"state__exact": "failed"}).streaming_content)
    assert {row["state"] for row in jobs} <= {"failed"}
    entry = AuditEntry.objects.filter(action="admin.export").order_by("id").first()
    assert entry is not None
    assert (entry.actor, entry.target, entry.detail) == (
        "mary",
        "augury_ingest.bar",
        {"form": "csv", "filters": {"q": "AAPL"}},
    )


def test_an_empty_table_is_a_head_or_an_empty_array(sqlite_platform: Any) -> None:
    columns = export_columns(Bar)
    assert len(b"".join(exported(Bar.objects.all(), columns, "csv")).splitlines()) == 1
    assert json.loads(b"".join(exported(Bar.objects.all(), columns, "json"))) == []


def test_a_formula_in_a_cell_is_defused(sqlite_platform: Any) -> None:
    Instrument.objects.create(symbol="=HYPERLINK(1)", name="-2+3", sector="plain")
    (row,) = _read(exported(Instrument.objects.all(), ("symbol", "name", "sector"), "csv"))
    assert row == {"symbol": "'=HYPERLINK(1)", "name": "'-2+3", "sector": "plain"}


def test_binary_columns_and_passwords_are_not_exported(filled: Any, browser_of: Any) -> None:
    client = browser_of("root")
    people = b"".join(client.get("/admin/augury_accounts/person/export/csv/").streaming_content)
    assert b"password" not in people
    assert b"argon2" not in people
    jobs = b"".join(client.get("/admin/augury_jobs/job/export/csv/").streaming_content)
    assert b"result_packed" not in jobs.splitlines()[0]


def test_memory_does_not_grow_with_the_rows(platform: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("augury_server.web.export.ROWS_AT_ONCE", 300)
    few, many = _bars(1_200), _bars(6_000)

    def peak(series: Series) -> int:
        rows = Bar.objects.filter(series=series).order_by("id")
        tracemalloc.start()
        size = sum(len(piece) for piece in exported(rows, export_columns(Bar), "csv"))
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert size > 50_000
        return highest

    peak(few)
    assert peak(many) < 1.3 * peak(few)


def test_an_asynchronous_server_gets_the_rows_in_steps(sqlite_platform: Any) -> None:
    from asgiref.sync import sync_to_async
    from django.test import AsyncRequestFactory

    from augury_server.web.export import export_response

    series = _bars(3 * ROWS_AT_ONCE)
    told: list[int] = []
    request: Any = AsyncRequestFactory().get("/")

    async def read() -> list[bytes]:
        rows = Bar.objects.filter(series=series).order_by("id")
        response = await sync_to_async(export_response)(request, rows, export_columns(Bar), "csv", told.append)
        assert response.is_async
        return [piece async for piece in response]

    pieces = asyncio.run(read())
    assert len(pieces) == 4
    assert len(_read(pieces)) == 3 * ROWS_AT_ONCE
    assert told == [3 * ROWS_AT_ONCE]
