"""The verbs of accounts, as the command line calls them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import authenticate

from augury.errors import Conflict, InvalidInput
from augury.operations.operation import Silent
from augury.operations.registry import operation, operations
from augury_server.accounts.actor import acting
from augury_server.accounts.audit import record
from augury_server.accounts.models import AuditEntry
from augury_server.accounts.people import person
from augury_server.accounts.roles import role_of


def run(verb: str, **options: Any) -> Any:
    """Run a verb with its options, as every door does."""
    entry = operation(verb)
    return entry.run(entry.spec_type.from_dict(options), Silent())


@pytest.fixture(autouse=True)
def _as_root(platform: Any) -> Any:
    with acting("root"):
        yield


def test_somebody_is_added_and_logs_in_with_the_password_of_the_result() -> None:
    told = run("accounts.add", name="ada", role="operator").to_dict()
    assert told["role"] == "operator"
    assert role_of(authenticate(username="ada", password=told["password"])) == "operator"
    assert told["password"] not in str(list(AuditEntry.objects.values()))
    assert {entry.actor for entry in AuditEntry.objects.filter(action="accounts.add")} == {"root"}


def test_what_is_refused_is_on_record_too() -> None:
    run("accounts.add", name="ada")
    with pytest.raises(Conflict):
        run("accounts.add", name="ada")
    entry = AuditEntry.objects.filter(outcome="refused").get()
    assert (entry.action, entry.actor) == ("accounts.add", "root")
    assert "taken" in entry.detail["error"]


def test_roles_states_and_passwords_change() -> None:
    run("accounts.add", name="ada")
    run("accounts.role", name="ada", role="administrator")
    assert role_of(person("ada")) == "administrator"
    run("accounts.add", name="grace", role="administrator")
    run("accounts.disable", name="ada", reason="left")
    rows = {row["name"]: row for row in run("accounts.list").to_dict()["rows"]}
    assert (rows["ada"]["state"], rows["grace"]["state"]) == ("disabled", "active")
    run("accounts.enable", name="ada")
    told = run("accounts.password", name="ada").to_dict()
    assert authenticate(username="ada", password=told["password"]) is not None
    names = [row["name"] for row in run("accounts.list", role="administrator").to_dict()["rows"]]
    assert names == ["ada", "grace"]


def test_the_trail_is_listed_newest_first_and_filtered() -> None:
    for number in range(5):
        record("registry.promote", target=f"trend@{number}", by="ada")
    record("registry.rollback", target="trend@3", by="grace", outcome="refused")
    rows = run("accounts.audit", limit=3).to_dict()["rows"]
    assert [row["target"] for row in rows] == ["trend@3", "trend@4", "trend@3"]
    assert [row["actor"] for row in run("accounts.audit", outcome="refused").to_dict()["rows"]] == ["grace"]
    assert len(run("accounts.audit", actor="ada", target="trend@2").to_dict()["rows"]) == 1
    with pytest.raises(InvalidInput):
        run("accounts.audit", outcome="maybe")


def test_the_trail_is_verified_with_an_exit_code(platform: Any) -> None:
    from django.db import connection

    from augury_server.accounts.triggers import TRIGGERS

    record("registry.promote", target="trend@1")
    assert run("accounts.audit", verify=True).exit_code == 0
    with connection.cursor() as cursor:
        name = TRIGGERS[platform.engine][0]
        on = " ON augury_accounts_auditentry" if platform.engine == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER {name}{on}")
    told: Any = run("accounts.audit", verify=True)
    assert told.exit_code == 1
    assert name in told.notes[0]


def test_only_administrators_may_change_accounts() -> None:
    verbs = {name: entry for name, entry in operations().items() if name.startswith("accounts.")}
    assert {name for name, entry in verbs.items() if entry.role != "administrator"} == {"accounts.audit"}
    assert {name for name, entry in verbs.items() if not entry.changes_state} == {"accounts.audit", "accounts.list"}
