"""What is tried again, how often and after how long; what never is."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.client import AsyncClient, Client, Retries, Timeouts
from augury.client.retrying import retry_after
from augury.client.steps import Reply
from augury.errors import AuguryError, Conflict, InvalidInput, NotFound, Refused, Unavailable

ANSWER = {"id": "p1", "model": "trend", "version": 3, "classes": ["down", "up"], "probabilities": [0.25, 0.75]}


@pytest.fixture
def client(faulty: Any, moved: Any) -> Any:
    with Client(faulty.url, means=moved.means()) as made:
        yield made


def test_a_busy_platform_is_asked_again_until_it_answers(client: Any, faulty: Any, moved: Any, told: Any) -> None:
    faulty.will(told(503), told(502), told(504), told(body=ANSWER))
    assert client.predict("trend", [1.0]).version == 3
    assert len(faulty.asked) == 4
    assert moved.slept == [0.1, 0.2, 0.4]


def test_pauses_double_up_to_their_cap_and_a_random_part_of_them_is_slept() -> None:
    policy = Retries(attempts=99, first_seconds=0.1, longest_seconds=1.0)
    assert [policy.pause(tried, 1.0) for tried in (1, 2, 3, 4, 5, 6, 99)] == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0, 1.0]
    assert policy.pause(3, 0.0) == 0.0
    assert policy.pause(3, 0.5) == 0.2


@given(tried=st.integers(1, 10_000), chance=st.floats(0, 1))
def test_a_pause_is_never_longer_than_its_cap(tried: int, chance: float) -> None:
    assert 0 <= Retries().pause(tried, chance) <= 5.0


def test_too_many_requests_are_sent_again_after_what_the_platform_asks(
    client: Any, faulty: Any, moved: Any, told: Any
) -> None:
    faulty.will(told(429, headers={"retry-after": "7"}), told(body={"models": []}))
    assert client.models() == ()
    assert moved.slept == [7.0]


def test_a_date_to_wait_for_is_read_against_the_platforms_own_clock() -> None:
    headers = {"retry-after": "Wed, 21 Oct 2015 07:28:30 GMT", "date": "Wed, 21 Oct 2015 07:28:00 GMT"}
    assert retry_after(Reply(status=429, headers=headers)) == 30.0
    assert retry_after(Reply(status=429, headers={"retry-after": "soon"})) == 0.0
    assert retry_after(Reply(status=429, headers={})) == 0.0


def test_waiting_never_goes_beyond_the_deadline_of_the_call(faulty: Any, moved: Any, told: Any) -> None:
    faulty.will(told(503, headers={"retry-after": "3600"}), told(body={"models": []}))
    with Client(faulty.url, means=moved.means()) as client, pytest.raises(Unavailable, match="HTTP 503"):
        client.models()
    assert moved.slept == []
    assert len(faulty.asked) == 1


def test_attempts_are_counted_and_told(faulty: Any, moved: Any, told: Any) -> None:
    faulty.will(*[told(503)] * 9)
    with (
        Client(faulty.url, retries=Retries(attempts=3), means=moved.means()) as client,
        pytest.raises(Unavailable, match=r"\(3 attempts\)"),
    ):
        client.models()
    assert len(faulty.asked) == 3


def test_a_connection_that_breaks_is_made_again_for_what_changes_nothing(client: Any, faulty: Any, told: Any) -> None:
    faulty.will(told(reset=True), told(body=ANSWER, cut=9), told(body=ANSWER))
    answer = client.predict("trend", {"a": 1.0})
    assert answer.probabilities == (0.25, 0.75)
    sent = [request.headers["x-request-id"] for request in faulty.asked]
    assert len(set(sent)) == 1, "one question, one request id"


def test_a_change_of_state_keeps_one_idempotency_key_through_its_retries(client: Any, faulty: Any, told: Any) -> None:
    faulty.will(told(reset=True), told(503), told(body={"done": True}))
    assert client.run("registry.promote", name="trend", version=3).result == {"done": True}
    keys = [request.headers["idempotency-key"] for request in faulty.asked]
    assert len(keys) == 3
    assert len(set(keys)) == 1
    faulty.will(told(body={"done": True}))
    client.run("registry.promote", name="trend", version=3)
    assert faulty.asked[-1].headers["idempotency-key"] != keys[0], "another call, another key"


@pytest.mark.parametrize("fault", [{"reset": True}, {"status": 502}, {"status": 503}, {"body": {}, "cut": 1}])
def test_an_update_of_a_session_is_not_sent_twice(client: Any, faulty: Any, told: Any, fault: dict[str, Any]) -> None:
    faulty.will(told(body={"id": "s1"}), told(**fault), told(body={"id": 1}))
    session = client.open_stream(window=20)
    with pytest.raises(Unavailable):
        session.update(1.5)
    assert [request.path for request in faulty.asked] == ["/streams", "/streams/s1"]


def test_an_update_that_was_refused_before_any_work_is_sent_again(client: Any, faulty: Any, told: Any) -> None:
    faulty.will(told(body={"id": "s1"}), told(429), told(body={"id": 1, "change": {"alarm": True}}))
    update = client.open_stream().update(1.5, at_ns=7)
    assert update.alarm
    assert faulty.asked[-1].json() == {"value": 1.5, "at_ns": 7}


def test_nobody_listening_is_told_as_such_after_every_attempt(moved: Any, faulty: Any) -> None:
    faulty.close()
    with Client(faulty.url, means=moved.means()) as client:
        with pytest.raises(Unavailable, match=r"no answer from the platform to GET /models \(5 attempts\)"):
            client.models()
        assert client.health().status == "unavailable"


@pytest.mark.parametrize(
    ("status", "kind", "error"),
    [
        (422, "invalid-input", InvalidInput), (404, "not-found", NotFound), (409, "conflict", Conflict),
        (403, "refused", Refused), (401, "key-needed", Refused), (400, "malformed-request", InvalidInput),
        (500, "failed", AuguryError), (413, "body-too-large", InvalidInput), (418, "something-new", AuguryError),
    ],
)  # fmt: skip
def test_problem_documents_become_the_librarys_errors_with_the_requests_id(
    client: Any, faulty: Any, refused: Callable[..., Any], status: int, kind: str, error: type[AuguryError]
) -> None:
    faulty.will(refused(status, kind, "the reason"))
    with pytest.raises(error, match=re.escape(f"the reason (HTTP {status}, request r-17)")) as raised:
        client.model("trend")
    assert type(raised.value) is error
    assert len(faulty.asked) == 1


def test_every_problem_of_the_platform_is_the_error_that_it_was_made_from() -> None:
    from augury.client.problems import problem_kind

    problems = pytest.importorskip("augury_server.api.problems")
    for error, name in problems.ERRORS.items():
        kind = problems.KINDS[name]
        expected = AuguryError if error is AuguryError else error
        assert issubclass(expected, problem_kind(kind.urn, kind.status)), name
        if name != "missing-extra":
            assert problem_kind(kind.urn, kind.status) is expected, name


def test_a_proxys_page_is_not_repeated_in_the_error(client: Any, faulty: Any, told: Any) -> None:
    faulty.will(told(404, b"<html><h1>404</h1></html>", {"content-type": "text/html"}))
    with pytest.raises(NotFound, match="no reason was given"):
        client.model("trend")


def test_something_that_is_no_platform_is_said_to_be_none(client: Any, faulty: Any, told: Any) -> None:
    faulty.will(told(body=b"hello", headers={"content-type": "text/plain"}), told(body=b"\xff\xfe"))
    for _ in range(2):
        with pytest.raises(Unavailable, match="something else"):
            client.models()


def test_a_silent_platform_is_given_up_after_the_read_timeout(faulty: Any, told: Any) -> None:
    faulty.will(told(hold=True))
    patience = Timeouts(read_seconds=0.2, total_seconds=30)
    with (
        Client(faulty.url, timeout=patience, retries=Retries(attempts=1)) as client,
        pytest.raises(Unavailable, match="no answer in time"),
    ):
        client.models()


def test_a_body_that_drips_for_ever_ends_at_the_deadline(faulty: Any, told: Any) -> None:
    patience = Timeouts(read_seconds=5, total_seconds=0.4)
    faulty.will(told(body=b"[" + b" " * 100_000 + b"]", drip=True))
    with Client(faulty.url, timeout=patience) as client, pytest.raises(Unavailable, match="not whole in time"):
        client.models()

    async def the_same() -> None:
        faulty.will(told(body=b"[" + b" " * 100_000 + b"]", drip=True))
        async with AsyncClient(faulty.url, timeout=patience) as client:
            with pytest.raises(Unavailable, match="not whole in time"):
                await client.models()

    asyncio.run(the_same())


def test_the_twin_for_event_loops_does_the_same(faulty: Any, moved: Any, told: Any, refused: Any) -> None:
    async def ask() -> None:
        fast = Retries(first_seconds=0.001, longest_seconds=0.002)
        async with AsyncClient(faulty.url, retries=fast) as client:
            faulty.will(told(503), told(reset=True), told(body=ANSWER, cut=5), told(body=ANSWER))
            assert (await client.predict("trend", [1.0])).id == "p1"
            faulty.will(refused(404, "not-found", "no model is named 'x'"))
            with pytest.raises(NotFound, match="no model is named 'x'"):
                await client.model("x")
            faulty.will(told(body={"id": "s1"}), told(reset=True), told(204, b""))
            session = await client.open_stream()
            with pytest.raises(Unavailable, match="it is not repeated"):
                await session.update(1.0)
            await session.close()

    asyncio.run(ask())
    assert [request.path for request in faulty.asked] == ["/predict"] * 4 + ["/models/x"] + [
        "/streams", "/streams/s1", "/streams/s1",
    ]  # fmt: skip


@pytest.mark.parametrize("patience", [{"read_seconds": 0}, {"total_seconds": float("nan")}, {"connect_seconds": -1}])
def test_patience_that_makes_no_sense_is_refused(patience: dict[str, float]) -> None:
    with pytest.raises(InvalidInput, match="positive"):
        Timeouts(**patience)
