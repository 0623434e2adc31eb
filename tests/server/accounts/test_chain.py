"""Tampering with the audit trail is found, whatever it is; what the database gives back hashes as it was written."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from augury_server.accounts.audit import audited, digest_of, record
from augury_server.accounts.chain import canonical
from augury_server.accounts.detail import tidy
from augury_server.accounts.head import head_path
from augury_server.accounts.models import AuditEntry
from augury_server.accounts.triggers import TRIGGERS
from augury_server.accounts.verification import verify_trail

TABLE = "augury_accounts_auditentry"


def _without_triggers(statement: str) -> None:
    """Do what only the owner of the database can: take the triggers away, alter, put them back."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"ALTER TABLE {TABLE} DISABLE TRIGGER USER")
            cursor.execute(statement)
            for name in TRIGGERS["postgresql"]:
                cursor.execute(f"ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER {name}")
        else:
            cursor.execute(f"SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '{TABLE}'")
            triggers = cursor.fetchall()
            for name, _ in triggers:
                cursor.execute(f"DROP TRIGGER {name}")
            cursor.execute(statement)
            for _, sql in triggers:
                cursor.execute(sql)


def _fill(count: int = 6) -> None:
    for number in range(count):
        record("registry.promote", target=f"momentum@{number}", detail={"reason": "better", "gain": 0.1 * number})


def test_a_trail_that_nobody_touched_is_whole(platform: Any) -> None:
    assert verify_trail().whole
    _fill()
    verdict = verify_trail()
    assert (verdict.entries, verdict.problems) == (6, ())


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (f"UPDATE {TABLE} SET actor = 'eve' WHERE target = 'momentum@2'", "was altered"),
        (f"UPDATE {TABLE} SET outcome = 'refused' WHERE target = 'momentum@2'", "was altered"),
        (f"""UPDATE {TABLE} SET detail = '{{"reason": "worse"}}' WHERE target = 'momentum@2'""", "was altered"),
        (f"DELETE FROM {TABLE} WHERE target = 'momentum@2'", "entries are missing"),
        (f"DELETE FROM {TABLE} WHERE target = 'momentum@0'", "entries are missing"),
        (f"DELETE FROM {TABLE} WHERE target = 'momentum@5'", "the end was cut off"),
        (f"DELETE FROM {TABLE}", "the end was cut off"),
    ],
)
def test_tampering_is_found(platform: Any, statement: str, found: str) -> None:
    _fill()
    _without_triggers(statement)
    assert any(found in problem for problem in verify_trail().problems)


def test_an_entry_that_was_altered_with_its_own_hash_breaks_the_chain(platform: Any) -> None:
    _fill()
    entry = AuditEntry.objects.get(target="momentum@2")
    entry.actor = "eve"
    _without_triggers(f"UPDATE {TABLE} SET actor = 'eve', digest = '{digest_of(entry)}' WHERE id = {entry.pk}")
    assert any("entries are missing or altered" in problem for problem in verify_trail().problems)


def test_a_missing_trigger_is_found(platform: Any) -> None:
    name = TRIGGERS[platform.engine][0]
    with connection.cursor() as cursor:
        drop = (
            f"ALTER TABLE {TABLE} DISABLE TRIGGER {name}" if platform.engine == "postgresql" else f"DROP TRIGGER {name}"
        )
        cursor.execute(drop)
    assert verify_trail().problems == (f"the trigger {name} is missing or off: entries can be altered",)


def test_without_a_kept_head_the_rest_is_still_verified(sqlite_platform: Any) -> None:
    _fill()
    head_path().write_text("not a head")
    assert verify_trail().whole


def test_a_head_that_cannot_be_written_does_not_undo_the_change(sqlite_platform: Any) -> None:
    head_path().mkdir()
    _fill(1)
    assert AuditEntry.objects.count() == 1


def test_many_writers_make_one_chain(platform: Any) -> None:
    def write(name: str) -> None:
        for number in range(10):
            with transaction.atomic():
                record("work", target=f"{name}{number}", by=name)
        connection.close()

    threads = [threading.Thread(target=write, args=(name,)) for name in ("ada", "grace", "joan", "mary")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    verdict = verify_trail()
    assert (verdict.entries, verdict.problems) == (40, ())


def test_two_processes_make_one_chain(platform: Any) -> None:
    code = (
        "from augury_server.accounts.audit import record\n"
        "for number in range(15): record('work', target=str(number), by='child')"
    )
    children = [platform.python(code) for _ in range(2)]
    for child in children:
        _, err = child.communicate(timeout=60)
        assert child.returncode == 0, err
    verdict = verify_trail()
    assert (verdict.entries, verdict.problems) == (30, ())


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(detail=st.dictionaries(st.text(max_size=8), values, max_size=4))
def test_what_is_kept_is_plain_json(detail: dict[str, Any]) -> None:
    once = tidy(detail)
    assert canonical(json.loads(json.dumps(once, allow_nan=False))) == canonical(once)


def test_what_either_engine_gives_back_hashes_as_it_was_written(platform: Any) -> None:
    from hypothesis import HealthCheck, settings

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(detail=st.dictionaries(st.text(max_size=8), values, max_size=4), target=st.text(max_size=400))
    def check(detail: dict[str, Any], target: str) -> None:
        written = record("check", target=target, detail=detail)
        read = AuditEntry.objects.get(pk=written.pk)
        assert digest_of(read) == read.digest

    check()
    assert verify_trail().whole


def test_numbers_that_differ_hash_apart() -> None:
    texts = {
        canonical(value) for value in (1, 10, 0.1, -1, 2**60, 2**60 + 1, True, None, "1", [], {}, "", [[]], 1e-300)
    }
    assert len(texts) == 14
    assert canonical(1.0) == canonical(1)
    assert canonical(1e22) == canonical(10**22)
    assert canonical(-0.0) == canonical(0)


def test_secrets_are_hidden_and_long_values_cut() -> None:
    kept = tidy({"password": "hunter2", "redis": {"url_token": "x"}, "symbols": list(range(500)), "text": "x" * 5000})
    assert kept["password"] == "***"
    assert kept["redis"] == {"url_token": "***"}
    assert len(kept["symbols"]) == 101
    assert kept["symbols"][-1] == "... 400 more"
    assert len(kept["text"]) < 2100


def test_what_happens_within_is_recorded_once_however_it_ends(platform: Any) -> None:
    from augury.errors import Conflict

    with audited("plain", detail={"options": {"n": 1}}):
        pass
    with audited("own"), transaction.atomic():
        record("own", target="by the action itself")
    with pytest.raises(Conflict), audited("declined"):
        raise Conflict("somebody was first")
    with pytest.raises(ZeroDivisionError), audited("broken"):
        _ = 1 / 0
    entries = AuditEntry.objects.order_by("id").values_list("action", "target", "outcome", "detail")
    assert list(entries) == [
        ("plain", "", "done", {"options": {"n": 1}}),
        ("own", "by the action itself", "done", {}),
        ("declined", "", "refused", {"error": "somebody was first"}),
        ("broken", "", "failed", {"error": "division by zero"}),
    ]


def test_times_are_hashed_as_moments_whatever_their_zone() -> None:
    from datetime import timedelta, timezone

    from augury_server.accounts.chain import START, entry_digest

    moment = datetime(2024, 3, 1, 12, tzinfo=UTC)
    elsewhere = moment.astimezone(timezone(timedelta(hours=5)))
    assert entry_digest(START, moment, ("a",), {}) == entry_digest(START, elsewhere, ("a",), {})
    assert entry_digest(START, moment, ("ab", ""), {}) != entry_digest(START, moment, ("a", "b"), {})
