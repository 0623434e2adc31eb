"""The stream: events one by one give the batch's signals bit for bit, and bad events leave it as it was."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from augury.errors import InvalidBars, InvalidInput, LookAheadError
from augury.market.news import NewsItem
from augury.sample import Sample
from augury.sentiment import load_model
from augury.signals import BarEvent, SignalEngine, SignalSpec, SignalStream, TradingSignal, replay_events


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


def test_no_signal_before_the_shortest_history(engine: SignalEngine, universe: dict[str, pd.DataFrame]) -> None:
    only = {"IBM": universe["IBM"].iloc[:130]}
    assert len(list(engine.stream(replay_events(only, [], "1D")))) == 3
