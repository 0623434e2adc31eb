"""A universe in the database gives the library's signals, bit for bit, as of any moment."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from augury.errors import Conflict, InvalidInput, NotEnoughData, NotFound, Refused
from augury.sentiment import load_model
from augury.signals import RuleSpec, SignalEngine, SignalSpec
from augury_server.ingest.database_bars import DatabaseBars
from augury_server.ingest.stored_news import store_news
from augury_server.signals.generate import generate_universe
from augury_server.signals.models import Outcome, SignalRun, StoredSignal, Universe
from augury_server.signals.requests import GenerateRequest
from augury_server.signals.rows import signal_of
from augury_server.signals.universes import NewUniverse, add_universe, remove_universe


def stored(**wanted: Any) -> dict[tuple[str, int], Any]:
    rows = StoredSignal.objects.filter(**wanted)
    return {(row.ticker, row.timestamp_ns): signal_of(row) for row in rows}


def test_stored_signals_are_the_librarys_on_the_same_bars_and_news(platform: Any, tools: Any, sample: Any) -> None:
    tools.load(sample.bars, sample.news, context=(sample.market,), sectors=sample.sectors)
    report = generate_universe(GenerateRequest(universe="all", last=60), by="ada")
    engine = SignalEngine(SignalSpec.for_timeframe("1D"), model=load_model("lexicon"), sectors=sample.sectors)
    prepared = engine.prepare_news(sample.news)
    expected = {
        (signal.ticker, signal.timestamp_ns): signal
        for ticker, bars in sample.bars.items()
        if len(bars) >= engine.spec.min_bars
        for signal in engine.signal_history(ticker, bars, prepared)[-60:]
    }
    found = stored()
    assert found == expected
    assert len({signal.signal_type for signal in found.values()}) > 1
    assert any(not math.isnan(signal.sentiment_mean) for signal in found.values())
    assert report.stored == report.signals == len(expected)
    assert set(report.refused) == {ticker for ticker, bars in sample.bars.items() if len(bars) < engine.spec.min_bars}
    row = StoredSignal.objects.filter(ticker="AAPL").first()
    assert row is not None
    assert row.known_at_ns == row.timestamp_ns
    assert row.provenance == found[row.ticker, row.timestamp_ns].provenance.to_dict()
    assert row.run is not None
    assert row.run.state == "finished"


def test_the_last_bar_alone_gives_what_the_history_gives_there(platform: Any, tools: Any) -> None:
    frames = {name: tools.bars(seed, 200) for seed, name in enumerate(("AA", "BB", "CC"))}
    tools.load(frames, tools.news(["AA", "BB", "CC"], frames["AA"]))
    generate_universe(GenerateRequest(universe="all"))
    one = stored()
    again = generate_universe(GenerateRequest(universe="all", last=5))
    assert again.stored == 12
    assert again.signals == 15
    assert {key: stored()[key] for key in one} == one


def test_a_run_of_the_past_sees_only_what_was_known_then(platform: Any, tools: Any) -> None:
    frames = {name: tools.bars(seed, 220) for seed, name in enumerate(("AA", "BB"))}
    news = tools.news(["AA", "BB"], frames["AA"])
    cut = int(frames["AA"].index.asi8[180]) + tools.day_ns
    tools.load({name: bars.iloc[:181] for name, bars in frames.items()}, [n for n in news if n.known_at_ns <= cut])
    generate_universe(GenerateRequest(universe="all", last=20, at_ns=cut))
    before = stored()
    assert len(before) == 40
    store = DatabaseBars()
    for name, bars in frames.items():
        store.append(name, "1D", bars)
    store_news(news)
    mended = frames["AA"].iloc[[150]] * 1.03
    opened = int(mended.index.asi8[0])
    store.replace_range("AA", "1D", mended, opened, opened + 1, known_at=cut + 1)
    again = generate_universe(GenerateRequest(universe="all", last=20, at_ns=cut))
    assert again.stored == 0
    assert again.watermark_ns == cut
    assert stored() == before


def test_mended_bars_give_a_revision_and_the_first_decision_stays(platform: Any, tools: Any) -> None:
    frames = {"AA": tools.bars(1, 200), "BB": tools.bars(2, 200)}
    tools.load(frames)
    generate_universe(GenerateRequest(universe="all", last=3))
    before = stored()
    mended = frames["AA"].iloc[[198]].copy()
    mended["close"] = mended["high"]
    opened = int(mended.index.asi8[0])
    moment = tools.ns("2026-01-01")
    DatabaseBars().replace_range("AA", "1D", mended, opened, opened + 1, known_at=moment)
    report = generate_universe(GenerateRequest(universe="all", last=3))
    assert (report.stored, report.revisions) == (2, 2)  # the mended bar and the one after it
    assert stored(revision=0) == before
    revisions = StoredSignal.objects.filter(revision=1).order_by("timestamp_ns")
    assert [row.known_at_ns for row in revisions] == [moment, moment]
    assert revisions[0].close == float(mended["close"].iloc[0])
    assert (
        revisions[0].data_id
        != StoredSignal.objects.get(
            ticker="AA", revision=0, close=before["AA", revisions[0].timestamp_ns].close
        ).data_id
    )
    assert not Outcome.objects.filter(signal__revision=1).exists()
    assert Outcome.objects.count() == 2 * len(before)
    assert generate_universe(GenerateRequest(universe="all", last=3)).stored == 0


def test_a_bar_that_came_late_makes_its_signal_known_late(platform: Any, tools: Any) -> None:
    bars = tools.bars(1, 200)
    tools.load({"AA": bars.iloc[:198]})
    late = tools.ns("2025-06-01")
    DatabaseBars().append("AA", "1D", bars, known_at=late)
    generate_universe(GenerateRequest(universe="all", last=4))
    rows = StoredSignal.objects.order_by("timestamp_ns")
    assert [row.known_at_ns for row in rows] == [rows[0].timestamp_ns, rows[1].timestamp_ns, late, late]


def test_what_is_refused_is_listed_with_its_reason_and_stops_nobody(platform: Any, tools: Any) -> None:
    tools.load({"AA": tools.bars(1, 200), "NEW": tools.bars(2, 20)}, symbols=("AA", "NEW", "GHOST"))
    report = generate_universe(GenerateRequest(universe="all"))
    assert report.signals == 1
    assert set(report.refused) == {"NEW", "GHOST"}
    assert "at least 128 bars" in report.refused["NEW"]
    assert "no bars" in report.refused["GHOST"]
    run = SignalRun.objects.get()
    assert run.refused == dict(report.refused)
    assert (run.state, run.symbols, run.signals, run.stored) == ("finished", 3, 1, 1)


def test_a_dry_run_judges_and_stores_nothing(platform: Any, tools: Any) -> None:
    tools.load({"AA": tools.bars(1, 200)})
    report = generate_universe(GenerateRequest(universe="all", dry_run=True))
    assert (report.signals, report.stored) == (1, 0)
    assert not StoredSignal.objects.exists()
    assert not SignalRun.objects.exists()


def test_a_part_of_a_universe_still_hears_the_news_of_all(platform: Any, tools: Any) -> None:
    frames = {name: tools.bars(seed, 260) for seed, name in enumerate(("AA", "BB", "CC", "DD"))}
    tools.load(frames, tools.news(list(frames), frames["AA"]))
    generate_universe(GenerateRequest(universe="all", last=30))
    whole = stored()
    StoredSignal.objects.all().delete()
    generate_universe(GenerateRequest(universe="all", last=30, only=("AA", "BB"), part="1/2"))
    generate_universe(GenerateRequest(universe="all", last=30, only=("CC", "DD"), part="2/2"))
    assert stored() == whole


def test_the_number_of_queries_does_not_grow_with_the_universe(platform: Any, tools: Any) -> None:
    frames = {f"S{at:02d}": tools.bars(at, 140) for at in range(24)}
    tools.load(frames)
    counts = []
    for few in (3, 24):
        only = tuple(list(frames)[:few])
        with CaptureQueriesContext(connection) as seen:
            generate_universe(GenerateRequest(universe="all", only=only, last=few))
        counts.append(len([query for query in seen if "staged" not in query["sql"]]))
    assert counts[0] == counts[1]


def test_options_of_the_universe_reach_the_engine(platform: Any, tools: Any) -> None:
    rules = RuleSpec.absolute().to_dict()
    tools.load({"AA": tools.bars(1, 200)}, options={"rules": rules, "sizing": {"cap": 0.1}, "min_bars": 150})
    generate_universe(GenerateRequest(universe="all"))
    run = SignalRun.objects.get()
    spec = SignalSpec.from_dict(run.spec)
    assert spec.rules == RuleSpec.absolute()
    assert (spec.sizing.cap, spec.sizing.kelly_fraction, spec.min_bars) == (0.1, 0.25, 150)
    row = StoredSignal.objects.get()
    assert (row.spec_id, row.rules_id) == (spec.id, spec.rules.id)


def test_universes_are_checked_added_replaced_and_removed(sqlite_platform: Any) -> None:
    new = NewUniverse(name="tech", timeframe="60min", symbols=("AA", "BB"))
    add_universe(new, by="ada", dry_run=True)
    assert not Universe.objects.exists()
    made = add_universe(new, by="ada")
    assert (made.timeframe, made.horizons, made.created_by) == ("1h", [1, 5, 20], "ada")
    with pytest.raises(Conflict, match="there is a universe 'tech' already"):
        add_universe(new, by="bob")
    add_universe(NewUniverse(name="tech", timeframe="1D", horizons=(3,), enabled=False), by="bob", replace=True)
    assert Universe.objects.get().horizons == [3]
    with pytest.raises(Refused, match="disabled"):
        generate_universe(GenerateRequest(universe="tech"))
    for wrong in (
        NewUniverse(name="x", timeframe="1D", options={"min_barz": 3}),
        NewUniverse(name="x", timeframe="1D", options={"timeframe": "1h"}),
        NewUniverse(name="x", timeframe="1D", horizons=(0,)),
        NewUniverse(name="x", timeframe="monthly"),
        NewUniverse(name=" ", timeframe="1D"),
        NewUniverse(name="x", timeframe="1D", symbols=("A", "A")),
    ):
        with pytest.raises(InvalidInput):
            add_universe(wrong, by="ada")
    with pytest.raises(NotFound, match="did you mean 'tech'"):
        remove_universe("tec")
    remove_universe("tech", dry_run=True)
    remove_universe("tech")
    assert not Universe.objects.exists()


def test_what_cannot_be_judged_at_all_is_said(sqlite_platform: Any, tools: Any) -> None:
    add_universe(NewUniverse(name="empty", timeframe="1D"), by="ada")
    with pytest.raises(NotEnoughData, match="no symbol has 1D bars"):
        generate_universe(GenerateRequest(universe="empty"))
    tools.load({"AA": tools.bars(1, 200)})
    with pytest.raises(NotFound, match="'AB' is no symbol of all"):
        generate_universe(GenerateRequest(universe="all", only=("AB",)))
    with pytest.raises(NotFound, match="no model is named 'ghost'"):
        generate_universe(GenerateRequest(universe="all", model="ghost"))
    assert generate_universe(GenerateRequest(universe="empty")).signals == 1  # every symbol with bars


def test_json_keeps_every_number_and_the_order_of_reasons(platform: Any, tools: Any) -> None:
    frames = {"AA": tools.bars(1, 300)}
    tools.load(frames, tools.news(["AA"], frames["AA"]))
    generate_universe(GenerateRequest(universe="all", last=100))
    for row in StoredSignal.objects.all():
        signal = signal_of(row)
        assert [r["code"] for r in row.reasons] == [reason.code for reason in signal.reasons]
        json.dumps(signal.to_dict(), allow_nan=False)
        assert row.suggested_position_size is None or np.isfinite(row.suggested_position_size)
