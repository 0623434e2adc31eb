"""The audit trail: what is recorded, that it cannot be altered, and that tampering is found."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from augury.errors import InvalidInput, Refused
from augury_server.accounts.actor import acting
from augury_server.accounts.audit import record
from augury_server.accounts.models import AuditEntry

AT = datetime(2024, 3, 1, 12, 0, 0, 123456, UTC)


def test_an_entry_says_who_did_what_to_what_and_how_it_ended(platform: Any) -> None:
    with acting("ada"):
        record("registry.promote", target="momentum@3", detail={"reason": "better"}, now=lambda: AT)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.target, entry.outcome) == ("ada", "registry.promote", "momentum@3", "done")
    assert (entry.at, entry.detail) == (AT, {"reason": "better"})


def test_nobody_is_recorded_as_unknown_and_a_given_name_wins(platform: Any) -> None:
    record("a")
    with acting("ada"):
        record("b", by="grace")
    assert list(AuditEntry.objects.order_by("id").values_list("actor", flat=True)) == ["unknown", "grace"]


def test_an_outcome_of_another_kind_is_refused(platform: Any) -> None:
    with pytest.raises(InvalidInput, match="done, refused, failed"):
        record("a", outcome="maybe")  # type: ignore[arg-type]


@pytest.mark.parametrize("statement", ["UPDATE {} SET actor = 'eve'", "DELETE FROM {}"])
def test_the_database_itself_refuses_changes(platform: Any, statement: str) -> None:
    record("a")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format("augury_accounts_auditentry"))
    assert AuditEntry.objects.get().actor == "unknown"


def test_postgresql_refuses_truncation(postgres_platform: Any) -> None:
    record("a")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE augury_accounts_auditentry")
    assert AuditEntry.objects.count() == 1


def test_the_model_refuses_changes(sqlite_platform: Any) -> None:
    entry = record("a")
    every = AuditEntry.objects.all()
    for change in (
        entry.save,
        entry.delete,
        every.delete,
        lambda: every.update(actor="eve"),
        lambda: AuditEntry.objects.bulk_create([AuditEntry()]),
        lambda: AuditEntry.objects.bulk_update([entry], ["actor"]),
    ):
        with pytest.raises(Refused):
            change()


def test_a_change_that_is_undone_leaves_no_entry_and_the_chain_goes_on(platform: Any) -> None:
    record("first")
    with transaction.atomic():
        record("undone")
        transaction.set_rollback(True)
    record("second")
    actions = list(AuditEntry.objects.order_by("id").values_list("action", "previous", "digest"))
    assert [action for action, _, _ in actions] == ["first", "second"]
    assert actions[1][1] == actions[0][2]
