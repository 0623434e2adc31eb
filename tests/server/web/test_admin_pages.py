"""Every table has its page; who may see and do what; how many queries a page takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from augury_server.web.admin.platform_admin import PlatformAdmin
from augury_server.web.admin.tables import site
from augury_server.web.navigation import SECTIONS
from augury_server.web.operating import known_operation

PERSON = "augury_accounts.Person"
ADMINISTRATORS_ONLY = (PERSON, "augury_accounts.ApiKey")
LONG = ("augury_signals.StoredSignal", "augury_signals.Outcome", "augury_jobs.Job", "augury_jobs.JobEvent",
        "augury_predictions.Prediction", "augury_accounts.AuditEntry", "augury_ingest.Bar")  # fmt: skip


def _models() -> list[Any]:
    return [model for model in apps.get_models() if model._meta.app_label.startswith("augury_")]


def _address(model: Any, page: str, *arguments: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=arguments)


def test_every_model_of_the_platform_has_a_page_in_a_section() -> None:
    assert len(_models()) > 20
    missing = [model._meta.label for model in _models() if model not in site._registry]
    assert missing == []
    for model in _models():
        admin = site._registry[model]
        assert isinstance(admin, PlatformAdmin)
        assert admin.section in SECTIONS


def test_every_button_names_an_operation_and_options_that_it_has() -> None:
    from dataclasses import fields

    for admin in site._registry.values():
        names = [(button.name, button.rows) for button in admin.buttons]
        assert len(names) == len(set(names))
        for button in admin.buttons:
            entry = known_operation(button.operation)
            assert entry is not None, button.operation
            assert set(button.ask) <= {item.name for item in fields(entry.spec_type)}, button.operation


def test_every_button_of_a_row_gives_options_that_its_operation_takes(filled: Any) -> None:
    from dataclasses import fields

    for model, admin in site._registry.items():
        row = model._default_manager.first()
        for button in admin.buttons:
            entry: Any = known_operation(button.operation)
            given = button.options(row if button.rows else None)
            assert set(given) <= {item.name for item in fields(entry.spec_type)}, (button.operation, given)


def test_every_list_and_every_row_has_a_page_for_an_administrator(filled_both: Any, browser_of: Any) -> None:
    client = browser_of("root")
    for model in _models():
        response = client.get(_address(model, "changelist"))
        assert response.status_code == 200, model
        row = model._default_manager.first()
        assert row is not None, f"the filler has no row of {model._meta.label}"
        response = client.get(_address(model, "change", row.pk))
        assert response.status_code == 200, model
        assert "Internal" not in response.text


def test_filters_and_searches_of_every_list_are_answered(filled: Any, browser_of: Any) -> None:
    client = browser_of("root")
    for model in _models():
        admin = site._registry[model]
        asked = {"q": "AAPL"} if admin.search_fields else {}
        for item in admin.list_filter:
            if not isinstance(item, str | tuple):
                name = item.parameter_name
                asked[name] = "week" if name.startswith("since_") else "1" if name == "is_job" else "trend-daily"
        if "is_job" in asked:
            asked["is_job"] = str(apps.get_model("augury_jobs", "Job").objects.first().pk)
        response = client.get(_address(model, "changelist"), asked)
        assert response.status_code == 200, (model, response.headers)


@pytest.mark.parametrize("name", ["ada", "mary"])
def test_people_and_keys_are_seen_by_administrators_only(filled: Any, browser_of: Any, name: str) -> None:
    client = browser_of(name)
    for model in _models():
        expected = 403 if model._meta.label in ADMINISTRATORS_ONLY else 200
        assert client.get(_address(model, "changelist")).status_code == expected
    assert _address(apps.get_model(PERSON), "changelist") not in client.get("/admin/").text


def test_a_viewer_gets_no_button_that_changes_anything(filled: Any, browser_of: Any) -> None:
    client = browser_of("mary")
    for model in _models():
        admin = site._registry[model]
        changing = [button for button in admin.buttons if known_operation(button.operation).role != "viewer"]  # type: ignore[union-attr]
        text = client.get(_address(model, "changelist")).text
        row = model._default_manager.first()
        for button in changing:
            assert f"operate/{button.name}/" not in text
            where = (
                _address(model, "operate_row", row.pk, button.name)
                if button.rows
                else _address(model, "operate", button.name)
            )
            assert client.get(where).status_code == 403
            assert client.post(where, {"confirmed": "yes", "reason": "x"}).status_code == 403


def test_rows_are_neither_added_nor_deleted_nor_edited_by_hand(filled: Any, browser_of: Any) -> None:
    client = browser_of("root")
    for model in _models():
        row = model._default_manager.first()
        assert client.get(_address(model, "add")).status_code == 403
        assert client.post(_address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
        if not site._registry[model].editable:
            assert client.post(_address(model, "change", row.pk), {}).status_code == 403


def test_facts_about_an_instrument_are_edited_by_an_operator_and_recorded(filled: Any, browser_of: Any) -> None:
    from augury_server.accounts.models import AuditEntry
    from augury_server.ingest.models import Instrument

    row = Instrument.objects.get(symbol="AAPL")
    where = _address(Instrument, "change", row.pk)
    facts = {"name": "Apple Inc.", "kind": "equity", "exchange": "NASDAQ", "currency": "USD", "sector": "hardware"}
    assert browser_of("mary").post(where, facts).status_code == 403
    assert browser_of("ada").post(where, {**facts, "symbol": "HACK"}).status_code == 302
    row.refresh_from_db()
    assert (row.symbol, row.name, row.sector) == ("AAPL", "Apple Inc.", "hardware")
    entry = AuditEntry.objects.filter(action="admin.change_instrument").get()
    assert (entry.actor, entry.target, entry.detail["now"]["sector"]) == ("ada", "AAPL", "hardware")


def test_nobody_gets_in_without_logging_in(sqlite_platform: Any) -> None:
    client = Client(SERVER_NAME="localhost")
    for model in _models():
        response = client.get(_address(model, "changelist"))
        assert response.status_code == 302
        assert response.headers["Location"].startswith("/admin/login/")


def test_a_page_takes_as_many_queries_for_many_rows_as_for_few(
    filled: Any, browser_of: Callable[..., Client], filler: Any
) -> None:
    client = browser_of("root")

    pages = [_address(apps.get_model(name), "changelist") for name in LONG] + ["/admin/"]

    def counts() -> list[int]:
        found = []
        for page in pages:
            with CaptureQueriesContext(connection) as queries:
                client.get(page)
            found.append(len(queries))
        return found

    before = counts()
    filler.more(rows=48)
    assert counts() == before
    assert max(before[:-1]) <= 8
    assert before[-1] <= 25
