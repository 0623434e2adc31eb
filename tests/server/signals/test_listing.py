"""Lists of signals: what they show, what they cost, and how long rows are kept."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from augury_server.database.bulk import insert_rows
from augury_server.database.list_queries import list_queries
from augury_server.database.plans import explain
from augury_server.database.retention import apply_retention
from augury_server.ingest.database_bars import DatabaseBars
from augury_server.signals.generate import generate_universe
from augury_server.signals.listing import SignalFilter, latest_signals, outcomes_of, runs, signals
from augury_server.signals.models import Outcome, SignalRun, StoredSignal
from augury_server.signals.requests import GenerateRequest

COLUMNS = (
    "id", "universe", "timeframe", "ticker", "timestamp_ns", "known_at_ns", "signal_type", "confidence",
    "is_high_conviction", "risk_level", "close", "rule_code", "spec_id", "rules_id", "data_id", "created_at",
)  # fmt: skip
DAY_NS = 86_400 * 10**9


def fill(tickers: int, days: int, *, until: datetime, stored_at: datetime | None = None) -> None:
    """Many signals of many tickers, with an outcome each; stored at their bar's close unless said otherwise."""
    last = int(until.timestamp()) * 10**9
    rows = [
        (
            uuid.uuid5(uuid.NAMESPACE_OID, f"{ticker} {day}"), "all" if ticker % 2 else "other", "1D", f"T{ticker:04d}",
            last - day * DAY_NS, last - day * DAY_NS, ("HOLD", "HOLD", "HOLD", "BUY", "SELL")[(ticker + day) % 5], 0.5,
            False, "LOW", 1.0, f"R{(ticker + day) % 7}", "s", "r", "d", stored_at or until - timedelta(days=day),
        )
        for ticker in range(tickers)
        for day in range(days)
    ]  # fmt: skip
    insert_rows(StoredSignal, COLUMNS, rows)
    states = ("pending", "matured", "matured", "matured", "void")
    outcomes = [(row[0], 5, states[at % 5], row[4] + 5 * DAY_NS) for at, row in enumerate(rows)]
    insert_rows(Outcome, ("signal_id", "horizon_bars", "state", "matures_at_ns"), outcomes)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def test_no_list_reads_a_whole_table_or_sorts_it(platform: Any) -> None:
    fill(200, 100, until=datetime(2026, 1, 1, tzinfo=UTC))
    queries = {name: make for name, make in list_queries().items() if name.startswith("signals.")}
    assert len(queries) >= 11
    checked = 0
    for name, make in queries.items():
        plan = explain(make())
        if name.startswith(("signals.runs", "signals.universes")) and platform.engine == "postgresql":
            continue  # tables without rows are read whole there, rightly
        checked += 1
        assert not plan.full_scans, f"{name}: {plan.text}"
        assert not plan.sorts, f"{name}: {plan.text}"
    assert checked >= 8


def test_the_latest_signal_of_each_ticker_is_found_ticker_by_ticker(platform: Any) -> None:
    fill(60, 40, until=datetime(2026, 1, 1, tzinfo=UTC))
    with CaptureQueriesContext(connection) as seen:
        found = latest_signals("all", "1D")
    assert len(seen) == 2
    expected = {}
    for row in StoredSignal.objects.filter(universe="all", timeframe="1D").order_by("timestamp_ns"):
        expected[row.ticker] = row.pk
    assert {row.ticker: row.pk for row in found} == expected
    assert [row.ticker for row in found] == sorted(expected)
    assert latest_signals("nobody", "1D") == []


def test_the_latest_signal_is_the_one_on_the_newest_data(platform: Any, tools: Any) -> None:
    bars = tools.bars(1, 200)
    tools.load({"AA": bars, "BB": tools.bars(2, 200)})
    generate_universe(GenerateRequest(universe="all"))
    opened = int(bars.index.asi8[150])
    DatabaseBars().replace_range("AA", "1D", bars.iloc[[150]] * 1.01, opened, opened + 1)
    generate_universe(GenerateRequest(universe="all"))
    assert [row.revision for row in latest_signals("all", "1D")] == [1, 0]
    assert [row.revision for row in signals(SignalFilter(universe="all", ticker="AA"))] == [0]
    assert signals(SignalFilter(ticker="AA", revisions=True)).count() == 2
    first = signals(SignalFilter(ticker="AA")).get()
    assert [outcome.horizon_bars for outcome in outcomes_of(first)] == [1, 5]
    assert runs("all").count() == 2


@pytest.mark.parametrize("dry_run", [True, False])
def test_old_signals_go_with_their_outcomes_and_runs(platform: Any, dry_run: bool) -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    fill(10, 50, until=now - timedelta(days=705))
    for age in (10, 900):
        SignalRun.objects.create(
            universe="all", timeframe="1D", at_ns=0, augury="1", spec_id="s", rules_id="r",
            started_at=now - timedelta(days=age),
        )  # fmt: skip
    done = {
        one.name: one.deleted
        for name in ("signals", "signal_runs")
        for one in apply_retention(now, only=name, dry_run=dry_run)
    }
    assert done == {"signals": 240, "signal_runs": 1}
    limit = int((now - timedelta(days=730)).timestamp()) * 10**9
    old = StoredSignal.objects.filter(timestamp_ns__lt=limit).count()
    assert (StoredSignal.objects.count(), Outcome.objects.count(), old) == (
        (500, 500, 240) if dry_run else (260, 260, 0)
    )


def test_signals_of_old_bars_that_were_stored_today_stay(platform: Any) -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    fill(2, 5, until=now - timedelta(days=4000), stored_at=now)
    assert [one.deleted for one in apply_retention(now, only="signals")] == [0]
    assert StoredSignal.objects.count() == 10
