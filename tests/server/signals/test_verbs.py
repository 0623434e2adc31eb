"""The verbs of universes, as a person or a schedule calls them; the command line on files says the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from django.db import connection

from augury.errors import InvalidInput, NotFound
from augury.learning import export_trainable, load_artefact
from augury.learning.artefacts.exporting import extras_of
from augury.learning.data.building import build_dataset
from augury.learning.data.dataset import DatasetSpec
from augury.learning.estimators.families import make_model
from augury.operations.operation import Silent
from augury.operations.registry import operation
from augury.signals import SignalEngine, SignalSpec
from augury_server.accounts.models import AuditEntry
from augury_server.jobs.execution import run_job
from augury_server.jobs.lease import LeaseTerms
from augury_server.jobs.models import Job
from augury_server.registry.promote import promote
from augury_server.registry.register import register_model
from augury_server.signals.generate import generate_universe
from augury_server.signals.models import Outcome, SignalRun, StoredSignal, Universe
from augury_server.signals.requests import GenerateRequest
from augury_server.signals.rows import signal_of

TERMS = LeaseTerms(lease_seconds=60, heartbeat_seconds=5, grace_seconds=30, stop_seconds=30)


def call(verb_name: str, /, **options: Any) -> Any:
    verb = operation(verb_name)
    return verb.run(verb.spec_type.from_dict(options), Silent())


def stored() -> dict[tuple[str, int], Any]:
    return {(row.ticker, row.timestamp_ns): signal_of(row) for row in StoredSignal.objects.all()}


def test_the_command_line_on_files_gives_the_same_signals(
    sqlite_platform: Any, tools: Any, sample: Any, tmp_path: Path
) -> None:
    frames = {ticker: bars for ticker, bars in sample.bars.items() if len(bars) >= 400}
    for ticker, bars in frames.items():
        bars.to_csv(tmp_path / f"{ticker}.csv", float_format="%.17g")
    lines = [
        json.dumps(
            {
                "ticker": item.ticker, "text": item.text, "source": item.source,
                "published_at": item.published_at.isoformat(), "known_at": item.known_at.isoformat(),
            }
        )
        for item in sample.news
    ]  # fmt: skip
    (tmp_path / "news.jsonl").write_text("\n".join(lines))
    files = [str(tmp_path / f"{ticker}.csv") for ticker in frames]
    said = call(
        "signals", files=files, news=str(tmp_path / "news.jsonl"), timeframe="1D", model="lexicon", last=3,
        thresholds="absolute",
    )  # fmt: skip
    tools.load(frames, sample.news)
    others = sorted({item.ticker for item in sample.news}.difference(frames))
    assert sample.market in others
    call(
        "universe.add", name="all", symbols=list(frames), timeframe="1D", context=others, sentiment="lexicon",
        thresholds="absolute", overwrite=True,
    )  # fmt: skip
    call("universe.generate", name="all", last=3)
    assert stored() == {(signal.ticker, signal.timestamp_ns): signal for signal in said.signals}
    assert len(stored()) == 3 * len(frames)


def test_a_universe_is_added_judged_joined_shown_and_removed(platform: Any, tools: Any) -> None:
    frames = {name: tools.bars(seed, 240) for seed, name in enumerate(("AA", "BB"))}
    tools.load(frames, tools.news(list(frames), frames["AA"]), name="another")
    added = call(
        "universe.add", name="two", symbols=["AA", "BB"], sentiment="lexicon", horizons=[1, 3],
        engine=json.dumps(tools.mood), sectors=["AA=Tech", "BB=Tech"],
    )  # fmt: skip
    assert added.facts["horizons"] == "1, 3"
    dry = call("universe.generate", name="two", last=100, dry_run=True)
    assert dry.facts["signals"] == 200
    assert not StoredSignal.objects.exists()
    made = call("universe.generate", name="two", last=100)
    assert (made.facts["stored"], made.facts["revisions"]) == (200, 0)
    assert call("universe.outcomes", dry_run=True).facts["matured"] == 2 * (99 + 97)
    assert Outcome.objects.filter(state="matured").count() == 0
    assert call("universe.outcomes").facts == {"due": 400, "matured": 392, "void": 0, "waiting": 8}
    shown = call("universe.signals", name="two")
    assert [row[0] for row in shown.rows] == ["AA", "BB"]
    assert call("universe.signals", name="two", ticker="BB").rows == shown.rows[1:]
    buys = call("universe.signals", name="two", type="BUY", history=True, limit=5)
    assert [row[2] for row in buys.rows] == ["BUY"] * 5
    since = str(pd.Timestamp(frames["AA"].index[-1]))
    assert len(call("universe.signals", name="two", since=since).rows) == 4
    found = call("universe.performance", name="two", horizon=1)
    assert {row[0] for row in found.rows} == {"GOOD", "BAD", "R0"}
    hold = next(row for row in found.rows if row[0] == "R0")
    assert hold[7:13] == (None,) * 6
    assert any("R0: no hit rate: 0 outcomes; at least 30 are needed" in note for note in found.notes)
    assert len(call("universe.runs", name="two").rows) == 1
    listed = call("universe.list").rows
    assert [(row[0], row[6]) for row in listed] == [("another", ""), ("two", "finished")]
    call("universe.remove", name="two", dry_run=True)
    call("universe.remove", name="two")
    assert not Universe.objects.filter(name="two").exists()
    assert StoredSignal.objects.count() == 200
    done = list(AuditEntry.objects.order_by("pk").values_list("action", "outcome"))
    assert ("universe.add", "done") in done
    assert ("universe.remove", "done") in done
    for table in (made, shown, found):
        json.dumps(table.to_dict(), allow_nan=False)


@pytest.mark.parametrize(
    ("verb", "options", "message"),
    [
        ("universe.add", {"name": "x", "engine": "[1]"}, "expected a JSON object"),
        ("universe.add", {"name": "x", "engine": "{"}, "expected a JSON object"),
        ("universe.add", {"name": "x", "sectors": ["AAPL"]}, "TICKER=sector"),
        ("universe.add", {"name": "x", "engine": '{"rules": {}}', "thresholds": "absolute"}, "rules of their own"),
        ("universe.generate", {"name": "x", "last": 0}, "last"),
        ("universe.performance", {"by": "moon"}, "by"),
        ("universe.signals", {"since": "yesterday"}, "since"),
    ],
)
def test_options_that_are_none_are_refused(
    sqlite_platform: Any, verb: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        call(verb, **options)


def test_a_universe_of_a_model_that_is_not_registered_is_refused(sqlite_platform: Any) -> None:
    with pytest.raises(NotFound, match="no model is named 'nosuch'"):
        call("universe.add", name="x", model="nosuch@champion")
    assert not Universe.objects.exists()


def test_a_run_that_refuses_every_symbol_gives_exit_code_1(sqlite_platform: Any, tools: Any) -> None:
    tools.load({"AA": tools.bars(1, 240)}, name="half", symbols=("AA", "GONE"))
    tools.load({}, name="none", symbols=("GONE",))
    assert call("universe.generate", name="half").exit_code == 0
    refused = call("universe.generate", name="none")
    assert refused.exit_code == 1
    assert [row[0] for row in refused.rows] == ["GONE"]


@pytest.mark.parametrize("verb", ["universe.generate", "universe.remove", "universe.performance", "universe.signals"])
def test_a_universe_that_does_not_exist_is_named(sqlite_platform: Any, tools: Any, verb: str) -> None:
    tools.load({"AA": tools.bars(1, 20)}, name="tech")
    with pytest.raises(NotFound, match="did you mean 'tech'"):
        call(verb, name="tec")


def test_a_universe_shared_between_jobs_gives_the_same_signals_once(platform: Any, tools: Any) -> None:
    frames = {f"S{at}": tools.bars(at, 170) for at in range(7)}
    tools.load(frames, tools.news(list(frames), frames["S0"]))
    generate_universe(GenerateRequest(universe="all", last=5))
    expected = stored()
    StoredSignal.objects.all().delete()
    at = "2026-01-01T00:00Z"
    shared = call("universe.generate", name="all", last=5, jobs=3, at=at)
    assert [row[1] for row in shared.rows] == [3, 2, 2]
    again = call("universe.generate", name="all", last=5, jobs=3, at=at)
    assert again.rows == shared.rows
    assert Job.objects.count() == 3
    for row in shared.rows:
        assert run_job(row[2], worker="test", terms=TERMS)
    assert set(Job.objects.values_list("state", flat=True)) == {"succeeded"}, list(Job.objects.values_list("error"))
    assert stored() == expected
    runs = SignalRun.objects.filter(part__contains="/")
    assert {run.job_id for run in runs} == {row[2] for row in shared.rows}
    assert {run.part for run in runs} == {"1/3", "2/3", "3/3"}
    connection.close()


def test_the_champion_of_that_time_sizes_the_signals(platform: Any, tools: Any, tmp_path: Path) -> None:
    frames = {name: tools.bars(seed, 300) for seed, name in enumerate(("AA", "BB"))}
    trained = {name: bars.iloc[:150] for name, bars in frames.items()}
    data = build_dataset(trained, DatasetSpec(features=("rsi(timeperiod=7)",), label="direction(horizon_bars=5)"))
    for name in ("one", "two"):
        model = make_model("linear" if name == "one" else "linear(l2=0.5)").fit(data.inputs, data.target)
        export_trainable(model, tmp_path / name, extras_of(data))
    for name, moment in (("one", "2025-01-06"), ("two", "2025-03-03")):
        version = register_model(tmp_path / name, name="up", by="ada", now=tools.clock(moment))
        promote("up", version.number, by="ada", reason="test", force=True, now=tools.clock(moment))
    tools.load(frames, model_name="up")
    with pytest.raises(NotFound, match="had no champion"):
        generate_universe(GenerateRequest(universe="all", at_ns=tools.ns("2025-01-01")))
    for moment, name in (("2025-02-01", "one"), ("2025-04-01", "two")):
        artefact = load_artefact(tmp_path / name)
        report = generate_universe(GenerateRequest(universe="all", at_ns=tools.ns(moment), last=10))
        assert report.model_id == artefact.model_id
        engine = SignalEngine(SignalSpec.for_timeframe("1D"), artefact=artefact)
        rows = StoredSignal.objects.filter(model_id=artefact.model_id, ticker="AA").order_by("timestamp_ns")
        known = frames["AA"][frames["AA"].index + pd.Timedelta(days=1) <= pd.Timestamp(moment, tz="UTC")]
        assert [signal_of(row) for row in rows] == list(engine.signal_history("AA", known)[-10:])
        assert all(row.p_up is not None for row in rows)
    assert StoredSignal.objects.filter(revision=0).count() == 40  # two models are two decisions, not revisions
    report = generate_universe(GenerateRequest(universe="all", at_ns=tools.ns("2025-04-01"), model="up@1"))
    assert report.stored == 2
    assert generate_universe(GenerateRequest(universe="all", at_ns=tools.ns("2025-04-01"), model="")).model_id == ""


def test_an_empty_symbol_does_not_mean_every_symbol(sqlite_platform: Any) -> None:
    with pytest.raises(InvalidInput, match="each symbol has a name"):
        call("universe.add", name="tech", timeframe="1D", symbols=("",))
    assert not Universe.objects.exists()


def test_figures_of_nothing_say_how_signals_come_about(sqlite_platform: Any) -> None:
    assert call("universe.performance").notes == ("No signal is stored that this asks for: augury universe generate.",)
