"""Waiting together: where it pays and bits allow; versions never mix; who gives up or fails disturbs nobody."""

from __future__ import annotations

import asyncio
import math
import threading
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.errors import InvalidArtefact
from augury.learning import CalibrationMap, Knots
from augury.learning.artefacts.manifest import Abstention
from augury.learning.artefacts.prediction import prediction_of
from augury_server.serving.asking import Ask
from augury_server.serving.batching import BUSY, INLINE_US, SLOWER, SPARED_US, Runner
from augury_server.serving.identifying import new_ids
from augury_server.serving.one_row import judge_of
from augury_server.serving.warming import Pace

WAITING = Pace(row_us=100.0, together_us=10.0)
IN_A_THREAD = Pace(row_us=10_000.0, together_us=9_000.0)


class Watched:
    """Counts the rows of each run of a model and where it took place."""

    def __init__(self, model: Any) -> None:
        self.sizes: list[int] = []
        self.threads: set[str] = set()
        self.hold: threading.Event | None = None
        inner = model.predictor._run

        def run(feeds: Any) -> Any:
            self.sizes.append(len(next(iter(feeds.values()))))
            self.threads.add(threading.current_thread().name)
            if self.hold is not None:
                assert self.hold.wait(30)
            return inner(feeds)

        model.predictor._run = model.predictor._session._call = run


def test_rows_that_arrive_together_run_together_in_portions_of_the_setting_once_it_is_busy(
    in_memory: Any, trained: Any, table_host: Any, make_desk: Any, sqlite_platform: Any
) -> None:
    model = in_memory("trees", pace=WAITING)
    watched = Watched(model)
    desk = make_desk(table_host(model), batch_rows=32)
    rows = trained.rows("trees", 100)

    async def rounds() -> None:
        for _ in range(2):
            await asyncio.gather(*(desk.decide(Ask(model="trend", rows=row[None])) for row in rows))
        await desk.close()

    asyncio.run(rounds())
    assert watched.sizes == [1] * 100 + [32, 32, 32, 4]
    assert watched.threads == {"MainThread"}
    assert (desk.figures().batches, desk.figures().batched_rows) == (4, 100)


def test_few_askers_never_wait_and_when_many_are_few_again_nobody_does(
    in_memory: Any, trained: Any, table_host: Any, make_desk: Any, sqlite_platform: Any
) -> None:
    model = in_memory("trees", pace=WAITING)
    watched = Watched(model)
    desk = make_desk(table_host(model))
    rows = trained.rows("trees", 100)

    async def rounds(askers: int, times: int) -> list[int]:
        watched.sizes.clear()
        for _ in range(times):
            await asyncio.gather(*(desk.decide(Ask(model="trend", rows=row[None])) for row in rows[:askers]))
        return list(watched.sizes)

    async def every() -> None:
        few = int(BUSY) - 1
        assert await rounds(few, 20) == [1] * few * 20
        assert max(await rounds(60, 5)) == 60
        assert (await rounds(1, 50))[-20:] == [1] * 20
        batches = desk.figures().batches
        await rounds(1, 20)
        assert desk.figures().batches == batches

    asyncio.run(every())


def test_who_need_not_wait_waits_only_where_others_save_more_than_waiting_costs(
    in_memory: Any, trained: Any, table_host: Any, make_desk: Any, sqlite_platform: Any
) -> None:
    less, more = (Pace(row_us=SPARED_US + 10.0 + by, together_us=10.0) for by in (-0.1, 0.1))
    rows = trained.rows("trees", 50)

    async def asked_now(pace: Pace) -> tuple[list[bool], Any]:
        desk = make_desk(table_host(in_memory("trees", pace=pace)))
        found = []
        for _ in range(20):  # turns of the loop
            asked = [Ask(model="trend", rows=row[None]) for row in rows]
            now = [desk.decide_now(one) for one in asked]
            await asyncio.gather(*(desk.decide(one) for one, answer in zip(asked, now, strict=True) if answer is None))
            await asyncio.sleep(0)
            found.append(all(now))
        return found, desk._runner._usual

    assert asyncio.run(asked_now(less)) == ([True] * 20, 0.0)
    found, usual = asyncio.run(asked_now(more))
    assert (found[0], found[-1]) == (True, False)
    assert usual <= 50.0, "each is counted once"
    assert not Runner(batch_rows=64).quick_alone(in_memory("network", pace=Pace(row_us=INLINE_US + 1, together_us=1.0)))


def test_rows_that_arrive_while_a_batch_runs_in_a_thread_are_the_next_batch(
    in_memory: Any, trained: Any, table_host: Any, make_desk: Any, sqlite_platform: Any
) -> None:
    model = in_memory("trees", pace=IN_A_THREAD)
    watched = Watched(model)
    watched.hold = threading.Event()
    desk = make_desk(table_host(model))
    rows = trained.rows("trees", 6)

    async def every() -> list[Any]:
        first = asyncio.ensure_future(desk.decide(Ask(model="trend", rows=rows[:1])))
        while not watched.sizes:
            await asyncio.sleep(0.001)
        others = [asyncio.ensure_future(desk.decide(Ask(model="trend", rows=row[None]))) for row in rows[1:]]
        for _ in range(5):
            await asyncio.sleep(0.001)
        watched.hold.set()
        found = await asyncio.gather(first, *others)
        await desk.close()
        return found

    answers = asyncio.run(every())
    assert watched.sizes == [1, 5]
    assert all(name.startswith("models") for name in watched.threads)
    expected = trained.predictor("trees").predict(rows, exact=True).probabilities.tolist()
    assert [list(answer.probabilities) for answer in answers] == expected


@pytest.mark.parametrize("family", ["network", "linear"])
def test_rows_whose_bits_depend_on_the_batch_never_wait_for_one_another(family: str, in_memory: Any) -> None:
    runner = Runner(batch_rows=64)
    assert not runner.batches_pay(in_memory(family, pace=WAITING))
    assert runner.batches_pay(in_memory("trees", pace=WAITING))
    runner.close()


def test_rows_wait_only_where_a_batch_is_not_slower_and_the_setting_allows_it(in_memory: Any) -> None:
    runner, alone = Runner(batch_rows=64), Runner(batch_rows=1)
    just, slower = (Pace(row_us=20.0, together_us=20.0 * SLOWER + more) for more in (-0.1, 0.1))
    assert runner.batches_pay(in_memory("trees", pace=just))
    assert not runner.batches_pay(in_memory("trees", pace=slower))
    assert not alone.batches_pay(in_memory("trees", pace=just))
    assert runner.quick(in_memory("trees", pace=slower))
    assert not runner.quick(in_memory("network", pace=Pace(row_us=INLINE_US + 1, together_us=1.0)))
    for one in (runner, alone):
        one.close()


def test_batches_of_two_versions_never_mix(
    in_memory: Any, trained: Any, table_host: Any, make_desk: Any, sqlite_platform: Any
) -> None:
    models = [in_memory("trees", mark, version=mark, pace=WAITING) for mark in (1, 2)]
    desk = make_desk(table_host(*models))
    rows = trained.rows("trees", 40)

    async def every() -> list[Any]:
        asks = [Ask(model=f"trend@{1 + place % 2}", rows=row[None]) for place, row in enumerate(rows)]
        return await asyncio.gather(*(desk.decide(ask) for ask in asks))

    asyncio.run(every())  # from now on it is busy
    answers = asyncio.run(every())
    assert desk.figures().batched_rows > 0
    expected = [trained.predictor("trees", mark).predict(rows, exact=True).probabilities.tolist() for mark in (1, 2)]
    assert [list(answer.probabilities) for answer in answers] == [expected[p % 2][p] for p in range(40)]
    assert [answer.version for answer in answers] == [1 + place % 2 for place in range(40)]


def test_who_gives_up_waiting_is_left_out_and_the_others_are_answered(
    in_memory: Any, trained: Any, table_host: Any, make_desk: Any, sqlite_platform: Any
) -> None:
    model = in_memory("trees", pace=WAITING)
    desk = make_desk(table_host(model))
    rows = trained.rows("trees", 10)

    async def every() -> list[Any]:
        await asyncio.gather(*(desk.decide(Ask(model="trend", rows=row[None])) for row in [*rows] * 8))
        tasks = [asyncio.ensure_future(desk.decide(Ask(model="trend", rows=row[None]))) for row in rows]
        asyncio.get_running_loop().call_soon(lambda: [task.cancel() for task in tasks[:4]])
        found = await asyncio.gather(*tasks, return_exceptions=True)
        again = await desk.decide(Ask(model="trend", rows=rows[:1]))
        await desk.close()
        return [*found, again]

    found = asyncio.run(every())
    expected = trained.predictor("trees").predict(rows, exact=True).probabilities.tolist()
    assert all(isinstance(one, asyncio.CancelledError) for one in found[:4])
    assert [list(one.probabilities) for one in found[4:]] == [*expected[4:], expected[0]]


def test_a_batch_that_fails_tells_each_of_its_askers_and_the_next_one_runs(
    in_memory: Any, trained: Any, table_host: Any, make_desk: Any, sqlite_platform: Any
) -> None:
    model = in_memory("trees", pace=WAITING)
    inner, calls = model.predictor._run, []

    def run(feeds: Any) -> Any:
        calls.append(len(next(iter(feeds.values()))))
        if [size for size in calls if size > 1] == [8] and calls[-1] == 8:
            raise InvalidArtefact("the graph failed")
        return inner(feeds)

    model.predictor._run = model.predictor._session._call = run
    desk = make_desk(table_host(model), batch_rows=8)

    async def every() -> list[Any]:
        rows = trained.rows("trees", 16)
        await asyncio.gather(*(desk.decide(Ask(model="trend", rows=row[None])) for row in [*rows] * 3))
        asks = (desk.decide(Ask(model="trend", rows=row[None])) for row in rows)
        return await asyncio.gather(*asks, return_exceptions=True)

    found = asyncio.run(every())
    assert [isinstance(one, InvalidArtefact) for one in found] == [True] * 8 + [False] * 8


@pytest.mark.parametrize("family", ["linear", "network"])
def test_remembered_answers_are_the_same_and_not_computed_again(
    family: str, in_memory: Any, trained: Any, table_host: Any, make_desk: Any, kept: Any, sqlite_platform: Any
) -> None:
    model = in_memory(family)
    watched = Watched(model)
    desk = make_desk(table_host(model), kept, cached_predictions=3)
    rows = trained.rows(family, 4)
    order = [0, 1, 0, 1, 2, 3, 1, 0]

    async def every() -> list[Any]:
        return [await desk.decide(Ask(model="trend", rows=rows[place : place + 1])) for place in order]

    answers = asyncio.run(every())
    expected = trained.predictor(family).predict(rows, exact=True).probabilities.tolist()
    assert [list(answer.probabilities) for answer in answers] == [expected[place] for place in order]
    assert len(watched.sizes) == 5  # 0, 1, 2, 3, and 0 again, which had to make room
    assert desk.figures().remembered == 3
    assert len({record.id for record in kept.offered}) == len(order)
    quick = make_desk(table_host(in_memory(family, pace=Pace(row_us=5.0, together_us=5.0))), kept, cached_predictions=3)
    answers = [quick.decide_now(Ask(model="trend", rows=rows[place : place + 1])) for place in order]
    assert [list(answer.probabilities) for answer in answers] == [expected[place] for place in order]
    assert (quick.figures().remembered, len(kept.offered)) == (3, 2 * len(order))


def test_a_remembered_answer_is_never_another_versions(
    in_memory: Any, trained: Any, table_host: Any, make_desk: Any, sqlite_platform: Any
) -> None:
    desk = make_desk(table_host(*(in_memory("linear", mark, version=mark) for mark in (1, 2))), cached_predictions=100)
    row = trained.rows("linear", 1)

    async def every() -> list[Any]:
        return [await desk.decide(Ask(model=f"trend@{version}", rows=row)) for version in (1, 2, 1, 2)]

    answers = asyncio.run(every())
    expected = [trained.predictor("linear", m).predict(row, exact=True).probabilities[0].tolist() for m in (1, 2)]
    assert [list(answer.probabilities) for answer in answers] == expected * 2
    assert expected[0] != expected[1]
    assert desk.figures().remembered == 2


fractions = st.one_of(st.floats(0.0, 1.0, width=32), st.sampled_from([0.0, -0.0, 1.0, float("nan"), 0.25, 0.5]))


@st.composite
def maps(draw: Any, classes: int) -> CalibrationMap:
    kind = draw(st.sampled_from(["none", "temperature", "isotonic"]))
    if kind == "temperature":
        return CalibrationMap(kind=kind, temperature=draw(st.floats(0.05, 20.0)))
    if kind == "none":
        return CalibrationMap()

    def knots() -> Knots:
        raw = sorted(draw(st.sets(st.floats(0.0, 1.0), min_size=1, max_size=6)))
        said = sorted(draw(st.lists(st.floats(0.0, 1.0), min_size=len(raw), max_size=len(raw))))
        return Knots(raw=tuple(raw), calibrated=tuple(said))

    return CalibrationMap(kind=kind, knots=tuple(knots() for _ in range(1 if classes == 2 else classes)))


@given(data=st.data(), classes=st.integers(2, 4))
@settings(max_examples=400, deadline=None)
def test_a_row_is_judged_in_plain_numbers_as_arrays_judge_it(data: Any, classes: int) -> None:
    from dataclasses import dataclass

    @dataclass
    class Manifest:
        classes: tuple[str, ...]
        calibration: CalibrationMap
        abstention: Abstention
        model_id: str = "made"

    rule = Abstention(
        min_probability=data.draw(st.floats(0.0, 1.0)),
        conformal_quantile=data.draw(st.one_of(st.none(), st.floats(0.0, 1.0))),
    )
    manifest: Any = Manifest(tuple("abcd"[:classes]), data.draw(maps(classes)), rule)
    rows = np.array(
        data.draw(st.lists(st.lists(fractions, min_size=classes, max_size=classes), min_size=1, max_size=5))
    )
    found, judge = prediction_of(rows, manifest), judge_of(manifest)
    for place, row in enumerate(rows.tolist()):
        said = judge(row)
        numbers, known = np.array(said.probabilities), ~np.isnan(found.probabilities[place])
        np.testing.assert_array_equal(numbers, found.probabilities[place], strict=True)
        assert numbers[known].tobytes() == found.probabilities[place][known].tobytes()
        assert said.decision == found.decision[place]
        assert said.abstained == bool(found.abstained[place])
        assert said.known == bool(np.isfinite(found.probabilities[place]).all())


@pytest.mark.parametrize("raw", [[math.inf, 0.0], [0.5, math.inf], [-math.inf, 0.5]])
def test_what_is_not_finite_is_not_known(raw: list[float]) -> None:
    manifest: Any = SimpleNamespace(classes=("a", "b"), calibration=CalibrationMap(), abstention=Abstention())
    found, said = prediction_of(np.array([raw]), manifest), judge_of(manifest)(raw)
    assert (said.decision, said.abstained, said.known) == (found.decision[0], bool(found.abstained[0]), False)


def test_ids_are_unique_rise_with_time_and_are_of_version_7() -> None:
    times = iter(range(1_700_000_000_000_000_000, 2_000_000_000_000_000_000, 1_000_000))
    found = [made for _ in range(200) for made in new_ids(1, clock_ns=lambda: next(times))]
    assert found == sorted(found)
    assert {(made.version, made.variant) for made in found} == {(7, "specified in RFC 4122")}
    assert found[0].int >> 80 == 1_700_000_000_000
    assert len(set(new_ids(10_000)) | set(new_ids(10_000))) == 20_000
    assert len(set(new_ids(5, random=lambda count: b"\xff" * count))) == 5
