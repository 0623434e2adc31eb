"""Answers equal the library's to the bit, whichever way they were run."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np
import pytest

from augury.errors import InvalidBars, InvalidInput, NotFound, Unavailable
from augury.learning import Prediction
from augury.market.bars import BarArrays, bars_frame
from augury_server.serving.asking import Answer, Answers, Ask
from augury_server.serving.many_rows import FEW
from augury_server.serving.warming import Pace

FAMILIES = ("linear", "trees", "forest", "network", "values")
SLOW = Pace(row_us=10_000.0, together_us=9_999.0, bars_us=10_000.0, bars=100)
WAITING = Pace(row_us=100.0, together_us=10.0, bars_us=100.0, bars=100)
QUICK = Pace(row_us=5.0, together_us=5.0, bars_us=50.0, bars=100)


def same(answer: Answer, found: Prediction, row: int) -> bool:
    """Whether an answer says what row `row` of a prediction says, bit for bit."""
    if not found.classes:
        return np.float64(answer.value).tobytes() == found.values[row].tobytes() and answer.probabilities == ()
    decision = "" if found.decision[row] < 0 else found.classes[found.decision[row]]
    return (
        np.array(answer.probabilities).tobytes() == found.probabilities[row].tobytes()
        and answer.decision == decision
        and answer.abstained == bool(found.abstained[row])
        and np.float64(answer.p_up).tobytes() == found.p_up[row].tobytes()
        and answer.classes == found.classes
    )


def all_same(answers: Answers, found: Prediction) -> bool:
    names = (*found.classes, "")
    return (
        answers.probabilities.tobytes() == found.probabilities.tobytes()
        and answers.decisions == tuple(names[place] for place in found.decision)
        and answers.abstained.tolist() == found.abstained.tolist()
        and (bool(found.classes) or answers.values.tobytes() == found.values.tobytes())
    )


@pytest.mark.parametrize("pace", [QUICK, SLOW, WAITING], ids=["inline", "thread", "together"])
@pytest.mark.parametrize("family", FAMILIES)
def test_rows_asked_alone_at_once_and_as_one_batch_have_the_bits_of_the_library(
    family: str, pace: Pace, trained: Any, in_memory: Any, table_host: Any, make_desk: Any, sqlite_platform: Any
) -> None:
    rows = trained.rows(family, 80)
    expected = trained.predictor(family).predict(rows, exact=True)
    desk = make_desk(table_host(in_memory(family, pace=pace)))

    async def ask() -> tuple[list[Answer], list[Answer], Answers]:
        one_by_one = [await desk.decide(Ask(model="trend", rows=[row.tolist()])) for row in rows]
        for _ in range(2):  # the second time it is known to be busy
            at_once = await asyncio.gather(*(desk.decide(Ask(model="trend@1", rows=row[None])) for row in rows))
        together = await desk.decide_rows(Ask(model="trend@champion", rows=rows))
        await desk.close()
        return one_by_one, at_once, together

    one_by_one, at_once, together = asyncio.run(ask())
    assert all(same(answer, expected, place) for place, answer in enumerate(one_by_one))
    assert all(same(answer, expected, place) for place, answer in enumerate(at_once))
    assert all_same(together, expected)
    assert {(answer.model, answer.version) for answer in at_once} == {("trend", 1)}
    batched = desk.figures().batched_rows > 0
    assert batched == (family in ("trees", "forest"))


@pytest.mark.parametrize("pace", [QUICK, SLOW, WAITING], ids=["inline", "thread", "together"])
@pytest.mark.parametrize("family", FAMILIES)
def test_the_last_of_some_bars_has_the_bits_of_the_library_warming_up_included(
    family: str, pace: Pace, trained: Any, in_memory: Any, table_host: Any, make_desk: Any, sqlite_platform: Any
) -> None:
    bars, predictor = trained.bars, trained.predictor(family)
    desk = make_desk(table_host(in_memory(family, pace=pace)))
    ends = [1, 5, 20, 27, 28, 29, 60, 100, 150, 200, 240]
    parts = [BarArrays(bars.opened_at[:end], np.ascontiguousarray(bars.matrix[:, :end])) for end in ends]

    async def ask() -> list[Answer]:
        found = await asyncio.gather(*(desk.decide(Ask(model="trend", bars=part)) for part in parts))
        await desk.close()
        return found

    path = predictor.predict_path(bars)
    for end, part, answer in zip(ends, parts, asyncio.run(ask()), strict=True):
        assert same(answer, predictor.predict_last(part), 0)
        assert same(answer, path, end - 1)


def test_a_frame_of_bars_is_checked_and_answered_like_its_arrays(
    trained: Any, in_memory: Any, table_host: Any, make_desk: Any, sqlite_platform: Any
) -> None:
    desk = make_desk(table_host(in_memory("trees")))
    frame = bars_frame(trained.bars.opened_at, trained.bars.matrix)
    broken = frame.assign(high=frame["low"] - 1.0)

    async def ask() -> tuple[Answer, Answer]:
        with pytest.raises(InvalidBars, match="high"):
            await desk.decide(Ask(model="trend", bars=broken))
        return await desk.decide(Ask(model="trend", bars=frame)), await desk.decide(
            Ask(model="trend", bars=trained.bars)
        )

    one, other = asyncio.run(ask())
    assert one.probabilities == other.probabilities


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([[1.0, 2.0]], "reads features"),
        ([[1.0, 2.0, 3.0, 4.0]], "reads features"),
        ([[1.0, 2.0], [1.0, 2.0, 3.0]], "equal length"),
        ([["1", "2", "3"]], "expected numbers"),
        ([[None, 1.0, 2.0]], "expected numbers"),
        ([[float("nan"), 1.0, 2.0]], "NaN"),
        ([[float("inf"), 1.0, 2.0]], "finite"),
        ([[1e39, 1.0, 2.0]], "float32"),
        ([[10**400, 1.0, 2.0]], "expected numbers"),
        ([[1e300, -1e300, 2.0]], "float32"),
        ([1.0, 2.0, 3.0], "expected numbers"),
        ([[[1.0, 2.0, 3.0]]], "expected numbers"),
        ([[1.0, 2.0, 3.0]] * 2, "one row"),
        ([], "expected"),
        ({"feature": [[1.0, 2.0, 3.0]]}, "no input"),
        ("abc", "expected"),
        (5, "expected"),
        ([[]], "reads features"),
        ([[True, "1", 2.0]], "expected numbers"),
    ],
)
def test_rows_that_the_model_cannot_read_are_refused_in_words(
    rows: Any, words: str, in_memory: Any, table_host: Any, make_desk: Any, sqlite_platform: Any
) -> None:
    desk = make_desk(table_host(in_memory("linear")))
    with pytest.raises(InvalidInput, match=words):
        asyncio.run(desk.decide(Ask(model="trend", rows=rows)))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rows": None}, "either rows or bars"),
        ({"bars": 1}, "either rows or bars"),
        ({"symbol": "A" * 51}, "at most 50"),
        ({"symbol": "A\0"}, "printable"),
        ({"symbol": "\ud800"}, "printable"),
        ({"request_id": "r" * 101}, "at most 100"),
        ({"bar_opened_at_ns": 2**63}, "64 bits"),
        ({"symbol": ["A"]}, "one symbol"),
        ({"bar_opened_at_ns": [1, 2]}, "one bar_opened_at_ns"),
    ],
)
def test_what_no_record_could_hold_is_refused_before_anything_is_run(
    changes: dict[str, Any], words: str, in_memory: Any, table_host: Any, make_desk: Any, kept: Any,
    sqlite_platform: Any,
) -> None:  # fmt: skip
    desk = make_desk(table_host(in_memory("linear")), kept)
    asked = {"model": "trend", "rows": [[1.0, 2.0, 3.0]], **changes}
    with pytest.raises(InvalidInput, match=words):
        asyncio.run(desk.decide(Ask(**asked)))
    assert kept.offered == []


def test_an_unknown_model_is_not_found_and_near_names_are_told(
    in_memory: Any, table_host: Any, make_desk: Any, sqlite_platform: Any
) -> None:
    desk = make_desk(table_host(in_memory("linear")))
    with pytest.raises(NotFound, match="did you mean 'trend'"):
        asyncio.run(desk.decide(Ask(model="trent", rows=[[1.0, 2.0, 3.0]])))
    with pytest.raises(NotFound):
        asyncio.run(desk.decide_rows(Ask(model="trend@9", rows=[[1.0, 2.0, 3.0]])))


def test_a_question_prepared_for_a_version_is_answered_by_it_though_another_serves_by_now(
    trained: Any, in_memory: Any, table_host: Any, make_desk: Any, sqlite_platform: Any
) -> None:
    before, after = table_host(in_memory("linear")), table_host(in_memory("trees", version=2))
    desk, rows = make_desk(after), trained.rows("linear", 3)
    route = before.route("trend")

    async def ask() -> Any:
        asked = Ask(model="trend", rows=rows, route=route)
        one = await desk.decide(Ask(model="trend", rows=rows[:1], route=route))
        return one, await desk.decide_rows(asked), await desk.decide(Ask(model="trend", rows=rows[:1]))

    one, several, now = asyncio.run(ask())
    assert (one.version, several.versions, now.version) == (1, (1, 1, 1), 2)
    assert all_same(several, trained.predictor("linear").predict(rows, exact=True))


def test_every_answer_is_recorded_with_what_was_read_and_said(
    trained: Any, in_memory: Any, table_host: Any, make_desk: Any, kept: Any, sqlite_platform: Any
) -> None:
    model = in_memory("trees")
    desk = make_desk(table_host(model), kept)
    rows = trained.rows("trees", 3)

    async def ask() -> tuple[Answer, Answers]:
        one = await desk.decide(
            Ask(model="trend", rows=rows[:1], symbol="AAPL", bar_opened_at_ns=7 * 10**18 // 4, request_id="r-1")
        )
        await desk.decide(Ask(model="trend", rows=rows[:1], record=False))
        return one, await desk.decide_rows(
            Ask(model="trend", rows=rows, symbol=["AAPL", "IBM", "AAPL"], bar_opened_at_ns=[1, 2, 3])
        )

    one, several = asyncio.run(ask())
    first, *rest = kept.offered
    assert (first.id, first.model_name, first.model_version) == (one.id, "trend", 1)
    assert (first.symbol, first.bar_opened_at_ns, first.request_id) == ("AAPL", 7 * 10**18 // 4, "r-1")
    assert first.probabilities == one.probabilities
    assert (first.decision, first.latency_us) == (one.decision, one.took_us)
    assert first.inputs_sha256 == hashlib.sha256(rows[:1].astype(np.float32).tobytes()).hexdigest()
    assert [(record.symbol, record.bar_opened_at_ns) for record in rest] == [("AAPL", 1), ("IBM", 2), ("AAPL", 3)]
    assert tuple(record.id for record in rest) == several.ids
    assert [record.probabilities for record in rest] == [tuple(row) for row in several.probabilities.tolist()]
    assert rest[0].inputs_sha256 == first.inputs_sha256
    assert len({record.id for record in kept.offered}) == 4


def test_records_can_be_written_to_the_database_as_they_are(
    platform: Any, trained: Any, in_memory: Any, table_host: Any, make_desk: Any, kept: Any
) -> None:
    from augury_server.predictions.models import Prediction as Row
    from augury_server.predictions.recording import record_predictions

    desk = make_desk(table_host(in_memory("values", name="returns"), in_memory("network")), kept)

    async def ask() -> None:
        await desk.decide(Ask(model="returns", bars=trained.bars, symbol="AAPL"))
        await desk.decide(Ask(model="trend", bars=trained.bars))
        await desk.decide_rows(Ask(model="trend", rows=trained.rows("network", 5)))

    asyncio.run(ask())
    assert record_predictions(kept.offered) == 7
    row = Row.objects.get(symbol="AAPL")
    assert row.bar_opened_at_ns == int(trained.bars.opened_at[-1])
    assert row.probabilities == [kept.offered[0].probabilities[0]]


def test_a_bar_that_cannot_be_judged_is_answered_with_nan_and_not_recorded(
    trained: Any, in_memory: Any, table_host: Any, make_desk: Any, kept: Any, sqlite_platform: Any
) -> None:
    desk = make_desk(table_host(in_memory("trees")), kept)
    short = BarArrays(trained.bars.opened_at[:5], np.ascontiguousarray(trained.bars.matrix[:, :5]))
    answer = asyncio.run(desk.decide(Ask(model="trend", bars=short)))
    assert np.isnan(answer.probabilities).all()
    assert (answer.decision, answer.abstained) == ("", False)
    assert kept.offered == []


def test_durable_records_are_kept_before_the_answer_and_without_them_there_is_none(
    trained: Any, in_memory: Any, table_host: Any, make_desk: Any, kept: Any, sqlite_platform: Any
) -> None:
    desk = make_desk(table_host(in_memory("linear")), kept, record="durable")
    rows = trained.rows("linear", 2)

    async def ask() -> None:
        answer = await desk.decide(Ask(model="trend", rows=rows[:1]))
        assert [record.id for record in kept.kept] == [answer.id]
        several = await desk.decide_rows(Ask(model="trend", rows=rows))
        assert tuple(record.id for record in kept.kept[1:]) == several.ids
        kept.fail = Unavailable("no room")
        with pytest.raises(Unavailable, match="no room"):
            await desk.decide(Ask(model="trend", rows=rows[:1]))

    asyncio.run(ask())
    assert kept.offered == []


def but_for_the_moment(record: Any) -> Any:
    """A record without what no two have in common."""
    return msgspec.structs.replace(record, id=uuid.UUID(int=0), made_at=datetime.min.replace(tzinfo=UTC), latency_us=0)


@pytest.fixture(params=["off", "buffered"])
def mode(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(params=FAMILIES)
def at_hand(
    request: pytest.FixtureRequest,
    mode: str,
    in_memory: Any,
    table_host: Any,
    make_desk: Any,
    kept: Any,
    sqlite_platform: Any,
) -> Any:
    """A family, how its answers are recorded, and a desk that has one of its models."""
    return request.param, mode, make_desk(table_host(in_memory(request.param, pace=QUICK)), kept, record=mode)


def test_what_is_at_hand_is_the_same_answer_without_waiting(at_hand: Any, trained: Any, kept: Any) -> None:
    family, mode, desk = at_hand
    rows = trained.rows(family, 20)
    expected = trained.predictor(family).predict(rows, exact=True)
    for place in range(20):
        ask = Ask(model="trend", rows=rows[place : place + 1], symbol="IBM", bar_opened_at_ns=7, request_id="the-same")
        now, later = desk.decide_now(ask), asyncio.run(desk.decide(ask))
        assert now is not None
        assert same(now, expected, place)
        changing = {"id": later.id, "took_us": later.took_us}
        assert msgspec.structs.replace(now, **changing) == later
        if mode == "buffered":
            one, other = kept.offered[-2:]
            assert (one.id, but_for_the_moment(one)) == (now.id, but_for_the_moment(other))
    assert len(kept.offered) == (40 if mode == "buffered" else 0)
    assert desk.figures().answers == 40


def test_few_rows_at_hand_have_the_same_answers_without_waiting(at_hand: Any, trained: Any, kept: Any) -> None:
    family, mode, desk = at_hand
    for count in (0, 1, 10, FEW):
        rows = trained.rows(family, count)
        about = {"symbol": [f"S{place}" for place in range(count)], "bar_opened_at_ns": list(range(count))}
        ask = Ask(model="trend", rows=rows, request_id="the-same", **about)
        now, later = desk.decide_rows_now(ask), asyncio.run(desk.decide_rows(ask))
        assert all_same(now, trained.predictor(family).predict(rows, exact=True))
        for name in Answers.__struct_fields__:
            one, other = getattr(now, name), getattr(later, name)
            if isinstance(one, np.ndarray):
                np.testing.assert_array_equal(one, other, strict=True)
            elif name not in ("ids", "took_us"):
                assert (type(one), one) == (type(other), other), name
        recorded = len(kept.offered) // 2
        assert (recorded, len(now.ids)) == ((count, count) if mode == "buffered" else (0, 0))
        for one, other, made in zip(kept.offered, kept.offered[recorded:], now.ids, strict=False):
            assert (one.id, but_for_the_moment(one)) == (made, but_for_the_moment(other))
            assert one.latency_us <= now.took_us
        assert now.took_us > 0
        kept.offered.clear()
    assert desk.figures().answers == 2 * (1 + 10 + FEW)
    assert desk.decide_rows_now(Ask(model="trend", rows=trained.rows(family, FEW + 1))) is None


def test_what_is_not_at_hand_is_neither_answered_nor_kept(
    trained: Any, in_memory: Any, table_host: Any, make_desk: Any, kept: Any, sqlite_platform: Any
) -> None:
    row = Ask(model="trend", rows=trained.rows("linear", 1))
    quick, slow = in_memory("linear", pace=QUICK), in_memory("linear", pace=SLOW)
    assert make_desk(table_host(quick), kept).decide_now(Ask(model="trend", bars=trained.bars)) is None
    assert make_desk(table_host(slow), kept).decide_now(row) is None
    assert make_desk(table_host(quick), kept, record="durable").decide_now(row) is None
    several = Ask(model="trend", rows=trained.rows("linear", 2))
    assert make_desk(table_host(slow), kept).decide_rows_now(several) is None
    assert make_desk(table_host(quick), kept, record="durable").decide_rows_now(several) is None
    desk = make_desk(table_host(quick), kept)
    with pytest.raises(InvalidInput):
        desk.decide_rows_now(Ask(model="trend", rows=several.rows, symbol=["A"]))
    with pytest.raises(InvalidInput):
        desk.decide_rows_now(Ask(model="trend", rows=np.full((2, 3), 1e39)))
    for ask, error in (
        (Ask(model="trent", rows=row.rows), NotFound),
        (Ask(model="trend", rows=trained.rows("linear", 2)), InvalidInput),
        (Ask(model="trend", rows=[["x", 1.0, 2.0]]), InvalidInput),
        (Ask(model="trend", rows=row.rows, symbol="\x07"), InvalidInput),
    ):
        with pytest.raises(error):
            desk.decide_now(ask)
    assert (kept.offered, kept.kept, desk.figures().answers) == ([], [], 0)


def test_nothing_is_recorded_when_records_are_off(
    trained: Any, in_memory: Any, table_host: Any, make_desk: Any, kept: Any, sqlite_platform: Any
) -> None:
    desk = make_desk(table_host(in_memory("linear")), kept, record="off")
    several = asyncio.run(desk.decide_rows(Ask(model="trend", rows=trained.rows("linear", 2))))
    assert (kept.offered, kept.kept, several.ids) == ([], [], ())


def test_no_rows_give_no_answers(
    in_memory: Any, table_host: Any, make_desk: Any, kept: Any, sqlite_platform: Any
) -> None:
    desk = make_desk(table_host(in_memory("linear")), kept)
    found = asyncio.run(desk.decide_rows(Ask(model="trend", rows=np.empty((0, 3)))))
    assert (len(found), found.probabilities.shape, kept.offered) == (0, (0, 2), [])
