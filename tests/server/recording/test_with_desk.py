"""What a desk answers is what the database holds: every answer once, in the words of the answer."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db import connection

from augury.learning import build_dataset, export_trainable, extras_of, make_model
from augury.learning.data.dataset import DatasetSpec
from augury.testing import garch_bars
from augury_server.predictions.models import Prediction
from augury_server.registry.promote import promote
from augury_server.registry.register import register_model
from augury_server.serving.asking import Answer, Ask
from augury_server.serving.deciding import Desk
from augury_server.serving.host import ModelHost
from augury_server.settings.sections import ServingSettings


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    """A small model's artefact and rows that it reads."""
    spec = DatasetSpec(features=("rsi(timeperiod=7)", "atr(timeperiod=10)"), label="direction(horizon_bars=3)")
    dataset = build_dataset({"A": garch_bars(200, seed=5)}, spec)
    folder = tmp_path_factory.mktemp("model") / "linear"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = make_model("linear").fit(dataset.inputs, dataset.target, dataset.weights)
    notes = {"verdict": "better than its baseline"}
    export_trainable(fitted, folder, extras_of(dataset, notes=notes))
    return folder, dataset.inputs.tabular()


@pytest.fixture
def host(model: tuple[Path, np.ndarray]) -> Iterator[Callable[[], ModelHost]]:
    """Starts a host of the model, registered and promoted as `trend`, in the database of the test."""
    hosts: list[ModelHost] = []

    def start() -> ModelHost:
        version = register_model(model[0], name="trend", by="ada")
        promote("trend", version.number, by="ada", reason="to serve")
        hosts.append(ModelHost(ServingSettings(refresh_seconds=3600.0)))
        hosts[-1].start()
        return hosts[-1]

    yield start
    for one in hosts:
        one.stop()


def asks(rows: np.ndarray, first: int, count: int) -> list[Ask]:
    return [
        Ask(
            model="trend", rows=rows[None, n % len(rows)], symbol=("AAPL", "IBM")[n % 2], bar_opened_at_ns=10**18 + n,
            request_id=f"r-{n}",
        )
        for n in range(first, first + count)
    ]  # fmt: skip


def check_recorded(answers: list[Answer]) -> None:
    rows = {row.id: row for row in Prediction.objects.all()}
    assert len(rows) == len(answers)
    assert len({row.request_id for row in rows.values()}) == len(answers)
    for answer in answers:
        row = rows[answer.id]
        assert (row.model_name, row.model_version, row.decision) == (answer.model, answer.version, answer.decision)
        assert np.array(row.probabilities).tobytes() == np.array(answer.probabilities).tobytes()
        assert row.latency_us == answer.took_us


async def decide(desk: Desk, asked: list[Ask]) -> list[Answer]:
    return [one for start in range(0, len(asked), 16) for one in await decide_together(desk, asked[start : start + 16])]


async def decide_together(desk: Desk, asked: list[Ask]) -> list[Answer]:
    return await asyncio.gather(*(desk.decide(ask) for ask in asked))


@pytest.mark.parametrize("mode", ["buffered", "durable"])
def test_every_answer_is_recorded_once_as_it_was_given(
    platform: Any, host: Any, recorders: Any, model: Any, mode: str
) -> None:
    recorder = recorders(mode)
    started = host()

    async def ask() -> tuple[list[Answer], set[Any]]:
        desk = Desk(started, recorder, settings=ServingSettings(record=mode))
        answers = await decide(desk, asks(model[1], 0, 200))
        many = Ask(model="trend", rows=model[1][:30], symbol="MSFT", request_id="many")
        together = await desk.decide_rows(many)
        await desk.close()
        return answers, set(together.ids)

    answers, together = asyncio.run(ask())
    recorder.stop()
    assert set(Prediction.objects.filter(request_id="many").values_list("id", flat=True)) == together
    Prediction.objects.filter(request_id="many").delete()
    check_recorded(answers)
    assert recorder.counts().refused == recorder.counts().put_aside == 0


@pytest.mark.parametrize("mode", ["buffered", "durable"])
def test_answers_go_on_while_the_database_is_away_and_are_recorded_later(
    platforms: Any, own_postgres: Any, tmp_path: Path, host: Any, recorders: Any, model: Any, wait_for: Any, mode: str
) -> None:
    platform = next(platforms("postgresql", tmp_path / "own", own_postgres, **{"database.pool_timeout_seconds": 0.5}))
    recorder, started = recorders(mode), host()
    rows = model[1]

    async def ask() -> list[Answer]:
        desk = Desk(started, recorder, settings=ServingSettings(record=mode))
        answers = await decide(desk, asks(rows, 0, 50))
        platform.server.stop()
        answers += await decide(desk, asks(rows, 50, 200))
        while not recorder.problems() or recorder.counts().waiting:
            await asyncio.sleep(0.01)
        answers += await decide(desk, asks(rows, 250, 50))
        await asyncio.to_thread(platform.server.start)
        answers += await decide(desk, asks(rows, 300, 50))
        await desk.close()
        return answers

    answers = asyncio.run(ask())
    wait_for(lambda: recorder.counts().recorded == 350)
    recorder.stop()
    assert recorder.counts().spilled >= 200
    connection.close()
    check_recorded(answers)
