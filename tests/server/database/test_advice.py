"""Advice: each finding is found where its cause was planted, and a sound database gets none of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, models

from augury_server.database.advice import Advice, advise
from augury_server.database.statistics import refresh_statistics
from augury_server.ingest.models import News

TABLE = News._meta.db_table
Fill = Callable[[type[models.Model], int], None]


def sql(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def rules(advice: Advice) -> dict[str, str]:
    return {finding.rule: finding.subject for finding in advice.findings}


def settled() -> Advice:
    """Advice once PostgreSQL's counters have arrived."""
    if connection.vendor == "postgresql":
        sql("SELECT pg_stat_force_next_flush()", "SELECT pg_stat_clear_snapshot()")
    return advise()


def test_a_new_database_has_no_problems(platform: Any) -> None:
    advice = settled()
    assert [finding for finding in advice.findings if finding.severity == "problem"] == []
    assert advice.bytes > 100_000
    assert TABLE in {figures.table for figures in advice.tables}


def test_a_large_table_without_statistics_is_found_and_refreshing_mends_it(platform: Any, fill_table: Fill) -> None:
    if platform.engine == "postgresql":
        sql(f"ALTER TABLE {TABLE} SET (autovacuum_enabled = false)")
    fill_table(News, 12_000)
    if platform.engine == "postgresql":
        sql(f"CREATE TABLE other AS SELECT * FROM {TABLE}", f"DELETE FROM {TABLE}")
        sql(f"TRUNCATE {TABLE}", f"INSERT INTO {TABLE} SELECT * FROM other", "DROP TABLE other")
    assert {"no_statistics", "stale_statistics"} & set(rules(settled()))
    refresh_statistics()
    assert not {"no_statistics", "stale_statistics"} & set(rules(settled()))


def test_a_table_that_outgrew_its_statistics_is_found(platform: Any, fill_table: Fill) -> None:
    if platform.engine == "postgresql":
        sql(f"ALTER TABLE {TABLE} SET (autovacuum_enabled = false)")
    fill_table(News, 5_000)
    refresh_statistics()
    sql(
        f"INSERT INTO {TABLE} (item_id, ticker, source, text, published_at_ns, known_at_ns, scored_by, created_at) "
        f"SELECT 'x' || a.id || '_' || b.id, 't', '', '', 0, 0, '', a.created_at FROM {TABLE} a "
        f"JOIN (SELECT id FROM {TABLE} ORDER BY id LIMIT 5) b ON 1 = 1"
    )
    assert rules(settled())["stale_statistics"] == TABLE


def test_a_list_whose_index_is_gone_is_found(platform: Any, fill_table: Fill) -> None:
    fill_table(News, 20_000)
    refresh_statistics()
    assert "list_scans_table" not in rules(settled())
    sql("DROP INDEX news_source_known", "DROP INDEX news_known", "DROP INDEX news_ticker_known")
    found = [finding for finding in settled().findings if finding.rule == "list_scans_table"]
    assert {"ingest.news_of_source", "ingest.news_newest"} <= {finding.subject for finding in found}
    assert all(finding.severity == "problem" and TABLE in finding.message for finding in found)


def test_postgresql_planted_faults_are_found(postgres_platform: Any, fill_table: Fill) -> None:
    fill_table(News, 30_000)
    sql(
        f"ALTER TABLE {TABLE} SET (autovacuum_enabled = false)",
        f"CREATE INDEX planted_unused ON {TABLE} (text, source, ticker, item_id, created_at)",
        f"CREATE INDEX planted_twin ON {TABLE} (ticker, known_at_ns)",
        f"CREATE INDEX planted_invalid ON {TABLE} (positive)",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'planted_invalid'::regclass",
        f"CREATE TABLE planted (id int PRIMARY KEY, news bigint REFERENCES {TABLE} (id))",
        "INSERT INTO planted SELECT i, NULL FROM generate_series(1, 20000) i",
        f"UPDATE {TABLE} SET negative = 0.5",
    )
    for _ in range(15):
        sql(f"SELECT count(*) FROM {TABLE} WHERE text LIKE '%a%'")
    found = {(finding.rule, finding.subject) for finding in settled().findings}
    assert ("unused_index", "planted_unused") in found
    assert ("duplicate_index", "planted_twin") in found or ("duplicate_index", "news_ticker_known") in found
    assert ("invalid_index", "planted_invalid") in found
    assert ("unindexed_key", "planted") in found
    assert ("dead_rows", TABLE) in found
    assert ("full_scans", TABLE) in found


def test_statements_are_shown_when_the_extension_is_there_and_the_way_to_it_when_not(postgres_platform: Any) -> None:
    missing = [finding for finding in settled().findings if finding.rule == "no_statement_statistics"]
    assert "CREATE EXTENSION pg_stat_statements" in missing[0].remedy
    assert "shared_preload_libraries" not in missing[0].remedy, "the test's server has loaded it"
    sql("CREATE EXTENSION pg_stat_statements", "SELECT count(*) FROM augury_ingest_news, pg_sleep(0.01)")
    advice = advise(slow=500)
    assert "no_statement_statistics" not in rules(advice)
    assert any("pg_sleep" in one.statement and one.calls >= 1 for one in advice.slow)
    assert [one.total_ms for one in advice.slow] == sorted((one.total_ms for one in advice.slow), reverse=True)
    assert len(advise(slow=1).slow) == 1


def test_sqlite_planted_faults_are_found(
    sqlite_platform: Any, monkeypatch: pytest.MonkeyPatch, fill_table: Fill
) -> None:
    from augury_server.database import advice_sqlite

    monkeypatch.setattr(advice_sqlite, "_WAL_BYTES", 100_000)
    sql("PRAGMA wal_autocheckpoint = 0")
    fill_table(News, 20_000)
    sql(f"DELETE FROM {TABLE}")
    found = rules(advise())
    assert found["large_log"] == "augury.sqlite3-wal"
    assert found["free_pages"] == "augury.sqlite3"
    sql("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM")
    sql("PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA journal_mode = DELETE")
    found = rules(advise())
    assert "large_log" not in found
    assert "free_pages" not in found
    assert "no_write_ahead_log" in found
