"""The engine: one decision whichever way it is asked for, from what was known and nothing else."""

from __future__ import annotations

import json
import math
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from augury.errors import InvalidBars, InvalidInput, InvalidNews, NotEnoughData, Unavailable
from augury.market.bars import bar_arrays
from augury.market.news import NewsItem
from augury.sample import Sample
from augury.sentiment import load_model
from augury.signals import SignalEngine, SignalSpec, TradingSignal, replay_events
from augury.signals.technical import TECHNICAL_COLUMNS, Technical
from augury.signals.workers import judge_in_processes
from augury.testing import garch_bars

C7_FIELDS = [
    "ticker",
    "timestamp",
    "signal_type",
    "confidence",
    "sentiment_mean",
    "sentiment_std",
    "sentiment_entropy",
    "is_contrarian_market",
    "is_contrarian_sector",
    "vsa_score",
    "hawkes_branching",
    "hurst_exponent",
    "is_trending",
    "perm_entropy",
    "is_high_conviction",
    "risk_level",
    "suggested_position_size",
]


def same(one: TradingSignal, other: TradingSignal) -> bool:
    """Equal bit for bit, unknown values included (repr of a float is exact, and NaN prints as nan)."""
    return repr(one) == repr(other)


def test_a_signal_has_every_promised_field_and_is_plain_json(engine: SignalEngine, data: Sample) -> None:
    signal = engine.generate_signal("AAPL", data.bars["AAPL"].iloc[-500:], data.news)
    plain = json.loads(json.dumps(signal.to_dict(), allow_nan=False))
    assert list(plain) == [*C7_FIELDS, "close", "reasons", "versions"]
    assert [name for name in C7_FIELDS if plain[name] is None] == []
    assert plain["signal_type"] in ("BUY", "SELL", "HOLD")
    assert 0.0 <= plain["confidence"] <= 1.0
    assert plain["reasons"]
    assert plain["versions"]["bars"]
    assert plain["versions"]["news"]
    assert plain["versions"]["sentiment_model"].startswith("lexicon@")


def test_the_timestamp_is_the_close_of_the_last_bar_and_not_now(engine: SignalEngine, data: Sample) -> None:
    bars = data.bars["IBM"].iloc[-300:]
    signal = engine.generate_signal("IBM", bars)
    assert signal.timestamp == bars.index[-1] + pd.Timedelta(days=1)
    assert same(signal, SignalEngine(model=load_model("lexicon")).generate_signal("IBM", bars))


def test_batch_history_and_stream_agree_with_single_calls_bit_for_bit(
    engine: SignalEngine, data: Sample, universe: dict[str, pd.DataFrame]
) -> None:
    batch = engine.generate_signals_batch(universe, data.news)
    for ticker, signal in zip(universe, batch, strict=True):
        fresh = SignalEngine(model=load_model("lexicon"), sectors=data.sectors)
        assert same(signal, fresh.generate_signal(ticker, universe[ticker], data.news))
        history = fresh.signal_history(ticker, universe[ticker], data.news)
        assert same(signal, history[-1])
        assert len(history) == len(universe[ticker]) - engine.spec.min_bars + 1


def test_history_equals_single_calls_on_every_prefix_tried(engine: SignalEngine, data: Sample) -> None:
    bars = data.bars["AAPL"].iloc[-420:]
    history = engine.signal_history("AAPL", bars, data.news)
    for count in (128, 129, 177, 251, 270, 350, 419):
        single = engine.generate_signal("AAPL", bars.iloc[:count], data.news)
        assert same(single, history[count - engine.spec.min_bars])


@pytest.mark.parametrize("workers", [2, 3])
def test_worker_processes_change_nothing(
    engine: SignalEngine, data: Sample, universe: dict[str, pd.DataFrame], workers: int
) -> None:
    alone = engine.generate_signals_batch(universe, data.news)
    fresh = SignalEngine(model=load_model("lexicon"), sectors=data.sectors)
    shared = fresh.generate_signals_batch(universe, data.news, workers=workers)
    assert all(same(a, b) for a, b in zip(alone, shared, strict=True))


def test_the_order_in_which_news_is_given_does_not_matter(engine: SignalEngine, data: Sample) -> None:
    bars = data.bars["MSFT"].iloc[-300:]
    shuffled = [data.news[i] for i in np.random.default_rng(3).permutation(len(data.news))]
    assert same(engine.generate_signal("MSFT", bars, data.news), engine.generate_signal("MSFT", bars, shuffled))


def test_news_known_after_the_close_changes_nothing(engine: SignalEngine, data: Sample) -> None:
    bars = data.bars["AAPL"].iloc[-400:-100]
    close_ns = int(bars.index.asi8[-1]) + 86_400 * 10**9
    known = [item for item in data.news if item.known_at_ns <= close_ns]
    assert 0 < len(known) < len(data.news)
    assert same(engine.generate_signal("AAPL", bars, data.news), engine.generate_signal("AAPL", bars, known))
    late = replace(known[-1], text="Shares collapse on fraud", known_at_ns=close_ns + 1)
    assert same(engine.generate_signal("AAPL", bars, [*known, late]), engine.generate_signal("AAPL", bars, known))


def test_a_planted_leak_of_one_nanosecond_is_seen(engine: SignalEngine, data: Sample) -> None:
    """The check above can fail: the same item known exactly at the close does change the signal."""
    bars = data.bars["AAPL"].iloc[-400:-100]
    close_ns = int(bars.index.asi8[-1]) + 86_400 * 10**9
    known = [item for item in data.news if item.known_at_ns <= close_ns]
    item = NewsItem(ticker="AAPL", text="Profit falls", published_at_ns=close_ns, known_at_ns=close_ns, source="wire")
    with_item = engine.generate_signal("AAPL", bars, [*known, item])
    assert not same(with_item, engine.generate_signal("AAPL", bars, known))
    assert with_item.sentiment_mean < engine.generate_signal("AAPL", bars, known).sentiment_mean


def test_without_news_sentiment_is_unknown_and_not_neutral(engine: SignalEngine, data: Sample) -> None:
    signal = engine.generate_signal("IBM", data.bars["IBM"].iloc[-500:])
    assert math.isnan(signal.sentiment_mean)
    assert math.isnan(signal.sentiment_entropy)
    assert signal.is_contrarian_market is None
    assert signal.provenance.sentiment_model is None
    assert signal.signal_type == "HOLD"
    assert signal.to_dict()["sentiment_mean"] is None


def test_same_length_different_data_is_never_answered_from_memory(engine: SignalEngine, data: Sample) -> None:
    bars = data.bars["IBM"].iloc[-300:]
    first = engine.generate_signal("IBM", bars)
    changed = bars.copy()
    changed.iloc[150, 3] = (changed.iloc[150, 1] + changed.iloc[150, 2]) / 2 + 0.01
    second = engine.generate_signal("IBM", changed)
    assert first.provenance.bars != second.provenance.bars
    assert engine.get_performance_stats().cached == 0
    assert engine.generate_signal("IBM", bars) is first
    assert engine.get_performance_stats().cached == 1


def test_statistics_count_what_was_done(data: Sample) -> None:
    ticks = iter(range(100))
    engine = SignalEngine(clock=lambda: float(next(ticks)))
    assert engine.get_performance_stats().mean_ms is None
    engine.generate_signal("IBM", data.bars["IBM"].iloc[-300:])
    engine.generate_signal("IBM", data.bars["IBM"].iloc[-301:])
    stats = engine.get_performance_stats()
    assert (stats.signals, stats.hold, stats.cached) == (2, 2, 0)
    assert stats.mean_ms == pytest.approx(1000.0)
    assert stats.signals_per_second == pytest.approx(1.0)


def test_too_short_a_history_is_refused_and_says_what_is_needed(engine: SignalEngine, data: Sample) -> None:
    with pytest.raises(NotEnoughData, match="IBM: a signal needs at least 128 bars, got 3"):
        engine.generate_signal("IBM", data.bars["IBM"].iloc[-3:])


def test_one_bad_ticker_is_listed_and_the_rest_judged(engine: SignalEngine, data: Sample) -> None:
    broken = data.bars["AAPL"].iloc[-300:].copy()
    broken.iloc[7, 1] = broken.iloc[7, 2] - 1.0
    frames = {"AAPL": broken, "IBM": data.bars["IBM"].iloc[-300:]}
    batch = engine.generate_signals_batch(frames, on_error="collect")
    assert [signal.ticker for signal in batch] == ["IBM"]
    assert "row 7" in batch.refused["AAPL"]
    with pytest.raises(InvalidBars):
        engine.generate_signals_batch(frames)


def test_an_empty_frame_in_a_batch_is_listed_and_the_rest_judged(engine: SignalEngine, data: Sample) -> None:
    bars = data.bars["IBM"].iloc[-300:]
    batch = engine.generate_signals_batch({"EMPTY": bars.iloc[:0], "IBM": bars}, on_error="collect")
    assert [signal.ticker for signal in batch] == ["IBM"]
    assert "EMPTY" in batch.refused
    assert len(engine.generate_signals_batch({})) == 0


def test_a_bad_ticker_stops_worker_processes_and_the_next_batch_works(
    engine: SignalEngine, data: Sample, universe: dict[str, pd.DataFrame]
) -> None:
    broken = {**universe, "BAD": universe["IBM"].iloc[:5]}
    with pytest.raises(NotEnoughData, match="BAD"):
        engine.generate_signals_batch(broken, data.news, workers=2)
    batch = engine.generate_signals_batch(broken, data.news, workers=2, on_error="collect")
    assert [signal.ticker for signal in batch] == list(universe)
    assert list(batch.refused) == ["BAD"]


def test_threads_that_share_an_engine_get_the_signals_of_one(
    engine: SignalEngine, data: Sample, universe: dict[str, pd.DataFrame]
) -> None:
    jobs = [(ticker, bars.iloc[:count]) for count in (200, 300, 420) for ticker, bars in universe.items()] * 2
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda job: engine.generate_signal(*job, data.news), jobs))
    alone = SignalEngine(model=load_model("lexicon"), sectors=data.sectors)
    assert all(same(a, alone.generate_signal(*job, data.news)) for a, job in zip(together, jobs, strict=True))
    assert engine.get_performance_stats().signals == len(jobs)


def test_a_ticker_that_never_had_news_is_unknown_and_not_neutral_while_others_had(
    engine: SignalEngine, data: Sample
) -> None:
    signal = engine.generate_signal("QUIET", data.bars["IBM"].iloc[-420:], data.news)
    assert signal.provenance.news is not None
    assert math.isnan(signal.sentiment_mean)
    assert math.isnan(signal.sentiment_entropy)
    assert (signal.is_contrarian_market, signal.is_contrarian_sector) == (None, None)
    assert signal.signal_type == "HOLD"


@pytest.mark.parametrize(("spacing", "timeframe"), [("h", "1D"), ("30min", "1h"), ("D", "1W"), ("22h", "1D")])
def test_bars_shorter_than_the_timeframe_are_refused(data: Sample, spacing: str, timeframe: str) -> None:
    bars = data.bars["IBM"].iloc[-200:].copy()
    bars.index = pd.date_range("2013-01-01", periods=200, freq=spacing, tz="UTC", name="timestamp")
    engine = SignalEngine(SignalSpec.for_timeframe(timeframe))
    with pytest.raises(InvalidBars, match=f"IBM: expected bars at least {timeframe} apart"):
        engine.generate_signal("IBM", bars)
    with pytest.raises(InvalidBars, match="apart"):
        engine.signal_history("IBM", bars)
    assert "IBM" in engine.generate_signals_batch({"IBM": bars}, on_error="collect").refused


def test_weekly_bars_taken_for_daily_ones_would_be_known_before_they_close_and_are_refused(data: Sample) -> None:
    bars = data.bars["IBM"].iloc[-200:].copy()
    bars.index = pd.date_range("2010-01-04", periods=200, freq="7D", tz="UTC", name="timestamp")
    with pytest.raises(InvalidBars, match="no two of these open less than 1W apart"):
        SignalEngine().generate_signal("IBM", bars)
    weekly = SignalEngine(SignalSpec.for_timeframe("1W")).generate_signal("IBM", bars)
    assert weekly.timestamp == bars.index[-1] + pd.Timedelta(weeks=1)


def test_days_that_open_at_a_local_midnight_are_daily_bars_when_clocks_change_too(data: Sample) -> None:
    bars = data.bars["IBM"].iloc[-200:].copy()
    bars.index = pd.date_range("2013-01-01", periods=200, freq="D", tz="America/New_York").tz_convert("UTC")
    assert min(np.diff(bars.index.as_unit("ns").asi8)) == 23 * 3600 * 10**9
    signal = SignalEngine().generate_signal("IBM", bars.rename_axis("timestamp"))
    assert signal.timestamp == bars.index[-1] + pd.Timedelta(days=1)


def test_one_bar_a_session_may_last_390_minutes(data: Sample) -> None:
    bars = data.bars["IBM"].iloc[-200:].copy()
    bars.index = bars.index + pd.Timedelta(minutes=14 * 60 + 30)
    signal = SignalEngine(SignalSpec.for_timeframe("390m")).generate_signal("IBM", bars)
    assert signal.timestamp == bars.index[-1] + pd.Timedelta(minutes=390)


def test_news_prepared_with_other_sectors_or_options_is_refused(engine: SignalEngine, data: Sample) -> None:
    bars = data.bars["IBM"].iloc[-300:]
    prepared = engine.prepare_news(data.news)
    assert engine.generate_signal("IBM", bars, prepared).provenance.sectors is not None
    with pytest.raises(InvalidInput, match="other sectors"):
        SignalEngine().generate_signal("IBM", bars, prepared)
    hourly = SignalEngine(SignalSpec.for_timeframe("1h"), sectors=data.sectors)
    with pytest.raises(InvalidInput, match="sentiment options"):
        hourly.prepare_news(prepared)


def test_sectors_are_part_of_the_versions_and_cannot_be_changed_under_an_engine(data: Sample) -> None:
    bars, model = data.bars["IBM"].iloc[-300:], load_model("lexicon")
    given = dict(data.sectors)
    engine = SignalEngine(model=model, sectors=given)
    given.clear()
    assert engine.sectors == data.sectors
    with pytest.raises(TypeError):
        engine.sectors["IBM"] = "Energy"  # type: ignore[index]
    with_sectors = engine.generate_signal("IBM", bars, data.news).provenance
    without = SignalEngine(model=model).generate_signal("IBM", bars, data.news).provenance
    assert replace(with_sectors, sectors=None) == without != with_sectors


@pytest.mark.parametrize("news", ["headlines.jsonl", [{"ticker": "IBM", "text": "Profit"}], [None]])
def test_what_is_no_news_is_refused_by_position(engine: SignalEngine, data: Sample, news: object) -> None:
    with pytest.raises(InvalidNews, match="at position 0; read files with"):
        engine.generate_signal("IBM", data.bars["IBM"].iloc[-300:], news)  # type: ignore[arg-type]


def test_options_that_are_none_are_refused(engine: SignalEngine, universe: dict[str, pd.DataFrame]) -> None:
    for options in ({"workers": 0}, {"workers": -1}, {"on_error": "colect"}):
        with pytest.raises(InvalidInput, match="at least 1 of workers"):
            engine.generate_signals_batch(universe, **options)
    with pytest.raises(InvalidInput, match="0 remembers none"):
        SignalEngine(remembered=-1)
    forgetful = SignalEngine(remembered=0)
    bars = universe["IBM"]
    assert forgetful.generate_signal("IBM", bars) is not forgetful.generate_signal("IBM", bars)


def test_options_change_the_version_and_the_result(data: Sample) -> None:
    bars = data.bars["IBM"].iloc[-500:]
    one = SignalEngine().generate_signal("IBM", bars)
    other = SignalEngine(SignalSpec(hurst={"window_bars": 200})).generate_signal("IBM", bars)
    assert one.provenance.spec != other.provenance.spec
    assert one.provenance.features != other.provenance.features
    assert one.hurst_exponent != other.hurst_exponent
    with pytest.raises(InvalidInput, match="window_bars"):
        SignalEngine(SignalSpec(hurst={"window": 200}))


def test_intraday_bars_are_stamped_by_the_timeframe(data: Sample) -> None:
    bars = data.bars["IBM"].iloc[-200:].copy()
    bars.index = pd.date_range("2013-01-01", periods=200, freq="h", tz="UTC", name="timestamp")
    signal = SignalEngine(SignalSpec(timeframe="1h")).generate_signal("IBM", bars)
    assert signal.timestamp == pd.Timestamp("2013-01-09 08:00", tz="UTC")


def test_a_batch_becomes_a_frame(engine: SignalEngine, universe: dict[str, pd.DataFrame], data: Sample) -> None:
    frame = engine.generate_signals_batch(universe, data.news).to_frame()
    assert list(frame["ticker"]) == list(universe)
    assert {"reason", "confidence", "timestamp"} <= set(frame.columns)


def test_equal_signals_are_equal_though_some_of_their_numbers_are_unknown(data: Sample) -> None:
    bars = data.bars["IBM"].iloc[-200:]
    one, other = (SignalEngine().generate_signal("IBM", bars) for _ in range(2))
    assert math.isnan(one.sentiment_mean)
    assert one is not other
    assert one == other
    assert len({one, other}) == 1
    assert one != replace(other, confidence=0.9)
    assert one != replace(other, sentiment_mean=0.0)
    assert one != "a signal"


def hourly(bars: int, seed: int) -> pd.DataFrame:
    """Round-the-clock hourly bars; the first hour of each day is always wide, heavy and falling."""
    frame = garch_bars(bars, seed=seed)
    frame.index = pd.date_range("2022-01-03", periods=bars, freq="h", tz="UTC", unit="ns", name="timestamp")
    first = frame.index.hour == 0
    frame.loc[first, "volume"] *= 6.0
    frame.loc[first, "low"] *= 0.9
    frame.loc[first, "close"] = frame.loc[first, "low"] * 1.001
    frame["high"] = frame[["open", "high", "low", "close"]].max(axis=1)
    return frame


def test_intraday_bars_are_judged_against_their_own_time_of_day() -> None:
    """Against the last 50 bars every first hour would be a selling climax."""
    bars = hourly(900, seed=4)
    arrays = bar_arrays(bars)
    climaxes = {}
    for name, spec in (("plain", SignalSpec(timeframe="1h")), ("slots", SignalSpec.for_timeframe("1h"))):
        column = Technical(spec).history(arrays)[TECHNICAL_COLUMNS.index("vsa.selling_climax")]
        climaxes[name] = float(np.nanmean(column[(bars.index.hour == 0) & (np.arange(900) >= 600)]))
    assert climaxes["plain"] > 0.5
    assert climaxes["slots"] < 0.1


def test_intraday_history_and_stream_agree_bit_for_bit() -> None:
    bars = hourly(620, seed=5)
    engine = SignalEngine(SignalSpec.for_timeframe("1h"))
    history = engine.signal_history("X", bars)
    assert list(engine.stream(replay_events({"X": bars}, [], "1h"))) == list(history)
    assert same(engine.generate_signal("X", bars), history[-1])


@pytest.mark.parametrize(
    ("timeframe", "slot"), [("1m", 1), ("5m", 5), ("1h", 60), ("7m", 1), ("1D", None), ("1W", None)]
)
def test_slots_follow_the_timeframe(timeframe: str, slot: int | None) -> None:
    assert SignalSpec.for_timeframe(timeframe).vsa.get("slot_minutes") == slot


class Deadly:
    """Ends the process that unpickles it."""

    def __reduce__(self) -> tuple[object, tuple[int]]:
        return os._exit, (1,)


def test_a_worker_that_dies_is_reported_and_the_next_batch_works(data: Sample) -> None:
    chunk = {"IBM": bar_arrays(data.bars["IBM"].iloc[-200:])}
    with pytest.raises(Unavailable, match="a worker process died"):
        list(judge_in_processes(SignalEngine, SignalSpec(), [chunk], Deadly(), 2))  # type: ignore[arg-type]
    batch = SignalEngine().generate_signals_batch({"IBM": data.bars["IBM"].iloc[-200:]}, workers=2)
    assert [signal.ticker for signal in batch] == ["IBM"]
