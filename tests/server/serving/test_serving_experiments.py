"""Host, desk and recorder with experiments that are started and stopped in the database: the parts as they serve."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np

from augury_server.serving.asking import Ask

SYMBOLS = [f"S{number}" for number in range(40)]


def start(mode: str) -> Any:
    from augury_server.experiments.plan import ExperimentPlan
    from augury_server.experiments.start import start
    from augury_server.registry.applying import Act

    plan = ExperimentPlan(name=f"by-{mode}", model_name="trend", treatment=2, mode=mode)
    return start(plan, Act(by="ada", reason="to see")).experiment


def ask_all(desk: Any, rows: np.ndarray) -> list[Any]:
    async def every() -> list[Any]:
        asks = (
            Ask(model="trend", rows=row[None], symbol=symbol, bar_opened_at_ns=1, request_id=f"r{place}")
            for place, (row, symbol) in enumerate(zip(rows, SYMBOLS, strict=True))
        )
        found = await asyncio.gather(*(desk.decide(ask) for ask in asks))
        await desk.close()
        return found

    return asyncio.run(every())


def test_a_split_of_the_database_is_served_recorded_and_over_with_the_next_promotion(
    platform: Any, register: Any, make_host: Any, make_desk: Any, trained: Any
) -> None:
    from augury_server.experiments.running import running
    from augury_server.predictions.models import Prediction
    from augury_server.registry.promote import promote
    from augury_server.serving.recording.recorder import Recorder
    from augury_server.settings.current import current_settings

    register("trend", "linear", 1)
    register("trend", "linear", 2, promoted=False)
    experiment = start("split")
    host = make_host(running=running)
    rows = trained.rows("linear", len(SYMBOLS))
    recorder = Recorder(current_settings().serving, platform.settings.home / "spill")
    recorder.start()
    try:
        answers = ask_all(make_desk(host, recorder), rows)
        promote("trend", 2, by="ada", reason="enough seen")
        host.refresh()
        after = ask_all(make_desk(host, recorder), rows)
    finally:
        recorder.stop()
    assert {answer.variant for answer in answers} == {"control", "treatment"}
    assert {(answer.version, answer.experiment) for answer in after} == {(2, "")}
    stored = {row.id: row for row in Prediction.objects.all()}
    assert len(stored) == 2 * len(SYMBOLS)
    for symbol, answer in zip(SYMBOLS * 2, [*answers, *after], strict=True):
        row = stored[answer.id]
        assert (row.symbol, row.model_version, row.variant) == (symbol, answer.version, answer.variant)
        assert (row.experiment, tuple(row.probabilities)) == (answer.experiment, answer.probabilities)
    assert {answer.experiment for answer in answers} == {experiment.name}
    assert host.problems == {}


def test_a_shadow_of_the_database_is_scored_and_recorded_durably_and_ends_when_it_is_stopped(
    sqlite_platform: Any, register: Any, make_host: Any, make_desk: Any, trained: Any
) -> None:
    from augury_server.experiments.running import running
    from augury_server.experiments.stop import stop
    from augury_server.predictions.models import Prediction
    from augury_server.registry.applying import Act
    from augury_server.serving.recording.recorder import Recorder
    from augury_server.settings.current import current_settings

    register("trend", "network", 1)
    register("trend", "network", 2, promoted=False)
    start("shadow")
    host = make_host(running=running)
    rows = trained.rows("network", len(SYMBOLS))
    recorder = Recorder(current_settings().serving, sqlite_platform.settings.home / "spill")
    recorder.start()
    try:
        answers = ask_all(make_desk(host, recorder, record="durable"), rows)
        stop("by-shadow", Act(by="ada", reason="enough seen"))
        host.refresh()
        after = ask_all(make_desk(host, recorder, record="off"), rows)
    finally:
        recorder.stop()
    assert {(answer.version, answer.variant) for answer in answers} == {(1, "control")}
    assert {(answer.version, answer.variant) for answer in after} == {(1, "")}
    for version, variant in ((1, "control"), (2, "treatment")):
        expected = trained.predictor("network", version).predict(rows, exact=True).probabilities.tolist()
        found = {row.symbol: row for row in Prediction.objects.filter(variant=variant)}
        assert {row.model_version for row in found.values()} == {version}
        assert [found[symbol].probabilities for symbol in SYMBOLS] == expected
