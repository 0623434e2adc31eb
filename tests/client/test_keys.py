"""A key goes to the platform it is for and nowhere else: no text, no log, no other host shows it."""

from __future__ import annotations

import logging
import pickle
from typing import Any

import pytest

from augury.client import AsyncClient, Client
from augury.client.address import address_of
from augury.errors import AuguryError, InvalidInput, Misconfigured, Refused

KEY = "aug_4f1c_very-secret-part"


def test_the_key_travels_as_a_bearer_token(faulty: Any, told: Any) -> None:
    faulty.will(told(body={"models": []}))
    with Client(faulty.url, key=KEY) as client:
        client.models()
    assert faulty.asked[0].headers["authorization"] == f"Bearer {KEY}"


def test_url_and_key_come_from_the_environment_when_they_are_left_out(
    faulty: Any, told: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUGURY_SERVER", faulty.url + "/")
    monkeypatch.setenv("AUGURY_API_KEY", f" {KEY}\n")
    faulty.will(told(body={"models": []}))
    with Client() as client:
        client.models()
    assert faulty.asked[0].headers["authorization"] == f"Bearer {KEY}"
    assert faulty.asked[0].path == "/models"


def test_without_any_url_it_is_said_where_to_give_it() -> None:
    with pytest.raises(Misconfigured, match="AUGURY_SERVER"):
        Client()


@pytest.mark.parametrize("host", ["example.com", "10.0.0.7", "127.0.0.1.example.com", "localhost.example.com"])
def test_a_key_is_not_sent_in_the_clear_to_another_machine(host: str) -> None:
    with pytest.raises(Refused, match="in the clear") as raised:
        Client(f"http://{host}:8000", key=KEY)
    assert KEY not in str(raised.value)
    with Client(f"http://{host}:8000", key=KEY, plain_http=True), Client(f"https://{host}", key=KEY):
        pass
    with Client(f"http://{host}:8000"):
        pass


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.8.9.1", "platform.localhost"])
def test_this_machine_may_be_asked_over_plain_http(host: str) -> None:
    assert address_of(f"http://{host}:8000", KEY).loopback


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host",
        "host:8000",
        "http://",
        "http://ho st",
        "https://user:pw@host",
        "https://host?x=1",
        "http://h:99999",
    ],
)
def test_what_is_no_url_of_a_platform_is_refused_without_repeating_passwords(url: str) -> None:
    with pytest.raises(InvalidInput, match="URL") as raised:
        Client(url)
    assert "pw" not in str(raised.value)


@pytest.mark.parametrize("key", ["two words", "tab\tbed", "umlaut-ü", "line\nbreak"])
def test_a_key_that_was_not_copied_whole_is_refused(key: str) -> None:
    with pytest.raises(InvalidInput, match="copied whole") as raised:
        Client("http://localhost", key=key)
    assert key not in str(raised.value)


def test_no_text_of_a_client_shows_the_key(faulty: Any) -> None:
    client = Client(faulty.url, key=KEY)
    texts = [
        repr(client),
        str(client),
        repr(client.address),
        repr(AsyncClient(faulty.url, key=KEY)),
        repr(vars(client)),
    ]
    assert all("very-secret" not in text for text in texts)
    client.close()


def test_logs_do_not_show_the_key(faulty: Any, told: Any, caplog: pytest.LogCaptureFixture) -> None:
    faulty.will(told(503), told(body={"models": []}))
    with caplog.at_level(logging.DEBUG), Client(faulty.url, key=KEY) as client:
        client.models()
    assert caplog.records
    assert "very-secret" not in caplog.text


def test_a_key_that_comes_back_is_hidden_in_the_error(faulty: Any, refused: Any) -> None:
    faulty.will(refused(401, "key-needed", f"the key {KEY} is unknown"))
    with Client(faulty.url, key=KEY) as client, pytest.raises(AuguryError) as raised:
        client.models()
    assert "very-secret" not in str(raised.value)
    assert b"very-secret" not in pickle.dumps(raised.value)


def test_redirects_are_not_followed_so_that_no_other_host_gets_the_key(faulty: Any, told: Any) -> None:
    faulty.will(told(302, headers={"location": "http://example.com/models"}))
    with Client(faulty.url, key=KEY) as client, pytest.raises(AuguryError):
        client.models()
    assert len(faulty.asked) == 1
