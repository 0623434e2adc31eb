"""Who answers: champions, versions by number, and what experiments assign; both variants are recorded."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest

from augury.errors import NotFound
from augury.experiments import assign, unit_of
from augury_server.serving.asking import Ask
from augury_server.serving.routing import Subject, routing_table

SYMBOLS = [f"S{number}" for number in range(60)]
DAY_NS = 86_400 * 10**9
SHARES = {"treatment": 0.5, "control": 0.5}


@pytest.fixture
def pair(in_memory: Any) -> Any:
    return in_memory("linear", 1), in_memory("trees", 2, version=2)


def subject(symbol: str = "AAPL", opened_at_ns: int | None = 5 * DAY_NS, **given: Any) -> Subject:
    return Subject(**{"symbol": symbol, "opened_at_ns": opened_at_ns, "unit": "", "reads_rows": True, **given})


def ask_each(desk: Any, rows: np.ndarray, **about: Any) -> list[Any]:
    async def every() -> list[Any]:
        found = [
            await desk.decide(
                Ask(model="trend", rows=row[None], **{key: values[place] for key, values in about.items()})
            )
            for place, row in enumerate(rows)
        ]
        await desk.close()
        return found

    return asyncio.run(every())


def test_a_table_knows_champions_by_name_and_every_version_by_number(pair: Any) -> None:
    table = routing_table({"trend": pair[0]}, pair, ())
    assert sorted(table.routes) == ["trend", "trend@1", "trend@2", "trend@champion"]
    assert table.find("trend").choose(subject()).model is pair[0]
    assert table.find("trend@2").choose(subject()).model is pair[1]
    with pytest.raises(NotFound, match=r"did you mean .*'trend@1'"):
        table.find("trend@3")


def test_a_split_answers_each_symbol_with_its_variant_and_records_who_answered(
    pair: Any, trained: Any, table_host: Any, make_desk: Any, experiment: Any, kept: Any, sqlite_platform: Any
) -> None:
    rows = trained.rows("linear", len(SYMBOLS))
    desk = make_desk(table_host(*pair, running=(experiment(),)), kept)
    answers = ask_each(desk, rows, symbol=SYMBOLS)
    expected = ["treatment" if assign("2f6c", symbol, SHARES) == "treatment" else "control" for symbol in SYMBOLS]
    assert {"control", "treatment"} == set(expected)
    assert [answer.variant for answer in answers] == expected
    said = {
        "control": trained.predictor("linear", 1).predict(rows, exact=True).probabilities.tolist(),
        "treatment": trained.predictor("trees", 2).predict(rows, exact=True).probabilities.tolist(),
    }
    for place, (answer, record) in enumerate(zip(answers, kept.offered, strict=True)):
        assert answer.experiment == record.experiment == "trial"
        assert answer.version == record.model_version == {"control": 1, "treatment": 2}[answer.variant]
        assert answer.probabilities == record.probabilities == tuple(said[answer.variant][place])
        assert record.variant == answer.variant


def test_many_rows_of_several_symbols_are_answered_each_by_its_variant_in_their_order(
    pair: Any, trained: Any, table_host: Any, make_desk: Any, experiment: Any, kept: Any, sqlite_platform: Any
) -> None:
    rows = trained.rows("linear", len(SYMBOLS))
    desk = make_desk(table_host(*pair, running=(experiment(),)), kept)
    times = list(range(1, len(SYMBOLS) + 1))
    together = asyncio.run(desk.decide_rows(Ask(model="trend", rows=rows, symbol=SYMBOLS, bar_opened_at_ns=times)))
    alone = ask_each(desk, rows, symbol=SYMBOLS, bar_opened_at_ns=times)
    assert together.variants == tuple(answer.variant for answer in alone)
    assert together.versions == tuple(answer.version for answer in alone)
    assert together.artefacts == tuple(answer.artefact for answer in alone)
    assert together.decisions == tuple(answer.decision for answer in alone)
    assert together.probabilities.tolist() == [list(answer.probabilities) for answer in alone]
    assert together.experiment == "trial"
    recorded = {record.id: record for record in kept.offered[: len(rows)]}
    for place, made in enumerate(together.ids):
        record = recorded[made]
        assert (record.symbol, record.bar_opened_at_ns) == (SYMBOLS[place], times[place])
        assert (record.model_version, record.variant) == (together.versions[place], together.variants[place])
        assert record.probabilities == alone[place].probabilities


def test_a_split_by_days_assigns_the_day_of_the_bar(pair: Any, experiment: Any) -> None:
    route = routing_table({"trend": pair[0]}, pair, (experiment(unit="symbol_day"),)).find("trend")
    days = [day * DAY_NS + hour * DAY_NS // 24 for day in range(30) for hour in (0, 9, 23)]
    found = [route.choose(subject(opened_at_ns=moment)).variant for moment in days]
    expected = [assign("2f6c", unit_of("symbol_day", "AAPL", moment), SHARES) for moment in days]
    assert found == expected
    assert len(set(found)) == 2


def test_a_unit_of_ones_own_is_assigned_in_place_of_the_symbol(pair: Any, experiment: Any) -> None:
    route = routing_table({"trend": pair[0]}, pair, (experiment(),)).find("trend")
    found = {
        route.choose(subject(symbol=symbol, unit=unit)).variant == assign("2f6c", unit, SHARES)
        for symbol in SYMBOLS[:5]
        for unit in ("desk-1", "desk-2", "desk-3")
    }
    assert found == {True}


def test_what_has_no_unit_is_answered_by_the_champion_outside_the_experiment(pair: Any, experiment: Any) -> None:
    for running, about in (
        (experiment(), {"symbol": ""}),
        (experiment(unit="symbol_day"), {"opened_at_ns": None}),
        (experiment(unit="symbol_day"), {"symbol": ""}),
    ):
        choice = routing_table({"trend": pair[0]}, pair, (running,)).find("trend").choose(subject(**about))
        assert (choice.model, choice.experiment, choice.variant, choice.shadow) == (pair[0], "", "", None)


def test_rows_that_the_treatment_cannot_read_stay_outside_bars_take_part(in_memory: Any, experiment: Any) -> None:
    control, treatment = in_memory("linear", 1), in_memory("network", 2, version=2)
    for mode in ("split", "shadow"):
        table = routing_table({"trend": control}, (control, treatment), (experiment(mode=mode, share=1.0),))
        assert table.find("trend").choose(subject()).experiment == ""
        assert table.find("trend").choose(subject(reads_rows=False)).experiment == "trial"


def test_a_version_asked_for_by_number_answers_whatever_experiment_runs(pair: Any, experiment: Any) -> None:
    table = routing_table({"trend": pair[0]}, pair, (experiment(share=1.0),))
    assert table.find("trend").choose(subject()).variant == "treatment"
    assert table.find("trend@champion").choose(subject()).variant == "treatment"
    assert table.find("trend@1").choose(subject()).model is pair[0]
    assert table.find("trend@1").choose(subject()).experiment == ""


def test_a_share_that_makes_no_sense_stops_the_experiment_not_the_answers(pair: Any, experiment: Any) -> None:
    table = routing_table({"trend": pair[0]}, pair, (experiment(share=1.7),))
    assert "share" in table.problems["experiment trial"]
    assert table.find("trend").choose(subject()).model is pair[0]


def test_a_shadow_scores_both_answers_with_the_control_and_records_both(
    pair: Any, trained: Any, table_host: Any, make_desk: Any, experiment: Any, kept: Any, sqlite_platform: Any
) -> None:
    rows = trained.rows("linear", 30)
    desk = make_desk(table_host(*pair, running=(experiment(mode="shadow", share=0.0),)), kept)
    answers = ask_each(desk, rows, symbol=SYMBOLS[:30])
    said = [trained.predictor(family, mark).predict(rows, exact=True) for family, mark in (("linear", 1), ("trees", 2))]
    assert {(answer.version, answer.variant, answer.experiment) for answer in answers} == {(1, "control", "trial")}
    for version, found in enumerate(said, start=1):
        records = [record for record in kept.offered if record.model_version == version]
        assert [record.symbol for record in records] == SYMBOLS[:30]
        assert [list(record.probabilities) for record in records] == found.probabilities.tolist()
        assert {(record.experiment, record.variant) for record in records} == {
            ("trial", "control" if version == 1 else "treatment")
        }
    assert len({record.id for record in kept.offered}) == 60
    assert (desk.figures().shadows, desk.figures().shadows_failed, desk.figures().answers) == (30, 0, 30)


def test_a_shadow_of_many_rows_and_of_bars_scores_both_too(
    pair: Any, trained: Any, table_host: Any, make_desk: Any, experiment: Any, kept: Any, sqlite_platform: Any
) -> None:
    desk = make_desk(table_host(*pair, running=(experiment(mode="shadow", share=0.0),)), kept, record="durable")
    rows = trained.rows("linear", 7)

    async def ask() -> Any:
        several = await desk.decide_rows(Ask(model="trend", rows=rows))
        last = await desk.decide(Ask(model="trend", bars=trained.bars, symbol="AAPL"))
        await desk.close()
        return several, last

    several, last = asyncio.run(ask())
    assert set(several.versions) == {1}
    found = {version: [r for r in kept.kept if r.model_version == version] for version in (1, 2)}
    assert {version: len(records) for version, records in found.items()} == {1: 8, 2: 8}
    expected = trained.predictor("trees", 2).predict_last(trained.bars).probabilities[0]
    assert [r.probabilities for r in found[2] if r.symbol == "AAPL"] == [tuple(expected.tolist())]
    assert [r.probabilities for r in found[1] if r.symbol == "AAPL"] == [last.probabilities]


def test_the_failure_of_a_shadow_touches_no_answer(
    in_memory: Any, trained: Any, table_host: Any, make_desk: Any, experiment: Any, kept: Any, sqlite_platform: Any
) -> None:
    control, treatment = in_memory("linear", 1), in_memory("trees", 2, version=2)

    def broken(feeds: Any) -> Any:
        raise MemoryError("no room")

    treatment.predictor.say = broken  # what runs the graph fails, whatever is asked
    desk = make_desk(table_host(control, treatment, running=(experiment(mode="shadow", share=0.0),)), kept)
    rows = trained.rows("linear", 10)
    answers = ask_each(desk, rows)
    expected = trained.predictor("linear", 1).predict(rows, exact=True).probabilities.tolist()
    assert [list(answer.probabilities) for answer in answers] == expected
    assert [record.variant for record in kept.offered] == ["control"] * 10
    assert desk.figures().shadows_failed == 10


def test_shadows_that_pile_up_make_askers_wait_and_none_is_lost(
    in_memory: Any, trained: Any, table_host: Any, make_desk: Any, experiment: Any, kept: Any, sqlite_platform: Any
) -> None:
    from augury_server.serving.warming import Pace

    slow = Pace(row_us=1e6, together_us=1e6)
    control, treatment = in_memory("linear", 1), in_memory("trees", 2, version=2, pace=slow)
    desk = make_desk(table_host(control, treatment, running=(experiment(mode="shadow", share=0.0),)), kept)
    desk._beside._most = 3
    under_way = []
    rows = trained.rows("linear", 50)

    async def ask(row: Any) -> None:
        await desk.decide(Ask(model="trend", rows=row[None]))
        under_way.append(len(desk._beside._tasks))

    async def every() -> None:
        await asyncio.gather(*(ask(row) for row in rows))
        await desk.close()

    asyncio.run(every())
    assert max(under_way) <= 3
    assert len([record for record in kept.offered if record.variant == "treatment"]) == 50
