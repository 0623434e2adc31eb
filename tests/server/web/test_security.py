"""The doors of the pages: headers, log-in, cookies, what a page may load."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.test import Client

from augury_server.accounts.add_person import add_person
from augury_server.accounts.logins import MOST_OF_ACCOUNT
from augury_server.accounts.models import AuditEntry

LOGIN = "/admin/login/?next=/admin/"
PASSWORD = "a long walk in the rain"


@pytest.fixture
def client(sqlite_platform: Any) -> Client:
    add_person("ada", role="operator", password=PASSWORD)
    return Client(SERVER_NAME="localhost")


def test_the_log_in_page_leads_home(client: Client) -> None:
    response = client.get("/admin/login/")
    assert response.headers["Location"] == "/admin/login/?next=%2Fadmin%2F"
    response = client.post(LOGIN, {"username": "ada", "password": PASSWORD})
    assert (response.status_code, response.headers["Location"]) == (302, "/admin/")
    assert client.get("/admin/").status_code == 200


def test_a_page_elsewhere_is_not_where_a_log_in_leads(client: Client) -> None:
    response = client.post("/admin/login/?next=https://evil.example/", {"username": "ada", "password": PASSWORD})
    assert "evil" not in response.headers["Location"]


def test_the_form_declines_after_too_many_failures_even_the_right_password(client: Client) -> None:
    for _ in range(MOST_OF_ACCOUNT):
        assert client.post(LOGIN, {"username": "ada", "password": "wrong"}).status_code == 200
    before = AuditEntry.objects.count()
    response = client.post(LOGIN, {"username": "ada", "password": PASSWORD})
    assert response.status_code == 200
    assert "Too many failed attempts; try again in 15 minutes" in response.text
    assert AuditEntry.objects.count() == before


def test_the_page_does_not_tell_which_names_exist(client: Client) -> None:
    texts = {
        re.sub(r'value="[^"]*"', "", client.post(LOGIN, {"username": name, "password": "wrong"}).text)
        for name in ("ada", "nobody")
    }
    assert len(texts) == 1


def test_every_response_names_what_a_page_may_load(client: Client) -> None:
    for response in (client.get(LOGIN), client.get("/admin/"), client.get("/nowhere")):
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "http" not in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "same-origin"
    client.post(LOGIN, {"username": "ada", "password": PASSWORD})
    assert "no-store" in client.get("/admin/").headers["Cache-Control"]


def test_cookies_are_out_of_reach_of_scripts_and_of_plain_http_where_there_is_https(client: Client) -> None:
    response = client.post(LOGIN, {"username": "ada", "password": PASSWORD})
    cookie = response.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert settings.SESSION_COOKIE_SECURE == settings.CSRF_COOKIE_SECURE


def test_no_page_names_another_host(filled: Any, browser_of: Any) -> None:
    client = browser_of("root")
    pages = ["/admin/", "/admin/login/?next=/admin/", "/admin/password_change/"]
    pages += [
        f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        for model in apps.get_models()
        if model._meta.app_label.startswith("augury_")
    ]
    for page in pages:
        text = client.get(page, follow=True).text
        loaded = re.findall(r"""<(?:script|link|img|iframe|source)[^>]+(?:src|href)=["']([^"']+)""", text)
        assert loaded
        assert [address for address in loaded if re.match(r"(?:https?:)?//", address)] == [], page


def test_ones_own_password_is_changed_on_record(client: Client) -> None:
    client.post(LOGIN, {"username": "ada", "password": PASSWORD})
    new = "another walk in the sun"
    given = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert client.post("/admin/password_change/", given).status_code == 302
    assert AuditEntry.objects.filter(action="accounts.password", target="ada", actor="ada").count() == 1
    assert Client(SERVER_NAME="localhost").login(username="ada", password=new)
    assert new not in str(list(AuditEntry.objects.values()))


def test_somebody_without_a_role_sees_that_and_nothing_else(client: Client) -> None:
    from django.contrib.auth.models import Group

    Group.objects.get(name="operator").user_set.clear()
    client.post(LOGIN, {"username": "ada", "password": PASSWORD})
    text = client.get("/admin/").text
    assert "Your account has no role" in text
    assert "Audit trail" not in text
    assert client.get("/admin/augury_jobs/job/").status_code == 403
