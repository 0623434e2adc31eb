"""API keys: made, rotated, revoked; what is stored opens nothing; the ring that checks them from memory."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.errors import Conflict, InvalidInput, NotFound, Unavailable
from augury_server.accounts.api_keys import (
    add_key,
    find_key,
    list_keys,
    revoke_key,
    rotate_key,
    state_of,
    token_parts,
)
from augury_server.accounts.keyring import KeyRing
from augury_server.accounts.models import SCOPES, ApiKey, AuditEntry
from augury_server.accounts.verification import verify_trail

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Hand:
    """A clock that a test moves."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def seconds(self) -> float:
        return self.at.timestamp()


def ring(clock: Hand | None = None) -> KeyRing:
    made = KeyRing(0.05, **({"clock": clock.seconds} if clock else {}))
    made.refresh()
    return made


def test_a_key_opens_with_its_token_and_what_is_stored_does_not(platform: Any) -> None:
    made = add_key("ci", role="operator", scopes=("stream", "predict"), by="ada")
    found = ring().find(made.token)
    assert found is not None
    assert (found.name, found.role, found.scopes) == ("ci", "operator", frozenset({"predict", "stream"}))
    assert found.actor == "key:ci"
    row = ApiKey.objects.values().get()
    secret = made.token.split("_", 2)[2]
    assert row["secret_sha256"] == hashlib.sha256(secret.encode()).hexdigest()
    assert len(secret) >= 43
    kept = str(row) + str(list(AuditEntry.objects.values()))
    assert secret not in kept
    for wrong in (row["secret_sha256"], f"aug_{row['key_id']}_{row['secret_sha256']}", row["key_id"]):
        assert ring().find(wrong) is None


def test_no_two_tokens_are_alike(sqlite_platform: Any) -> None:
    tokens = [add_key(f"key{number}", by="ada").token for number in range(50)]
    assert len({token.split("_", 2)[1] for token in tokens}) == 50
    assert len({token.split("_", 2)[2] for token in tokens}) == 50
    opened = ring()
    assert [found.name for token in tokens if (found := opened.find(token))] == [f"key{n}" for n in range(50)]
    swapped = "_".join([*tokens[0].split("_", 2)[:2], tokens[1].split("_", 2)[2]])
    assert opened.find(swapped) is None


def test_names_roles_and_scopes_are_checked(platform: Any) -> None:
    add_key("ci", by="ada")
    with pytest.raises(Conflict, match="in use"):
        add_key("ci", by="ada")
    for name in ("", "  ", "x" * 101, "two\nlines"):
        with pytest.raises(InvalidInput, match="1 to 100 printable"):
            add_key(name, by="ada")
    with pytest.raises(InvalidInput, match="operator"):
        add_key("other", role="operater", by="ada")
    with pytest.raises(InvalidInput, match="did you mean 'predict'"):
        add_key("other", scopes=("predit",), by="ada")
    with pytest.raises(InvalidInput, match="at least one scope"):
        add_key("other", scopes=(), by="ada")
    with pytest.raises(NotFound, match="did you mean 'ci'"):
        revoke_key("cj", by="ada")
    assert ApiKey.objects.count() == 1


def test_a_key_expires_by_the_clock_even_when_nothing_is_read_again(platform: Any) -> None:
    clock = Hand()
    token = add_key("trial", days=30, by="ada", now=clock).token
    opened = ring(clock)
    clock.at = START + timedelta(days=30, seconds=-1)
    assert opened.find(token) is not None
    clock.at = START + timedelta(days=30)
    assert opened.find(token) is None
    assert state_of(find_key("trial"), clock.at) == "expired"
    with pytest.raises(Conflict, match="has expired"):
        rotate_key("trial", now=clock, by="ada")


def test_after_a_rotation_both_secrets_open_until_the_grace_is_over(platform: Any) -> None:
    clock = Hand()
    first = add_key("ci", by="ada", now=clock).token
    second = rotate_key("ci", grace=timedelta(hours=2), by="ada", now=clock).token
    opened = ring(clock)
    assert first.split("_")[1] == second.split("_")[1]
    assert opened.find(first) is not None
    assert opened.find(second) is not None
    clock.at += timedelta(hours=2)
    assert opened.find(first) is None
    assert opened.find(second) is not None
    third = rotate_key("ci", grace=timedelta(0), by="ada", now=clock).token
    opened.refresh()
    assert [opened.find(token) is not None for token in (first, second, third)] == [False, False, True]


def test_a_revoked_key_opens_nothing_and_its_name_is_free(platform: Any) -> None:
    first = add_key("ci", by="ada").token
    rotated = rotate_key("ci", by="ada").token
    revoke_key("ci", reason="left in a log", by="grace")
    second = add_key("ci", by="ada").token
    opened = ring()
    assert [opened.find(token) is not None for token in (first, rotated, second)] == [False, False, True]
    assert [key.name for key in list_keys()] == ["ci"]
    old = next(key for key in list_keys(revoked=True) if key.revoked_at)
    assert (old.revoked_by, old.reason, state_of(old)) == ("grace", "left in a log", "revoked")
    entries = AuditEntry.objects.filter(action__startswith="keys.").values_list("action", "actor").order_by("id")
    assert list(entries) == [
        ("keys.add", "ada"), ("keys.rotate", "ada"), ("keys.revoke", "grace"), ("keys.add", "ada"),
    ]  # fmt: skip
    assert verify_trail().whole


def test_of_many_who_make_a_key_of_one_name_one_does(platform: Any) -> None:
    results: list[str] = []

    def make() -> None:
        try:
            add_key("ci", by="ada")
            results.append("made")
        except Conflict:
            results.append("conflict")
        finally:
            connection.close()

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(results) == ["conflict", "conflict", "conflict", "made"]
    assert AuditEntry.objects.filter(action="keys.add").count() == 1


def until(condition: Callable[[], Any], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)


def test_the_ring_notices_changes_by_itself(platform: Any) -> None:
    opened = KeyRing(0.02)
    opened.start()
    try:
        token = add_key("ci", by="ada").token
        until(lambda: opened.find(token) is not None)
        revoke_key("ci", by="ada")
        until(lambda: opened.find(token) is None)
    finally:
        opened.stop()


def test_looking_a_key_up_asks_no_database(platform: Any, django_assert_queries: Any) -> None:
    token = add_key("ci", by="ada").token
    opened = ring()
    with django_assert_queries(0):
        for _ in range(10):
            assert opened.find(token) is not None


def test_while_the_database_is_away_known_keys_go_on(
    own_postgres: Any, platforms: Callable[..., Any], tmp_path: Path
) -> None:
    next(platforms("postgresql", tmp_path, own_postgres, **{"database.pool_timeout_seconds": "1"}))
    token = add_key("ci", by="ada").token
    opened = KeyRing(0.05)
    opened.start()
    try:
        assert opened.find(token) is not None
        own_postgres.stop()
        connection.close()
        until(lambda: opened.problem)
        assert opened.find(token) is not None
        with pytest.raises(Unavailable):
            opened.refresh()
        own_postgres.start()
        until(lambda: not opened.problem)
        revoke_key("ci", by="ada")
        until(lambda: opened.find(token) is None)
    finally:
        opened.stop()


def test_a_ring_without_a_database_at_its_start_is_not_loaded(sqlite_platform: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE augury_accounts_apikey")
    opened = KeyRing(30.0)
    opened.start()
    assert not opened.loaded
    assert "augury db migrate" in opened.problem
    opened.stop()


def test_when_a_key_was_last_used_is_written_when_it_was_used_and_not_by_each_process(platform: Any) -> None:
    clock = Hand()
    token = add_key("ci", by="ada", now=clock).token
    add_key("idle", by="ada", now=clock)
    first, second = ring(clock), ring(clock)
    first.write_used()
    assert not ApiKey.objects.filter(last_used_at__isnull=False).exists()
    first.find(token)
    second.find(token)
    first.write_used()
    clock.at += timedelta(seconds=5)
    second.write_used()
    assert find_key("ci").last_used_at == START
    assert find_key("idle").last_used_at is None
    first.find(token)
    clock.at += timedelta(seconds=60)
    first.write_used()
    assert find_key("ci").last_used_at == clock.at


def test_a_ring_that_stops_writes_what_was_used(platform: Any) -> None:
    token = add_key("ci", by="ada").token
    opened = KeyRing(30.0)
    opened.start()
    opened.find(token)
    opened.stop()
    assert find_key("ci").last_used_at is not None


@settings(max_examples=200, deadline=None, derandomize=True)
@given(text=st.text(st.characters(codec=None), max_size=60) | st.from_regex(r"aug_[a-z_]{0,5}_.{0,5}"))
def test_any_text_is_a_token_or_none(text: str) -> None:
    parts = token_parts(text)
    assert parts is None or (text == f"aug_{parts[0]}_{parts[1]}" and all(parts))
    assert KeyRing(1.0).find(text) is None


def test_scopes_keep_their_order_and_come_once(sqlite_platform: Any) -> None:
    assert add_key("a", scopes=("operations", "predict", "predict"), by="ada").key.scopes == ["predict", "operations"]
    assert add_key("b", by="ada").key.scopes == list(SCOPES)
