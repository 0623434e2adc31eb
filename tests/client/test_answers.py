"""What is asked and how answers are read: bodies, pages, streams in windows, jobs that are followed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.client import AsyncClient, Client, Health, Job, Prediction, Question
from augury.client.encoding import numbers
from augury.client.questions import windows
from augury.errors import InvalidInput, Refused, Unavailable


@pytest.fixture
def client(faulty: Any, moved: Any) -> Any:
    with Client(faulty.url, means=moved.means()) as made:
        yield made


def answer(place: int) -> dict[str, Any]:
    return {"id": f"p{place}", "model": "m", "version": 1, "probabilities": [0.5, 0.5]}


def lines(*items: Any) -> bytes:
    return b"".join(msgspec.json.encode(item) + b"\n" for item in items)


def test_undefined_numbers_travel_as_null_and_all_others_with_every_bit(client: Any, faulty: Any, told: Any) -> None:
    row = np.array([0.1, np.nan, -0.0, 5e-324])
    faulty.will(told(body=answer(1)))
    client.predict("m", row, symbol="AAPL", unit="u")
    sent = faulty.asked[0].json()
    assert sent.keys() == {"model", "row", "symbol", "unit"}
    assert sent["row"][1] is None
    assert [value.hex() for value in (sent["row"][0], sent["row"][2], sent["row"][3])] == [
        value.hex() for value in (0.1, -0.0, 5e-324)
    ]


@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=False) | st.none() | st.integers(-(2**53), 2**53), max_size=20)
)
def test_rows_survive_the_way(row: list[Any]) -> None:
    back = msgspec.json.decode(msgspec.json.encode(numbers(row, "row")))
    assert len(back) == len(row)
    for sent, got in zip(row, back, strict=True):
        if sent is None or sent != sent:
            assert got is None
        else:
            assert got == sent
            assert np.signbit(got) == np.signbit(sent)


@pytest.mark.parametrize("row", [[float("inf")], {"a": -float("inf")}, [object()]])
def test_what_is_no_number_is_refused_before_it_is_sent(client: Any, faulty: Any, row: Any) -> None:
    with pytest.raises(InvalidInput):
        client.predict("m", row)
    assert faulty.asked == []


def test_a_stream_takes_only_as_many_questions_as_it_sends(client: Any, faulty: Any, told: Any) -> None:
    taken: list[int] = []

    def questions() -> Iterator[Question]:
        for place in range(7):
            taken.append(place)
            yield Question(model="m", row=[float(place)])

    for size in (3, 3, 1):
        faulty.will(told(body=lines(*map(answer, range(size))), headers={"content-type": "application/x-ndjson"}))
    answers = client.predict_stream(questions(), window=3)
    next(answers)
    assert taken == [0, 1, 2]
    assert len(list(answers)) == 6
    assert [request.body.count(b"\n") for request in faulty.asked] == [3, 3, 1]


def test_a_line_that_was_refused_is_raised_and_a_missing_one_too(client: Any, faulty: Any, told: Any) -> None:
    problem = {"type": "urn:augury:problem:invalid-input", "title": "bad", "status": 422, "detail": "line 2 is wrong"}
    faulty.will(told(body=lines(answer(1), {"line": 2, "error": problem})), told(body=lines(answer(1))))
    questions = [Question(model="m", row=[1.0])] * 2
    with pytest.raises(InvalidInput, match="line 2 is wrong"):
        list(client.predict_stream(questions))
    with pytest.raises(Unavailable, match="expected 2 answers"):
        list(client.predict_stream(questions))


def test_a_stream_on_an_event_loop_takes_asynchronous_questions(faulty: Any, told: Any) -> None:
    async def questions() -> Any:
        for place in range(5):
            yield Question(model="m", row=[float(place)])

    async def talk() -> list[str]:
        for size in (2, 2, 1):
            faulty.will(told(body=lines(*map(answer, range(size)))))
        async with AsyncClient(faulty.url) as client:
            return [each.id async for each in client.predict_stream(questions(), window=2)]

    assert asyncio.run(talk()) == ["p0", "p1", "p0", "p1", "p0"]


@given(st.lists(st.integers()), st.integers(1, 9))
def test_windows_hold_every_item_once_in_order(items: list[int], size: int) -> None:
    found = list(windows(items, size))
    assert [item for window in found for item in window] == items
    assert all(len(window) == size for window in found[:-1])


def test_pages_are_followed_by_their_links_and_never_to_another_path(client: Any, faulty: Any, told: Any) -> None:
    link = '<http://example.com/elsewhere?limit=2&cursor=abc>; rel="next"'
    faulty.will(
        told(body={"jobs": [{"id": "1"}, {"id": "2"}]}, headers={"link": link}), told(body={"jobs": [{"id": "3"}]})
    )
    assert [job.id for job in client.jobs.list(state="queued", limit=10)] == ["1", "2", "3"]
    assert [(request.path, request.query) for request in faulty.asked] == [
        ("/v1/jobs", "limit=10&state=queued"), ("/v1/jobs", "limit=2&cursor=abc"),
    ]  # fmt: skip


def test_a_list_whose_next_page_is_itself_ends(client: Any, faulty: Any, told: Any) -> None:
    again = {"link": "</v1/jobs?limit=9>; rel=next"}
    faulty.will(told(body={"jobs": [{"id": "1"}]}, headers=again), told(body={"jobs": [{"id": "1"}]}, headers=again))
    assert len(client.jobs.list(limit=9)) == 1


def test_a_job_is_looked_at_ever_more_seldom_until_it_ends(client: Any, faulty: Any, moved: Any, told: Any) -> None:
    states = ["running"] * 12 + ["succeeded"]
    faulty.will(told(202, {"job": {"id": "j", "state": "queued"}, "href": "", "events": ""}))
    faulty.will(*(told(body={"id": "j", "state": state, "progress": 0.5, "result": {"n": 1}}) for state in states))
    seen: list[str] = []
    done = client.run("train", progress=lambda job: seen.append(job.state), model="linear")
    assert done.result == {"n": 1}
    assert seen == ["queued", *states]
    assert moved.slept[0] == 0.1
    assert moved.slept == sorted(moved.slept)
    assert max(moved.slept) == 2.0


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_a_job_that_did_not_succeed_is_raised_with_its_reason(client: Any, faulty: Any, told: Any, state: str) -> None:
    faulty.will(told(202, {"job": {"id": "j", "state": state, "error": "no memory"}, "href": "", "events": ""}))
    with pytest.raises(Refused, match=f"train {state} as job j: no memory"):
        client.run("train")


def test_waiting_for_a_job_has_an_end_and_the_job_goes_on(client: Any, faulty: Any, told: Any) -> None:
    faulty.will(*[told(body={"id": "j", "state": "running"})] * 50)
    with pytest.raises(Unavailable, match="still running after 3 seconds; it goes on there"):
        client.jobs.wait("j", seconds=3)


def test_options_travel_as_json_has_them(client: Any, faulty: Any, told: Any) -> None:
    faulty.will(told(body={"exit_code": 1, "rows": []}))
    done = client.run("x", files=("a", Path("b.csv")), ratio=0.5, flag=True, nothing=None)
    assert faulty.asked[0].json() == {"files": ["a", "b.csv"], "ratio": 0.5, "flag": True, "nothing": None}
    assert (done.exit_code, done.result) == (1, {"rows": []})
    with pytest.raises(InvalidInput, match="finite"):
        client.run("x", ratio=float("nan"))


def test_health_of_a_platform_that_is_down_is_what_it_says(client: Any, faulty: Any, told: Any) -> None:
    faulty.will(told(503, {"status": "down", "parts": [{"name": "models", "state": "down"}]}))
    health = client.health()
    assert (health.status, health.ok, len(faulty.asked)) == ("down", False, 1)
    assert health.parts[0]["name"] == "models"
    faulty.will(told(503, b"<html>away</html>"))
    assert client.health().status == "unavailable"
    assert Health(status="ok").ok


def test_fields_of_a_newer_platform_are_no_mistake() -> None:
    body = b'{"id": "1", "model": "m", "version": 2, "probabilities": [0.5, null], "invented_later": {"x": 1}}'
    assert msgspec.json.decode(body, type=Prediction).probabilities == (0.5, None)
    assert msgspec.json.decode(b'{"id": "1", "later": 1}', type=Job).id == "1"


def test_a_download_that_breaks_off_leaves_what_was_there(client: Any, faulty: Any, told: Any, tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    target.write_text("before")
    faulty.will(*[told(body=b"x" * 1000, cut=300)] * 5)
    with pytest.raises(Unavailable):
        client.files.download("a.csv", target)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["before"]
    faulty.will(told(body=b"x" * 1000, cut=300), told(body=b"x" * 1000))
    client.files.download("a.csv", target)
    assert target.read_text() == "x" * 1000


def test_a_download_that_came_altered_is_refused(client: Any, faulty: Any, told: Any, tmp_path: Path) -> None:
    faulty.will(told(body=b"altered", headers={"etag": '"' + "0" * 64 + '"'}))
    with pytest.raises(Unavailable, match="came altered"):
        client.files.download("a.csv", tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []


def test_an_upload_is_sent_whole_again_when_the_connection_broke(
    client: Any, faulty: Any, told: Any, tmp_path: Path
) -> None:
    source = tmp_path / "a.bin"
    source.write_bytes(bytes(range(256)) * 3000)
    faulty.will(told(reset=True), told(201, {"name": "a.bin", "bytes": 768_000}))
    assert client.files.upload(source).bytes == 768_000
    assert [request.body for request in faulty.asked] == [source.read_bytes()] * 2
    assert faulty.asked[0].headers["content-length"] == "768000"


def test_what_a_job_found_wrong_is_its_exit_code(client: Any, faulty: Any, told: Any) -> None:
    job = {"id": "j", "state": "succeeded", "result": {"rows": [], "exit_code": 1}}
    faulty.will(told(202, {"job": job, "href": "", "events": ""}))
    done = client.run("registry.verify")
    assert (done.exit_code, done.result) == (1, {"rows": []})
