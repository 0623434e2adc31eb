"""The stream: events one by one give the batch's signals bit for bit, and bad events leave it as it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from augury.errors import InvalidBars, InvalidInput, LookAheadError
from augury.market.news import NewsItem
from augury.sample import Sample
from augury.sentiment import load_model
from augury.signals import BarEvent, SignalEngine, SignalSpec, SignalStream, TradingSignal, replay_events

DAY = 86_400 * 10**9


@pytest.fixture(scope="module")
def events(data: Sample, universe: dict[str, pd.DataFrame]) -> list[BarEvent | NewsItem]:
    return replay_events(universe, data.news, "1D")


def feed(stream: SignalStream, events: list[BarEvent | NewsItem]) -> list[TradingSignal]:
    answers = []
    for event in events:
        if isinstance(event, NewsItem):
            stream.on_news(event)
        elif (signal := stream.on_bar(event)) is not None:
            answers.append(signal)
    return answers


def test_the_stream_gives_the_history_of_every_ticker_bit_for_bit(
    engine: SignalEngine, data: Sample, universe: dict[str, pd.DataFrame], events: list[BarEvent | NewsItem]
) -> None:
    streamed = list(engine.stream(events))
    for ticker, bars in universe.items():
        history = engine.signal_history(ticker, bars, data.news)
        mine = [signal for signal in streamed if signal.ticker == ticker]
        assert [repr(signal) for signal in mine] == [repr(signal) for signal in history]


def test_news_arriving_in_another_order_between_two_bars_changes_nothing(
    engine: SignalEngine, events: list[BarEvent | NewsItem]
) -> None:
    shuffled: list[BarEvent | NewsItem] = []
    waiting: list[BarEvent | NewsItem] = []
    for event in events:
        if isinstance(event, NewsItem):
            waiting.append(event)
        else:
            shuffled += [*reversed(waiting), event]
            waiting = []
    expected = [repr(signal) for signal in engine.stream(events)]
    assert [repr(signal) for signal in engine.stream(shuffled)] == expected


@pytest.mark.parametrize("cut", [0, 1, 300, 901, 1300])
def test_a_restored_stream_continues_bit_for_bit(
    engine: SignalEngine, events: list[BarEvent | NewsItem], cut: int
) -> None:
    original = engine.open_stream()
    feed(original, events[:cut])
    saved = original.snapshot()
    restored = engine.open_stream()
    restored.restore(saved)
    assert restored.snapshot() == saved
    expected = [repr(signal) for signal in feed(original, events[cut:])]
    assert [repr(signal) for signal in feed(restored, events[cut:])] == expected
    assert expected


def test_a_snapshot_of_other_options_or_a_damaged_one_is_refused(
    engine: SignalEngine, events: list[BarEvent | NewsItem]
) -> None:
    stream = engine.open_stream()
    feed(stream, events[:400])
    saved = stream.snapshot()
    with pytest.raises(InvalidInput, match="options"):
        SignalEngine(SignalSpec(min_bars=130), model=load_model("lexicon")).open_stream().restore(saved)
    with pytest.raises(InvalidInput, match="damaged"):
        engine.open_stream().restore(saved[:-1] + bytes([saved[-1] ^ 1]))
    with pytest.raises(InvalidInput, match="no snapshot"):
        engine.open_stream().restore(b"something else")


def test_news_stamped_before_answered_bars_is_refused_and_counted(
    engine: SignalEngine, events: list[BarEvent | NewsItem]
) -> None:
    stream = engine.open_stream()
    feed(stream, events[:600])
    before = stream.snapshot()
    late = next(event for event in events if isinstance(event, NewsItem))
    with pytest.raises(LookAheadError, match="known"):
        stream.on_news(late)
    assert stream.refused == 1
    assert stream.snapshot() == before


def test_a_bar_that_breaks_the_contract_is_refused_and_leaves_the_state_alone(
    engine: SignalEngine, events: list[BarEvent | NewsItem]
) -> None:
    stream = engine.open_stream()
    feed(stream, events[:700])
    before = stream.snapshot()
    bar = next(event for event in events[700:] if isinstance(event, BarEvent))
    last = next(event for event in reversed(events[:700]) if isinstance(event, BarEvent))
    for bad in (
        replace(bar, high=bar.low - 1.0),
        replace(bar, close=float("nan")),
        replace(bar, volume=-1.0),
        replace(bar, open=float("inf")),
        last,
        replace(bar, ticker="NEW", opened_at_ns=last.opened_at_ns - 40 * 86_400 * 10**9),
    ):
        with pytest.raises((InvalidBars, InvalidInput)):
            stream.on_bar(bad)
    assert stream.refused == 6
    assert stream.snapshot() == before


def test_news_that_is_not_known_yet_survives_a_snapshot(
    engine: SignalEngine, events: list[BarEvent | NewsItem]
) -> None:
    """An item that arrives early waits until a bar closes at or after its `known_at`, in a restored stream too."""
    original = engine.open_stream()
    feed(original, events[:1000])
    bars = [event for event in events[1000:] if isinstance(event, BarEvent) and event.ticker == "IBM"][:4]
    known = bars[2].opened_at_ns
    item = NewsItem(ticker="IBM", text="Profit collapses", published_at_ns=known, known_at_ns=known, source="wire")
    original.on_news(item)
    saved = original.snapshot()
    restored = engine.open_stream()
    restored.restore(saved)
    assert restored.snapshot() == saved
    expected = [original.on_bar(bar) for bar in bars]
    assert [repr(restored.on_bar(bar)) for bar in bars] == [repr(signal) for signal in expected]
    untold = engine.open_stream()
    feed(untold, events[:1000])
    without = [untold.on_bar(bar) for bar in bars]
    agree = [repr(one) == repr(other) for one, other in zip(expected, without, strict=True)]
    assert agree == [bar.opened_at_ns + DAY < known for bar in bars]
    assert True in agree


def test_a_ticker_without_news_of_its_own_streams_as_in_batch(
    engine: SignalEngine, data: Sample, universe: dict[str, pd.DataFrame]
) -> None:
    quiet = {"QUIET": universe["IBM"]}
    streamed = list(engine.stream(replay_events(quiet, data.news, "1D")))
    history = engine.signal_history("QUIET", universe["IBM"], data.news)
    assert [repr(signal) for signal in streamed] == [repr(signal) for signal in history]
    assert streamed[-1].provenance.news is not None


def test_the_default_model_streams_as_in_batch(data: Sample, universe: dict[str, pd.DataFrame]) -> None:
    engine = SignalEngine(sectors=data.sectors)
    few = {"MSFT": universe["MSFT"].iloc[-180:]}
    live = SignalEngine(sectors=data.sectors)
    streamed = list(live.stream(replay_events(few, data.news, "1D")))
    history = engine.signal_history("MSFT", few["MSFT"], data.news)
    assert [repr(signal) for signal in streamed] == [repr(signal) for signal in history]


def test_bars_of_another_length_than_the_timeframe_are_refused(
    engine: SignalEngine, universe: dict[str, pd.DataFrame]
) -> None:
    daily = replay_events({"IBM": universe["IBM"].iloc[:200]}, [], "1D")
    stream = engine.open_stream()
    assert isinstance(daily[0], BarEvent)
    stream.on_bar(daily[0])
    before = stream.snapshot()
    with pytest.raises(InvalidBars, match="at least 1D apart, two open 1h apart"):
        stream.on_bar(replace(daily[0], opened_at_ns=daily[0].opened_at_ns + DAY // 24))
    assert stream.snapshot() == before
    assert stream.refused == 1
    weekly = [
        replace(event, opened_at_ns=place * 7 * DAY) for place, event in enumerate(daily) if isinstance(event, BarEvent)
    ]
    stream = engine.open_stream()
    feed(stream, list(weekly[:127]))
    restored = engine.open_stream()
    restored.restore(stream.snapshot())
    for each in (stream, restored):
        with pytest.raises(InvalidBars, match="known before they close"):
            each.on_bar(weekly[127])


@pytest.mark.parametrize("opened_at_ns", [2**63, -(2**63), 2**80, None, 1.5])
def test_a_time_beyond_the_years_of_nanoseconds_is_refused(
    engine: SignalEngine, universe: dict[str, pd.DataFrame], opened_at_ns: Any
) -> None:
    (bar,) = replay_events({"IBM": universe["IBM"].iloc[:1]}, [], "1D")
    stream = engine.open_stream()
    assert isinstance(bar, BarEvent)
    with pytest.raises(InvalidBars):
        stream.on_bar(replace(bar, opened_at_ns=opened_at_ns))
    assert stream.refused == 1


def test_no_signal_before_the_shortest_history(engine: SignalEngine, universe: dict[str, pd.DataFrame]) -> None:
    only = {"IBM": universe["IBM"].iloc[:130]}
    assert len(list(engine.stream(replay_events(only, [], "1D")))) == 3
