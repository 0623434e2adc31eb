"""The client against the platform itself: the same bits, the same errors, jobs, files and sessions."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from augury.client import AsyncClient, Client, Question
from augury.errors import Conflict, InvalidBars, InvalidInput, NotFound, Refused
from augury.market.validate import valid_arrays
from augury.testing import garch_bars


@pytest.fixture
def client(api: Any) -> Any:
    with Client(api.url, key=api.keys["operator"]) as made:
        yield made


@pytest.fixture
def trend(api: Any, register: Any) -> Any:
    """A model at work."""
    register("trend", "trees")
    api.state.host.refresh()
    return api.state.host.model("trend")


def test_predictions_have_the_bits_of_the_library(client: Any, trend: Any, models: Any, rows: np.ndarray) -> None:
    expected = models.predictor("trees").predict(rows[:20], exact=True)
    for place in range(3):
        answer = client.predict("trend", rows[place], symbol="AAPL", bar_opened_at=1_600_000_000_000_000_000)
        assert answer.model == "trend"
        assert answer.version == 1
        assert np.array_equal(answer.probabilities, expected.probabilities[place])
        assert answer.p_up == answer.probabilities[-1]
    batch = client.predict_batch("trend", rows[:20])
    assert np.array_equal([answer.probabilities for answer in batch], expected.probabilities)
    assert len({answer.id for answer in batch}) == 20
    streamed = list(client.predict_stream((Question(model="trend", row=row) for row in rows[:20]), window=7))
    assert [answer.probabilities for answer in streamed] == [answer.probabilities for answer in batch]
    by_name = dict(zip(trend.manifest.columns, rows[0], strict=True))
    assert client.predict("trend", by_name).probabilities == batch[0].probabilities


def test_frames_of_bars_and_of_features_are_taken_as_they_are(
    client: Any, trend: Any, models: Any, rows: np.ndarray
) -> None:
    bars = garch_bars(240, seed=11)
    arrays = valid_arrays(bars)
    expected = tuple(models.predictor("trees").predict_last(arrays).probabilities[-1].tolist())
    columns = {name: bars[name] for name in bars.columns}
    for given in (bars, arrays, {"opened_at": arrays.opened_at, **columns}):
        assert client.predict("trend", bars=given).probabilities == expected
    answers = client.predict_batch("trend", [row.tolist() for row in rows[:20]])
    frame = pd.DataFrame(rows[:20, ::-1], columns=trend.manifest.columns[::-1])
    assert [one.probabilities for one in client.predict_batch("trend", frame)] == [one.probabilities for one in answers]
    with pytest.raises(InvalidBars):
        client.predict("trend", bars=bars.iloc[::-1])


def test_an_event_loop_gets_the_same_answers(api: Any, client: Any, trend: Any, rows: np.ndarray) -> None:
    expected = [client.predict("trend", row).probabilities for row in rows[:5]]

    async def ask() -> Any:
        async with AsyncClient(api.url, key=api.keys["operator"]) as twin:
            one = await asyncio.gather(*(twin.predict("trend", row) for row in rows[:5]))
            questions = [Question(model="trend", row=row) for row in rows[:5]]
            streamed = [answer async for answer in twin.predict_stream(questions, window=2)]
            return one, await twin.predict_batch("trend", rows[:5]), streamed, await twin.models(), await twin.health()

    one, batch, streamed, found, health = asyncio.run(ask())
    for answers in (one, batch, streamed):
        assert [answer.probabilities for answer in answers] == expected
    assert [model.name for model in found] == ["trend"]
    assert health.status in ("ok", "degraded")
    assert health.parts


def test_errors_of_the_platform_are_those_of_the_library(api: Any, client: Any, trend: Any, rows: np.ndarray) -> None:
    with pytest.raises(NotFound, match=r"trend.*request "):
        client.predict("trand", rows[0])
    with pytest.raises(InvalidInput, match="features"):
        client.predict("trend", [1.0])
    with pytest.raises(InvalidInput, match="infinite"):
        client.predict("trend", [1.0, float("inf"), 2.0])
    with pytest.raises(InvalidInput, match="either row"):
        client.predict("trend")
    with pytest.raises(InvalidInput, match="features"):
        list(client.predict_stream([Question(model="trend", row=rows[0]), Question(model="trend", row=[1.0])]))
    with pytest.raises(Refused, match="key"), Client(api.url, key="aug_none_atall") as stranger:
        stranger.models()
    with pytest.raises(Refused, match="administrator"):
        client.run("accounts.list")


def test_models_and_operations_are_described(client: Any, trend: Any) -> None:
    model = client.model("trend")
    assert (model.name, model.version) == ("trend", 1)
    assert model.manifest["inputs"]
    assert model.evidence["scores"]
    assert model.columns == trend.manifest.columns
    from augury.operations.registry import operations

    found = {info.name: info for info in client.operations()}
    assert found.keys() == operations().keys()
    assert found["registry.promote"].changes_state
    assert found["registry.promote"].facts["options"]["properties"]


def test_an_operation_runs_there_and_its_result_comes_back(client: Any, trend: Any) -> None:
    done = client.run("registry.list")
    assert [row["model"] for row in done.result["rows"]] == ["trend"]
    assert done.exit_code == 0
    assert "exit_code" not in done.result
    with pytest.raises(InvalidInput, match="did you mean 'limit'"):
        client.run("registry.list", limt=3)


def test_long_work_is_waited_for_and_its_progress_told(client: Any, working: Any) -> None:
    told: list[str] = []
    with working():
        done = client.run("db.retain", progress=lambda job: told.append(job.state))
    assert done.job.state == "succeeded"
    assert done.result == done.job.result
    assert told[-1] == "succeeded"
    assert client.jobs.list(limit=5)[0].id == done.job.id


def test_the_same_key_gives_the_same_job(client: Any) -> None:
    first = client.jobs.submit("db.retain", {}, key="nightly-7")
    again = client.jobs.submit("db.retain", {}, key="nightly-7")
    other = client.jobs.submit("db.retain", {})
    assert first.id == again.id != other.id
    assert client.jobs.cancel(first.id, reason="not needed").state == "cancelled"
    assert {job.id for job in client.jobs.list(state="queued")} == {other.id}


def test_lists_are_followed_over_their_pages(client: Any) -> None:
    made = [client.jobs.submit("db.retain").id for _ in range(5)]
    from augury.client import Job

    flow = client._flows.listed("/v1/jobs", Job, query={"limit": 2}, limit=4)
    assert [job.id for job in client._transport.walk(flow)] == made[::-1][:4]


def test_files_go_there_and_come_back_whole(client: Any, tmp_path: Path) -> None:
    source = tmp_path / "bars 1.csv"
    source.write_bytes(np.random.default_rng(1).bytes(700_000))
    stored = client.files.upload(source)
    assert (stored.name, stored.bytes) == ("bars 1.csv", 700_000)
    assert client.files.look("bars 1.csv").etag == stored.etag
    with pytest.raises(Conflict):
        client.files.upload(source, replace=False)
    assert client.files.download("bars 1.csv", tmp_path / "back.csv").read_bytes() == source.read_bytes()
    assert [file.name for file in client.files.list()] == ["bars 1.csv"]
    client.files.delete("bars 1.csv")
    with pytest.raises(NotFound):
        client.files.download("bars 1.csv", tmp_path / "nothing.csv")
    assert sorted(path.name for path in tmp_path.glob("*.csv")) == ["back.csv", "bars 1.csv"]
    assert not list(tmp_path.glob(".*csv*")), "nothing half-written is left"


def test_files_go_there_and_come_back_on_an_event_loop(api: Any, tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_bytes(b"x" * 600_000)

    async def talk() -> Path:
        async with AsyncClient(api.url, key=api.keys["operator"]) as twin:
            await twin.files.upload(source)
            return await twin.files.download("a.csv", tmp_path / "b.csv")

    assert asyncio.run(talk()).read_bytes() == source.read_bytes()


@pytest.mark.parametrize("name", ["", "..", ".", "a/b", "a\\b"])
def test_names_that_are_none_are_refused_before_anything_is_sent(client: Any, tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput):
        client.files.download(name, tmp_path)


def test_a_session_over_values_is_opened_fed_and_closed(client: Any) -> None:
    pytest.importorskip("augury_server.api.routes.streams")
    with client.open_stream(window=5, trend_window=3) as session:
        assert session.id
        updates = [session.update(float(value), at_ns=1_000 + value) for value in range(4)]
        assert [update.id for update in updates] == [1, 2, 3, 4]
        assert updates[-1].window["mean"] == 1.5
        assert not updates[-1].alarm
        more = list(session.updates([4.0, {"value": 5.0}, 6.0], window=2))
        assert [update.id for update in more] == [5, 6, 7]
        assert session.show()
    with pytest.raises(NotFound):
        session.update(1.0)


def test_signals_of_a_universe_and_their_history_can_be_asked_for(client: Any) -> None:
    client.run("universe.add", name="tech", symbols=["AAPL"], timeframe="1d")
    assert client.signals("tech") == ()
    assert client.signals("tech", ticker="AAPL", limit=5) == ()
    assert client.signals() == ()
    with pytest.raises(NotFound, match="tech"):
        client.signals("tec")
