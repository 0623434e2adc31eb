"""People, their roles and their log-ins."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.contrib.auth.models import AnonymousUser, Group
from django.db import connection
from django.test import Client, RequestFactory

from augury.errors import Conflict, InvalidInput, NotFound, Refused
from augury_server.accounts.add_person import add_person
from augury_server.accounts.administrators import create_first_administrator
from augury_server.accounts.change_role import change_role
from augury_server.accounts.enable import disable_person, enable_person
from augury_server.accounts.logins import MOST_OF_ACCOUNT, MOST_OF_ADDRESS, check_attempt, note_failure
from augury_server.accounts.models import AuditEntry
from augury_server.accounts.new_password import new_password
from augury_server.accounts.people import list_people, person
from augury_server.accounts.roles import ROLES, allows, has_permission, role_of


def _entries() -> list[tuple[str, str, str]]:
    return list(AuditEntry.objects.order_by("id").values_list("action", "target", "actor"))


def test_each_role_may_do_what_the_ones_before_it_may() -> None:
    table = {(have, need): allows(have, need) for have in (None, "", *ROLES) for need in ROLES}
    assert {pair for pair, allowed in table.items() if allowed} == {
        ("viewer", "viewer"),
        ("operator", "viewer"), ("operator", "operator"),
        ("administrator", "viewer"), ("administrator", "operator"), ("administrator", "administrator"),
    }  # fmt: skip
    with pytest.raises(InvalidInput, match="administrator"):
        allows("viewer", "administrater")


def test_permissions_of_the_groups_are_those_of_the_roles(platform: Any) -> None:
    from django.contrib.auth.models import Permission

    for role in ROLES:
        have = set(Group.objects.get(name=role).permissions.values_list("content_type__app_label", "codename"))
        every = Permission.objects.values_list("content_type__app_label", "codename")
        assert have == {pair for pair in every if has_permission(role, *pair)}
        assert ("augury_accounts", "view_auditentry") in have
    assert not {code for _, code in have if code.endswith("auditentry")} - {"view_auditentry"}


def test_a_permission_that_a_role_should_not_have_is_taken_away_by_the_next_migration(sqlite_platform: Any) -> None:
    from django.contrib.auth.models import Permission
    from django.core.management import call_command

    viewer = Group.objects.get(name="viewer")
    before = set(viewer.permissions.all())
    viewer.permissions.set(Permission.objects.filter(content_type__app_label="auth"))
    call_command("migrate", verbosity=0)
    assert set(viewer.permissions.all()) == before


def test_the_first_administrator_gets_a_password_that_works_once_shown(platform: Any) -> None:
    added = create_first_administrator("root")
    assert added.password is not None
    user = authenticate(username="root", password=added.password)
    assert role_of(user) == "administrator"
    assert _entries() == [("accounts.add", "root", "installation")]
    assert added.password not in str(list(AuditEntry.objects.values()))
    with pytest.raises(Conflict, match="exists already"):
        create_first_administrator("second")


def test_of_two_installations_at_once_one_makes_the_first_administrator(platform: Any) -> None:
    results: list[str] = []

    def make(name: str) -> None:
        try:
            create_first_administrator(name)
            results.append("made")
        except Conflict:
            results.append("conflict")
        connection.close()

    threads = [threading.Thread(target=make, args=(f"root{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(results) == ["conflict", "conflict", "conflict", "made"]
    assert get_user_model().objects.count() == 1


@pytest.mark.parametrize("password", ["short", "password1234", "123456789012", "administrator"])
def test_a_weak_password_is_refused(sqlite_platform: Any, password: str) -> None:
    with pytest.raises(InvalidInput, match="the password is refused"):
        add_person("administrator", role="viewer", password=password)
    assert not get_user_model().objects.exists()


def test_an_account_is_added_with_a_role_and_recorded_without_its_password(platform: Any) -> None:
    added = add_person("ada", role="operator", password="a long walk in the rain", by="root")
    assert (added.role, added.password) == ("operator", None)
    assert role_of(person("ada")) == "operator"
    assert "rain" not in str(list(AuditEntry.objects.values()))
    with pytest.raises(Conflict, match="taken"):
        add_person("ADA", role="viewer")
    with pytest.raises(InvalidInput, match="operator"):
        add_person("grace", role="operater")
    with pytest.raises(InvalidInput, match="the account is refused"):
        add_person("grace hopper!", role="viewer")


def test_a_role_is_changed_and_the_last_administrator_stays(platform: Any) -> None:
    create_first_administrator("root")
    add_person("ada", role="viewer")
    for change in (lambda: change_role("root", "viewer"), lambda: disable_person("root")):
        with pytest.raises(Refused, match="last administrator"):
            change()
    assert role_of(person("root")) == "administrator"
    change_role("ada", "administrator", by="root")
    change_role("root", "viewer", by="ada")
    assert {each.name: each.role for each in list_people()} == {"ada": "administrator", "root": "viewer"}
    last = AuditEntry.objects.first()
    assert last is not None
    assert (last.target, last.detail) == ("root", {"from": "administrator", "to": "viewer"})
    with pytest.raises(NotFound, match="did you mean 'ada'"):
        change_role("adda", "viewer")


def test_somebody_disabled_is_out_at_once_and_back_when_enabled(sqlite_platform: Any) -> None:
    create_first_administrator("root")
    add_person("ada", role="operator", password="a long walk in the rain")
    client = Client(SERVER_NAME="localhost")
    assert client.login(username="ada", password="a long walk in the rain")
    disable_person("ada", reason="left", by="root")
    assert role_of(person("ada")) is None
    assert client.get("/admin/").status_code == 302
    enable_person("ada", by="root")
    assert client.get("/admin/").status_code == 200
    given = new_password("ada", by="root")
    assert client.get("/admin/").status_code == 302
    assert client.login(username="ada", password=given)


def test_listing_people_takes_two_queries(platform: Any, django_assert_queries: Any) -> None:
    for number in range(5):
        add_person(f"ada{number}", role="viewer")
    with django_assert_queries(2):
        assert len(list_people()) == 5


def test_nobody_has_no_role(sqlite_platform: Any) -> None:
    assert role_of(AnonymousUser()) is None
    assert role_of(None) is None


def test_log_ins_log_outs_and_failures_are_recorded(platform: Any) -> None:
    add_person("ada", role="viewer", password="a long walk in the rain", by="root")
    client = Client(SERVER_NAME="localhost", REMOTE_ADDR="192.0.2.7")
    request = RequestFactory(REMOTE_ADDR="192.0.2.7").post("/")
    assert authenticate(request, username="ada", password="wrong") is None
    assert authenticate(request, username="my secret password", password="") is None
    client.force_login(person("ada"))
    client.logout()
    assert _entries()[1:] == [
        ("accounts.log_in", "ada", "nobody at 192.0.2.7"),
        ("accounts.log_in", "(no such account)", "nobody at 192.0.2.7"),
        ("accounts.log_in", "ada", "ada"),
        ("accounts.log_out", "ada", "ada"),
    ]
    assert "my secret password" not in str(list(AuditEntry.objects.values()))


def test_guessing_is_declined_until_a_quarter_of_an_hour_has_passed(platform: Any) -> None:
    add_person("ada", role="viewer")
    request = RequestFactory(REMOTE_ADDR="192.0.2.7").post("/")
    for _ in range(MOST_OF_ACCOUNT):
        check_attempt("ada", "192.0.2.7")
        note_failure({"username": "ada"}, request)
    for address in ("192.0.2.7", "192.0.2.8"):
        with pytest.raises(Refused, match="15 minutes"):
            check_attempt("ada", address)
    check_attempt("grace", "192.0.2.7")
    check_attempt("ada", "192.0.2.7", now=lambda: datetime.now(UTC) + timedelta(minutes=16))


def test_an_address_that_tries_many_names_is_declined(platform: Any) -> None:
    request = RequestFactory(REMOTE_ADDR="192.0.2.7").post("/")
    for number in range(MOST_OF_ADDRESS):
        note_failure({"username": f"guess{number}"}, request)
    with pytest.raises(Refused):
        check_attempt("ada", "192.0.2.7")
    check_attempt("ada", "192.0.2.8")


def test_a_success_forgives_the_failures_before_it(platform: Any) -> None:
    from augury_server.accounts.logins import note_login

    add_person("ada", role="viewer")
    request = RequestFactory(REMOTE_ADDR="192.0.2.7").post("/")
    for _ in range(MOST_OF_ACCOUNT - 1):
        note_failure({"username": "ada"}, request)
    note_login(request=request, user=person("ada"))
    note_failure({"username": "ada"}, request)
    check_attempt("ada", "192.0.2.7")
