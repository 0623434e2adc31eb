from __future__ import annotations

import datetime as dt
import gzip
import itertools
import json

import pandas as pd
import polars as pl
import pytest

from augury.errors import InvalidInput, InvalidNews, NotFound
from augury.market import NewsItem, news_from_frame, news_to_frame, read_news

RECORD = {"ticker": "AAPL", "text": "Apple beats 🚀", "published_at": "2024-01-02T15:00:00Z", "source": "wire"}


def lines(*records) -> bytes:
    return "\n".join(json.dumps(record) for record in records).encode()


@pytest.fixture
def write(tmp_path):
    def make(content: bytes, name: str = "news.jsonl"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return make


def ns(text: str) -> int:
    return int(pd.Timestamp(text).as_unit("ns").value)


def test_items_come_sorted_by_when_they_were_known(write):
    early = RECORD | {"published_at": "2024-01-01T15:00:00Z", "known_at": "2024-01-05T00:00:00Z", "ticker": "MSFT"}
    items = read_news(write(lines(early, RECORD)))
    assert [item.ticker for item in items] == ["AAPL", "MSFT"]
    assert items[0].known_at_ns == items[0].published_at_ns == ns("2024-01-02T15:00:00Z")
    assert items[1].known_at_ns == ns("2024-01-05T00:00:00Z")
    assert items[0].source == "wire"


def test_latency_delays_what_has_no_known_at(write):
    given = RECORD | {"known_at": "2024-01-02T15:00:01Z"}
    items = read_news(write(lines(RECORD, given)), latency="5min")
    assert [item.known_at_ns for item in items] == [ns("2024-01-02T15:00:01Z"), ns("2024-01-02T15:05:00Z")]


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz", ".ndjson", ".csv", ".csv.gz", ".parquet", ".feather"])
def test_every_format_gives_the_same_items(write, tmp_path, suffix):
    records = [RECORD, RECORD | {"ticker": "NA", "text": 'null, "quoted"\nnew line'}]
    path = tmp_path / f"news{suffix}"
    if "json" in suffix:
        path.write_bytes(gzip.compress(lines(*records)) if suffix.endswith(".gz") else lines(*records))
    elif "csv" in suffix:
        pd.DataFrame(records).to_csv(path, index=False)
    else:
        pd.DataFrame(records).to_parquet(path) if suffix == ".parquet" else pd.DataFrame(records).to_feather(path)
    items = read_news(path)
    assert [(item.ticker, item.text) for item in items] == [
        ("AAPL", "Apple beats 🚀"),
        ("NA", 'null, "quoted"\nnew line'),
    ]


def test_usual_spellings_are_understood_and_other_columns_ignored():
    frame = pl.DataFrame({"Symbol": [" AAPL "], "headline": ["x"], "Date": [1704207600], "followers": [3]})
    (item,) = news_from_frame(frame)
    assert item == NewsItem(ticker="AAPL", text="x", published_at_ns=1704207600 * 10**9, known_at_ns=1704207600 * 10**9)


def test_frames_and_items_convert_both_ways(write):
    items = read_news(write(lines(RECORD, RECORD | {"text": "b", "known_at": "2024-01-03T00:00:00Z"})))
    assert news_from_frame(news_to_frame(items)) == items
    assert list(news_to_frame([]).columns) == ["ticker", "text", "published_at", "known_at", "source"]


def test_a_post_of_100_kb_is_read_whole(write):
    text = "🙂 long " * 14_000
    (item,) = read_news(write(lines(RECORD | {"text": text})))
    assert item.text == text


def test_naive_times_need_a_zone(write):
    path = write(lines(RECORD | {"published_at": "2024-01-02 10:00"}))
    with pytest.raises(InvalidNews, match="zone"):
        read_news(path)
    assert read_news(path, zone="America/New_York")[0].published_at_ns == ns("2024-01-02T15:00:00Z")


@pytest.mark.parametrize("day", ["2024-01-02", 20240102])
def test_an_item_dated_by_day_is_not_known_at_its_midnight(write, day):
    path = write(lines(RECORD | {"published_at": day}))
    with pytest.raises(InvalidNews, match="time of day"):
        read_news(path)
    with pytest.raises(InvalidNews, match="time of day"):
        read_news(path, zone="America/New_York", latency="5h")
    assert read_news(path, latency="1D")[0].known_at_ns == ns("2024-01-03T00:00:00Z")
    known = write(lines(RECORD | {"published_at": day, "known_at": "2024-01-02T20:00:00Z"}), "known.jsonl")
    assert read_news(known)[0].known_at_ns == ns("2024-01-02T20:00:00Z")


def test_a_day_among_clock_times_is_found_too(write):
    path = write(lines(RECORD | {"published_at": "2024-01-02 10:00"}, RECORD | {"published_at": "2024-01-03"}))
    with pytest.raises(InvalidNews, match="row 1"):
        read_news(path, zone="UTC")


def test_news_from_the_future_is_refused_when_now_is_given(write):
    path = write(lines(RECORD, RECORD | {"published_at": "2024-01-02T18:00:00Z"}))
    assert len(read_news(path, now="2024-01-02T18:00:00Z")) == 2
    for now in ("2024-01-02T17:59:59Z", dt.datetime(2024, 1, 2, 17, tzinfo=dt.UTC), ns("2024-01-02T17:00Z")):
        with pytest.raises(InvalidNews, match="row 1"):
            read_news(path, now=now)
    with pytest.raises(InvalidInput, match="time zone"):
        read_news(path, now="2024-01-02T17:59:59")


@pytest.mark.parametrize(("change", "message"), [
    ({"text": ""}, "text in every row, got '' in row 1"),
    ({"text": " \n"}, "row 1"),
    ({"text": None}, "row 1"),
    ({"text": 5}, "row 1"),
    ({"ticker": ""}, "ticker in every row"),
    ({"ticker": None}, "ticker in every row"),
    ({"published_at": None}, "publication time"),
    ({"published_at": "yesterday"}, "yesterday"),
    ({"published_at": [1]}, "times"),
    ({"known_at": "2024-01-02T14:59:59Z"}, "at or after published_at"),
])  # fmt: skip
def test_a_bad_item_is_named(write, change, message):
    path = write(lines(RECORD, RECORD | change))
    with pytest.raises(InvalidNews, match=message) as caught:
        read_news(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(("content", "message"), [
    (b"", "empty file"),
    (b"\n \n", "blank lines"),
    (lines(RECORD) + b"\n{bad}\n", "line 2"),
    (b"[1, 2]\n", "line 1"),
    (b'[\n{"a": 1}\n]', "line 1"),
    (b'{"ticker": "A"}\n', "missing text, published_at"),
    (lines(RECORD)[:-1] + b', "x": "\xff"}', "byte 0xff at offset"),
    (lines(RECORD).decode().encode("utf-16"), "UTF-16"),
    (b"x" * (5 * 2**20), "longer than"),
])  # fmt: skip
def test_a_bad_file_says_where_and_why(write, content, message):
    with pytest.raises(InvalidNews, match=message):
        read_news(write(content))


def test_other_suffixes_and_absent_files_are_refused(write, tmp_path):
    with pytest.raises(InvalidNews, match="suffix"):
        read_news(write(b"x", "news.pdf"))
    with pytest.raises(NotFound):
        read_news(tmp_path / "none.jsonl")
    with pytest.raises(InvalidNews, match="directory"):
        read_news(tmp_path)


@pytest.mark.parametrize("latency", ["-1s", "soon", None])
def test_latency_is_a_duration_of_at_least_zero(write, latency):
    with pytest.raises(InvalidNews, match="latency"):
        read_news(write(lines(RECORD)), latency=latency)


def test_an_item_known_before_it_was_published_cannot_be_built():
    with pytest.raises(InvalidNews, match="before"):
        NewsItem(ticker="A", text="x", published_at_ns=2, known_at_ns=1)


def test_ids_depend_on_what_was_said_and_not_on_when_it_was_known():
    first = NewsItem(ticker="A", text="x", published_at_ns=1, known_at_ns=1)
    assert first.id == NewsItem(ticker="A", text="x", published_at_ns=1, known_at_ns=9).id
    assert first.id != NewsItem(ticker="A", text="y", published_at_ns=1, known_at_ns=1).id


def test_real_news_files_are_read(data_folder):
    tweets = read_news(data_folder / "text" / "stocknet_tweets_2014_2015.parquet")
    headlines = read_news(data_folder / "text" / "benzinga_headlines_A-AC_2009_2020.csv.gz")
    assert len(tweets) == 46_629
    assert len(headlines) == 9_989
    assert all(a.known_at_ns <= b.known_at_ns for a, b in itertools.pairwise(tweets))
