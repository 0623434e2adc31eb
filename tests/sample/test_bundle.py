"""The shipped files: contract of the bars, honest news, size."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter, defaultdict
from difflib import SequenceMatcher
from importlib.resources import files
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from augury.market import validate_bars
from augury.sample import MARKET_TICKER, SECTORS, Sample, load_sample

TICKERS = ("AAPL", "FB", "GOOG", "IBM", "MSFT")
SOURCES = {"wire", "press_release", "blog", "social"}
FIRST_NEWS_DAY, LAST_DAY = pd.Timestamp("2011-01-01", tz="UTC"), pd.Timestamp("2013-03-01", tz="UTC")
NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture(scope="module")
def sample() -> Sample:
    return load_sample()


@pytest.fixture(scope="module")
def records() -> list[dict[str, str]]:
    text = (files("augury.sample") / "headlines.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def bars_of(sample: Sample, ticker: str) -> pd.DataFrame:
    return sample.market if ticker == MARKET_TICKER else sample.bars[ticker]


@pytest.mark.parametrize("ticker", [*TICKERS, MARKET_TICKER])
def test_bars_keep_the_contract_as_they_are(sample: Sample, ticker: str) -> None:
    bars = bars_of(sample, ticker)
    assert validate_bars(bars) is bars
    assert (bars["volume"] > 0).all()
    assert bars.index[-1] == LAST_DAY
    assert (bars.index == bars.index.normalize()).all()


def test_every_ticker_has_its_history_and_the_same_sessions_as_the_index(sample: Sample) -> None:
    assert tuple(sample.bars) == TICKERS
    counts = {ticker: len(frame) for ticker, frame in sample.bars.items()}
    assert counts == {"AAPL": 3270, "FB": 196, "GOOG": 2148, "IBM": 3270, "MSFT": 3270}
    for frame in sample.bars.values():
        assert frame.index.equals(sample.market.index[-len(frame) :])


@pytest.mark.parametrize(
    ("ticker", "day", "close"),
    [
        ("FB", "2012-05-18", 38.23),
        ("AAPL", "2012-09-19", 702.10),
        ("AAPL", "2013-01-24", 450.50),
        ("GOOG", "2004-08-19", 100.34),
        (MARKET_TICKER, "2002-10-09", 776.76),
        (MARKET_TICKER, "2007-10-09", 1565.15),
        (MARKET_TICKER, "2009-03-09", 676.53),
    ],
)
def test_closes_agree_with_well_known_ones(sample: Sample, ticker: str, day: str, close: float) -> None:
    assert bars_of(sample, ticker).loc[day, "close"] == pytest.approx(close, abs=0.006)


def test_share_prices_halve_overnight_only_at_splits_and_at_one_profit_warning(sample: Sample) -> None:
    real_fall = ("AAPL", dt.date(2000, 9, 29))
    found = set()
    for ticker, bars in sample.bars.items():
        overnight = bars["open"].to_numpy()[1:] / bars["close"].to_numpy()[:-1]
        found |= {(ticker, bars.index[row + 1].date()) for row in np.flatnonzero(overnight < 0.6)}
    assert found == {(split.ticker, split.effective_on) for split in sample.splits} | {real_fall}
    for split in sample.splits:
        bars = sample.bars[split.ticker]
        row = bars.index.get_loc(pd.Timestamp(split.effective_on, tz="UTC"))
        assert bars["open"].iloc[row] * split.ratio == pytest.approx(bars["close"].iloc[row - 1], rel=0.06)


def test_loading_twice_gives_equal_but_separate_data(sample: Sample) -> None:
    again = load_sample()
    assert again.news == sample.news
    assert again.news is not sample.news
    pd.testing.assert_frame_equal(again.bars["FB"], sample.bars["FB"])
    assert again.bars["FB"] is not sample.bars["FB"]
    again.sectors["FB"] = "changed"
    assert load_sample().sectors == SECTORS


def test_every_headline_line_has_the_documented_fields(records: list[dict[str, str]]) -> None:
    for record in records:
        assert list(record) == ["ticker", "text", "published_at", "known_at", "source", "note"]
        assert record["note"] == "written for the sample"
        assert record["text"] == record["text"].strip()
        assert record["text"].isascii()
        assert 15 <= len(record["text"]) <= 140
    keys = [(record["published_at"], record["ticker"], record["source"], record["text"]) for record in records]
    assert keys == sorted(keys)


def test_headlines_lie_in_the_span_and_are_known_after_they_are_published(sample: Sample) -> None:
    for item in sample.news:
        assert item.ticker in (*TICKERS, MARKET_TICKER)
        assert item.source in SOURCES
        assert item.published_at >= FIRST_NEWS_DAY
        assert item.known_at < LAST_DAY + pd.Timedelta(days=1)
        assert pd.Timedelta(0) < item.known_at - item.published_at <= pd.Timedelta(minutes=10)
    known = [item.known_at_ns for item in sample.news]
    assert known == sorted(known)


def test_every_ticker_has_enough_headlines_and_ids_are_unique(sample: Sample) -> None:
    counts = Counter(item.ticker for item in sample.news)
    assert set(counts) == {*TICKERS, MARKET_TICKER}
    assert min(counts.values()) >= 25
    assert sum(counts.values()) >= 240
    assert len({item.id for item in sample.news}) == len(sample.news)
    assert len({(item.ticker, item.text) for item in sample.news}) == len(sample.news)
    assert {item.source for item in sample.news} == SOURCES


def test_the_last_month_has_news_about_every_ticker(sample: Sample) -> None:
    recent = Counter(item.ticker for item in sample.news if item.known_at >= LAST_DAY - pd.Timedelta(days=28))
    assert set(recent) == {*TICKERS, MARKET_TICKER}
    assert min(recent.values()) >= 5


def test_some_stories_are_repeated_by_a_second_source_within_minutes(sample: Sample) -> None:
    repeats = 0
    for item in sample.news:
        repeats += any(
            other.ticker == item.ticker
            and other.source != item.source
            and 0 < other.published_at_ns - item.published_at_ns <= 15 * 60 * 10**9
            and SequenceMatcher(None, item.text, other.text).ratio() > 0.8
            for other in sample.news
        )
    assert 30 <= repeats <= 100


def daily_move_claims(sample: Sample) -> dict[str, list[tuple[float, float]]]:
    """Claimed and true move in percent of the session, for every report of a close that quotes one decimal."""
    claims: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for item in sample.news:
        local = item.published_at.tz_convert(NEW_YORK)
        quoted = re.search(r"(\d+\.\d)%", item.text)
        if not quoted or not dt.time(16, 10) <= local.time() <= dt.time(16, 25) or item.source == "press_release":
            continue
        if re.search(r"week|month|year|February", item.text):
            continue
        close = bars_of(sample, item.ticker)["close"]
        row = close.index.get_loc(pd.Timestamp(local.date(), tz="UTC"))
        move = 100 * (close.iloc[row] / close.iloc[row - 1] - 1)
        claims[item.text].append((float(quoted.group(1)), float(move)))
    return claims


def test_moves_quoted_in_headlines_are_those_of_the_bars(sample: Sample) -> None:
    claims = daily_move_claims(sample)
    assert len(claims) >= 100
    down = r"fall|drop|slide|slip|sink|tumble|plunge|slump|dive|crash|lower|dips|lose|down|off|sheds"
    for text, pairs in claims.items():
        for quoted, move in pairs:
            assert quoted == pytest.approx(abs(move), abs=0.0501), text
            verb = re.search(rf"\b(?:{down})(?:e?s)?\b", text[: text.index("%") + 7])
            assert (verb is not None) == (move < 0), text


def test_closing_prices_quoted_in_headlines_are_those_of_the_bars(sample: Sample) -> None:
    checked = 0
    for item in sample.news:
        quoted = re.search(r"(?:close of|ends \w+ at|at|to) \$?(\d[\d,]*\.\d\d)(?:,| before|$)", item.text)
        local = item.published_at.tz_convert(NEW_YORK)
        if quoted and dt.time(16, 10) <= local.time() <= dt.time(16, 25):
            close = bars_of(sample, item.ticker)["close"].loc[str(local.date())]
            assert float(quoted.group(1).replace(",", "")) == pytest.approx(close, abs=0.0051), item.text
            checked += 1
    assert checked >= 15


def test_the_whole_sample_is_at_most_two_megabytes() -> None:
    sizes = [len(entry.read_bytes()) for entry in files("augury.sample").iterdir() if entry.is_file()]
    assert sum(sizes) <= 2_000_000


def test_licences_and_provenance_name_the_origin_of_every_part(sample: Sample) -> None:
    licences = (files("augury.sample") / "LICENSES.md").read_text(encoding="utf-8")
    for word in ("bars.parquet", "index.parquet", "headlines.jsonl", "BSD-3-Clause", "NCSA", "public domain", "WIKI"):
        assert word in licences
    for word in ("bokeh_sampledata", "arch", "S&P 500", "headlines", "2013-03-01", "unadjusted", *TICKERS):
        assert word in sample.provenance
    assert "\n" not in sample.provenance
