"""The administration over a long table, on SQLite and PostgreSQL: queries of a list, time and memory of an export."""

from __future__ import annotations

import gc
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from platforms import bench_platform, on_each_engine
from timing import beside, shown, sized

HERE = Path(__file__).resolve().parent
ROWS = sized(1_000_000, 3_000)
REPEATS = sized(5, 1)
TICKERS = 500
HOUR_NS = 3_600 * 10**9
LIST = "/admin/augury_signals/storedsignal/"
TARGET = "< 300 ms"
PAGES = {
    "first page": {},
    "deepest page": {"p": str(sized(200, 2))},
    "filtered by type": {"signal_type__exact": "BUY"},
    "filtered by rule and period": {"is_rule_code": "R3", "since_timestamp_ns": "year"},
    "one ticker": {"q": "T007"},
}
COLUMNS = ("ticker", "timestamp_ns", "signal_type", "confidence", "close", "p_up", "rule_code", "created_at")


def run() -> list[dict[str, Any]]:
    """Every engine in a process of its own, since Django has one database a process."""
    return on_each_engine(__file__)


def _measure(engine: str) -> list[dict[str, Any]]:
    with bench_platform(engine) as _:
        _fill()
        return [*_page_rows(engine), _home_row(engine), *_export_rows(engine)]


def _fill() -> None:
    from django.db import connection

    from augury_server.accounts.add_person import add_person
    from augury_server.signals.models import StoredSignal

    add_person("root", role="administrator", password="a long walk in the rain")
    now = datetime.now(UTC)
    start = int(now.timestamp()) * 10**9 - (ROWS // TICKERS) * HOUR_NS
    values = {
        "id": "gen_random_uuid()" if connection.vendor == "postgresql" else "lower(hex(randomblob(16)))",
        "timeframe": "'1h'",
        "ticker": f"'T' || substr(CAST(1000 + n % {TICKERS} AS text), 2)",
        "timestamp_ns": f"{start} + (n / {TICKERS}) * {HOUR_NS}",
        "known_at_ns": f"{start} + (n / {TICKERS}) * {HOUR_NS}",
        "signal_type": "CASE n % 4 WHEN 0 THEN 'BUY' WHEN 1 THEN 'SELL' ELSE 'HOLD' END",
        "confidence": "0.5 + (n % 50) / 100.0",
        "is_high_conviction": "n % 9 = 0",
        "risk_level": "CASE n % 3 WHEN 0 THEN 'LOW' WHEN 1 THEN 'MEDIUM' ELSE 'HIGH' END",
        "p_up": "0.4 + (n % 20) / 100.0",
        "close": "100.0 + n % 400",
        "rule_code": "'R' || CAST(1 + n % 7 AS text)",
        "reasons": """'["sentiment above its 80th percentile"]'""",
        "provenance": """'{"bars": 252}'""",
        "created_at": f"'{now:%Y-%m-%d %H:%M:%S}+00'"
        if connection.vendor == "postgresql"
        else f"'{now:%Y-%m-%d %H:%M:%S}'",
        "revision": "0",
        **{name: f"'{name}'" for name in ("universe", "model_id", "spec_id", "rules_id", "data_id")},
    }
    numbers = f"WITH RECURSIVE c(n) AS (SELECT CAST(0 AS bigint) UNION ALL SELECT n + 1 FROM c WHERE n < {ROWS - 1}) "
    with connection.cursor() as cursor:
        select = f"SELECT {', '.join(values.values())} FROM c"
        into = f"INSERT INTO {StoredSignal._meta.db_table} ({', '.join(values)}) "
        if connection.vendor == "postgresql":
            cursor.execute("SET statement_timeout = 0")
        cursor.execute(f"{into}{numbers}{select}")
        cursor.execute("ANALYZE")


class _Clock:
    """Seconds spent in queries, and their number."""

    def __init__(self) -> None:
        self.seconds, self.queries = 0.0, 0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.seconds += time.perf_counter() - started
            self.queries += 1


def _queried(client: Any, address: str, asked: dict[str, str]) -> tuple[float, int]:
    from django.db import connection

    best, queries = float("inf"), 0
    for _ in range(REPEATS + 1):
        clock = _Clock()
        with connection.execute_wrapper(clock):
            response = client.get(address, asked)
        assert response.status_code == 200, (address, asked, response.headers)
        best, queries = min(best, clock.seconds), clock.queries
    return best, queries


def _client() -> Any:
    from django.test import Client

    from augury_server.accounts.people import person

    client = Client(SERVER_NAME="localhost")
    client.force_login(person("root"))
    return client


def _page_rows(engine: str) -> list[dict[str, Any]]:
    """Each page by ours and by Django's own pagination, which counts all rows, over the same list."""
    from django.core.paginator import Paginator

    from augury_server.signals.models import StoredSignal
    from augury_server.web.admin.tables import site

    client, admin = _client(), site._registry[StoredSignal]
    rows = []
    for name, asked in PAGES.items():
        mine, queries = _queried(client, LIST, asked)
        admin.paginator, admin.show_full_result_count = Paginator, True
        theirs, _ = _queried(client, LIST, asked)
        del admin.paginator, admin.show_full_result_count
        assert ROWS < 1_000_000 or mine < 0.3, f"{engine}, {name}: {1000 * mine:.0f} ms of queries"
        rows.append(
            beside(
                mine, theirs, name=f"{name}, {engine}", peer="Django's paginator", target=TARGET,
                agreement="the same rows", note=f"{queries} queries over {ROWS:,} signals; wall time of queries",
            )
        )  # fmt: skip
    return rows


def _home_row(engine: str) -> dict[str, Any]:
    mine, queries = _queried(_client(), "/admin/", {})
    words = {"peer": "-", "peer_time": None, "ratio": None, "target": TARGET, "agreement": "-"}
    return {"name": f"home page, {engine}", "ours": shown(mine), **words, "note": f"{queries} queries"}


def _private_bytes() -> int:
    """Memory of this process that is no mapped file: SQLite maps its database, which is the system's to take back."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return 1024 * int(next(line.split()[1] for line in status.splitlines() if line.startswith("RssAnon")))


def _export_rows(engine: str) -> list[dict[str, Any]]:
    from augury_server.signals.models import StoredSignal
    from augury_server.web.export import exported

    rows = []
    queryset = StoredSignal.objects.order_by("-timestamp_ns", "id")
    for form in ("csv", "json"):
        gc.collect()
        before, highest, size = _private_bytes(), 0, 0
        started = time.process_time()
        for pieces, piece in enumerate(exported(queryset, COLUMNS, form)):
            size += len(piece)
            if pieces % 20 == 0:
                highest = max(highest, _private_bytes())
        spent = time.process_time() - started
        grown = max(0, highest - before) / 1e6
        assert ROWS < 1_000_000 or grown < 40, f"memory grew by {grown:.0f} MB"
        note = f"{ROWS:,} rows, {size / 1e6:,.0f} MB; memory grew by {grown:.1f} MB; CPU of this process"
        words = {"peer": "-", "peer_time": None, "ratio": None, "target": "memory flat", "agreement": "-"}
        rows.append({"name": f"export as {form}, {engine}", "ours": shown(spent), **words, "note": note})
    return rows


if __name__ == "__main__":
    print(json.dumps(_measure(sys.argv[1])))
