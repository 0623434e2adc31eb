"""The verbs of API keys and their page."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from augury.errors import Conflict, InvalidInput, NotFound
from augury.operations.operation import Silent
from augury.operations.registry import operation, operations
from augury_server.accounts.actor import acting
from augury_server.accounts.add_person import add_person
from augury_server.accounts.keyring import KeyRing
from augury_server.accounts.models import ApiKey, AuditEntry
from augury_server.accounts.people import person


def run(verb: str, **options: Any) -> Any:
    """Run a verb with its options, as every door does."""
    entry = operation(verb)
    return entry.run(entry.spec_type.from_dict(options), Silent())


@pytest.fixture(autouse=True)
def _as_root(platform: Any) -> Any:
    with acting("root"):
        yield


def opens(token: str) -> bool:
    ring = KeyRing(30.0)
    ring.refresh()
    return ring.find(token) is not None


def stored() -> str:
    return str([list(model.objects.values()) for model in (ApiKey, AuditEntry)])


def test_a_key_is_made_listed_rotated_and_revoked() -> None:
    told = run("keys.add", name="ci", role="operator", scope=("predict",), days=30).to_dict()
    assert opens(told["token"])
    assert told["token"].split("_", 2)[2] not in stored()
    (row,) = run("keys.list").to_dict()["rows"]
    assert (row["name"], row["role"], row["scopes"], row["state"], row["owner"]) == (
        "ci", "operator", "predict", "active", "root",
    )  # fmt: skip
    assert row["expires"]
    assert "token" not in row
    new = run("keys.rotate", name="ci", grace=0).to_dict()["token"]
    assert not opens(told["token"])
    assert opens(new)
    run("keys.revoke", name="ci", reason="over")
    assert not opens(new)
    assert run("keys.list").to_dict()["rows"] == []
    assert run("keys.list", revoked=True).to_dict()["rows"][0]["state"] == "revoked"


def test_each_change_is_on_record_once_with_who_did_it_and_without_a_secret() -> None:
    told = run("keys.add", name="ci").to_dict()
    new = run("keys.rotate", name="ci").to_dict()
    run("keys.revoke", name="ci")
    with pytest.raises(NotFound):
        run("keys.revoke", name="ci")
    entries = AuditEntry.objects.order_by("id").values_list("action", "actor", "outcome")
    assert list(entries) == [
        ("keys.add", "root", "done"),
        ("keys.rotate", "root", "done"),
        ("keys.revoke", "root", "done"),
        ("keys.revoke", "root", "refused"),
    ]
    for token in (told["token"], new["token"]):
        assert token.split("_", 2)[2] not in stored()


def test_what_is_wrong_is_refused() -> None:
    run("keys.add", name="ci")
    with pytest.raises(Conflict):
        run("keys.add", name="ci")
    for options in ({"scope": ("everything",)}, {"role": "root"}, {"days": 0}, {"name": ""}):
        with pytest.raises(InvalidInput):
            run("keys.add", **{"name": "other", **options})
    with pytest.raises(InvalidInput):
        run("keys.rotate", name="ci", grace=-1)


def test_only_administrators_may() -> None:
    verbs = {name: entry for name, entry in operations().items() if name.startswith("keys.")}
    assert set(verbs) == {"keys.add", "keys.list", "keys.revoke", "keys.rotate"}
    assert {entry.role for entry in verbs.values()} == {"administrator"}
    assert {name for name, entry in verbs.items() if not entry.changes_state} == {"keys.list"}


def test_the_page_shows_keys_and_no_secret_and_an_administrator_only() -> None:
    for name, role in (("boss", "administrator"), ("joan", "operator")):
        add_person(name, role=role, password="a long walk in the rain")
    token = run("keys.add", name="ci", days=1).to_dict()["token"]
    run("keys.rotate", name="ci")
    run("keys.add", name="old")
    run("keys.revoke", name="old", reason="lost")
    client = Client(SERVER_NAME="localhost")
    client.force_login(person("joan"))
    listing = reverse("admin:augury_accounts_apikey_changelist")
    assert client.get(listing).status_code == 403
    client.force_login(person("boss"))
    key = ApiKey.objects.get(name="ci")
    change = reverse("admin:augury_accounts_apikey_change", args=[key.pk])
    export = reverse("admin:augury_accounts_apikey_export", args=["json"])
    exported = b"".join(client.get(export).streaming_content).decode()  # type: ignore[arg-type]
    for text in (client.get(listing).text, client.get(change).text, exported):
        assert "ci" in text
        for secret in (key.secret_sha256, key.previous_sha256, token):
            assert secret not in text
    for state, names in (("active", {"ci"}), ("revoked", {"old"}), ("expired", set())):
        text = client.get(listing, {"state": state}).text
        assert {name for name in ("ci", "old") if f">{name}<" in text} == names
    made = client.post(
        reverse("admin:augury_accounts_apikey_operate", args=["keys-add"]),
        {"confirmed": "yes", "name": "by-page", "role": "viewer", "scope": ""},
    )
    assert made.status_code == 200
    assert "aug_" in made.text
    assert "no-store" in made.headers["cache-control"]
