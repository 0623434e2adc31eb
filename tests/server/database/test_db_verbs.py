"""The verbs over the database, as a person at a terminal has them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from augury.errors import Misconfigured, NotFound
from augury.operations.registry import operations, run
from augury_server.accounts.models import AuditEntry
from augury_server.database.bulk import insert_rows
from augury_server.ingest.models import DeadLetter

COLUMNS = ("source", "kind", "subject", "rule", "reason", "payload", "fingerprint", "last_seen_at")


def test_the_schema_verbs_say_what_is_there_and_what_was_done(platform: Any) -> None:
    status = run("db.status").to_dict()
    assert status["steps_pending"] == status["steps_unknown"] == []
    assert status["engine"].startswith(platform.engine)
    assert "password" not in str(status)
    done = run("db.migrate").to_dict()
    assert done == {"rows": [], "notes": ["the tables are of this version already"]}
    assert AuditEntry.objects.filter(action="db.migrate", outcome="done").count() == 1


def test_a_newer_database_makes_the_status_wrong_and_migrating_refused(platform: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('augury_jobs', '0042_later', %s)",
            [datetime(2030, 1, 1, tzinfo=UTC)],
        )
    status: Any = run("db.status")
    assert status.exit_code == 1
    assert status.facts["steps_unknown"] == ["augury_jobs.0042_later"]
    with pytest.raises(Misconfigured, match="newer version"):
        run("db.migrate")
    assert AuditEntry.objects.filter(action="db.migrate", outcome="refused").count() == 1


def test_retention_counts_in_a_dry_run_and_deletes_otherwise(platform: Any) -> None:
    old = datetime.now(UTC) - timedelta(days=365)
    rows = [("s", "news", "A", "r", "why", {}, str(at), old if at < 7 else datetime.now(UTC)) for at in range(10)]
    insert_rows(DeadLetter, COLUMNS, rows)
    counted = run("db.retain", dry_run=True).to_dict()
    assert counted["rows_due"] == 7
    assert DeadLetter.objects.count() == 10
    done = run("db.retain", only="ingest.dead_letters", batch=2).to_dict()
    assert (done["rows_deleted"], done["rows"][0]["rule"], done["rows"][0]["days"]) == (7, "ingest.dead_letters", 90)
    assert DeadLetter.objects.count() == 3
    with pytest.raises(NotFound, match=r"did you mean 'ingest\.dead_letters'"):
        run("db.retain", only="ingest.deadletters")


def test_analysing_is_a_table_of_findings_with_remedies(platform: Any) -> None:
    result: Any = run("db.analyze", refresh=True, slow=3)
    assert result.exit_code == 0
    assert result.columns == ("severity", "rule", "subject", "finding", "remedy")
    assert result.facts["megabytes"] > 0
    assert any("about" in told for told in result.facts["largest_tables"])
    if platform.engine == "postgresql":
        assert "no_statement_statistics" in {row[1] for row in result.rows}


def test_only_those_who_may_change_rows_or_tables_have_verbs_that_do() -> None:
    roles = {name: (one.role, one.changes_state) for name, one in operations().items() if name.startswith("db.")}
    assert roles == {
        "db.analyze": ("operator", False),
        "db.migrate": ("administrator", True),
        "db.retain": ("operator", True),
        "db.status": ("viewer", False),
    }
