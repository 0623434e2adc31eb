"""Files of news that are wrong, and news that is only strange."""

from __future__ import annotations

import gzip
import json

import pandas as pd
import pytest

from augury.errors import InvalidNews
from augury.market import NewsItem, read_bars, read_news
from augury.signals import SignalEngine

REFUSED = {
    "empty": (lambda _story: "", ["expected", "empty file"]),
    "blank lines": (lambda _story: "\n\n", ["expected news items", "blank lines only"]),
    "a broken line": (lambda story: story() + story()[:30] + "\n" + story(), ["one JSON object a line", "line 2"]),
    "a list": (lambda story: "[" + story().strip() + "]", ["line 1 holds a list", "jq"]),
    "spread over lines": (lambda story: json.dumps(json.loads(story()), indent=1), ["one JSON object a line"]),
    "null": (lambda _story: "null\n", ["line 1 holds null"]),
    "CSV inside": (lambda _story: "ticker,text\nA,b\n", ["one JSON object a line", "line 1"]),
    "nested text": (lambda story: story(text={"body": "x"}), ["text in every row", "{'body': 'x'}", "row 0"]),
    "nested ticker": (lambda story: story(ticker=["AAPL"]), ["ticker in every row", "['AAPL']"]),
    "nested time": (lambda story: story(published_at={"a": 1}), ["expected times", "{'a': 1}"]),
    "nested without end": (lambda _story: '{"a":' * 10**5 + "1" + "}" * 10**5, ["one JSON object a line", "line 1"]),
    "no text": (lambda story: story().replace('"text"', '"txt"'), ["missing text", "rename or add"]),
    "only unknown keys": (lambda _story: '{"a": 1}\n', ["missing ticker, text, published_at among: a"]),
    "null text": (lambda story: story() + story(text=None), ["text in every row", "nothing in row 1"]),
    "blank text": (lambda story: story(text="  "), ["text in every row", "row 0"]),
    "a number for a text": (lambda story: story(text=5), ["text in every row", "got 5 in row 0"]),
    "a number for a ticker": (lambda story: story(ticker=7203), ["ticker in every row", "7203"]),
    "a naive time": (lambda story: story(published_at="2013-01-02 15:00"), ["no time zone", "zone"]),
    "a day without time": (lambda story: story(published_at="2013-01-02"), ["time of day", "known_at"]),
    "mixed zones": (
        lambda story: story() + story(published_at="2013-01-02T15:00:00-05:00"),
        ["one zone", "-05:00", "zone"],
    ),
    "known before published": (
        lambda story: story(known_at="2013-01-02T14:59:59+00:00"),
        ["known_at at or after published_at", "row 0", "check zones"],
    ),
    "year 9999": (lambda story: story(published_at="9999-01-02T15:00:00Z"), ["1678 to 2260", "9999"]),
    "year 1677": (lambda story: story(published_at="1677-01-02T15:00:00Z"), ["1678 to 2260", "1677"]),
    "a number beyond int64": (lambda story: story(published_at=10**400), ["times", "1000"]),
    "true for a time": (lambda story: story(published_at=True), ["expected times", "True"]),
    "NaN for a time": (lambda story: story().replace('"2013-01-02T15:00:00+00:00"', "NaN"), ["line 1"]),
    "half a surrogate": (lambda story: story(text="X").replace("X", "\\ud83d"), ["line 1", "surrogate"]),
    "UTF-16": (lambda story: story().encode("utf-16"), ["UTF-8", "UTF-16", "iconv"]),
    "Latin-1": (lambda story: story(text="Clôture").encode("latin-1"), ["UTF-8", "0xf4", "iconv"]),
    "raw zero bytes": (lambda story: story(text="X").replace("X", "\0"), ["zero byte at offset"]),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_bad_news_ends_in_one_message_from_the_library_and_from_the_command(case, story, good, write, fails):
    make, words = REFUSED[case]
    path, bars = write("news.jsonl", make(story)), write("AAPL.csv", good.text())
    with pytest.raises(InvalidNews) as caught:
        read_news(path)
    for message in (
        str(caught.value),
        fails(3, "signals", bars, "--news", path),
        fails(3, "sentiment", "--news", path),
    ):
        assert str(path) in message
        assert all(word in message for word in words), message


def test_the_command_does_not_advise_what_it_cannot_do(story, write, fails):
    message = fails(3, "sentiment", "--news", write("news.jsonl", story(published_at="2013-01-02")))
    assert "latency" not in message
    assert "add times or known_at" in message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("ticker,text,published_at\n", "header and nothing below"),
        ("ticker,published_at\nA,2013-01-02T15:00:00Z\n", "missing text"),
        ("ticker,text,published_at\nA,b,2013-01-02T15:00:00Z,c\n", "differ in length|more fields"),
        ('ticker,text,published_at\nA,"b,2013-01-02T15:00:00Z\n', "quotation mark"),
        ("ticker,text,published_at\nA,,2013-01-02T15:00:00Z\n", "text in every row"),
    ],
)
def test_bad_news_as_csv_is_refused(content, words, write):
    with pytest.raises(InvalidNews, match=words):
        read_news(write("news.csv", content))


def test_news_cut_short_in_its_gzip_stream_is_refused(story, write):
    with pytest.raises(InvalidNews, match="cut short"):
        read_news(write("news.jsonl.gz", gzip.compress(story().encode() * 100)[:-20]))


STRANGE = {
    "emoji": "🚀🚀🚀 to the moon 👩‍👩‍👧",
    "right to left": "ارتفاع الأرباح \u202e מניות",
    "100 kB": "profit rises and shares fall " * 3600,
    "one long word": "x" * 100_000,
    "100 kB of emoji": "🚀" * 25_000,
    "zero bytes": "a\0b\0" * 10,
    "control characters": "\x1b[31mred\x1b[0m \x07\x08",
    "no letters": "!!! ... ???",
    "the word null": "null",
    "quotes, commas and lines": 'he said, "buy",\nthen left',
    "combining signs": "e\u0301" * 500,
    "private use": "\ue000\uffff\U0010ffff",
}


@pytest.mark.parametrize("name", STRANGE)
def test_strange_texts_are_read_as_they_are(name, story, write):
    (item,) = read_news(write("news.jsonl", story(text=STRANGE[name])))
    assert item.text == STRANGE[name]


def test_strange_texts_are_scored_by_the_command(story, write, augury):
    path = write("news.jsonl", "".join(story(text=text) for text in STRANGE.values()))
    result = augury("sentiment", "--news", path, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)["scores"]
    assert sorted(score["text"] for score in found) == sorted(STRANGE.values())
    assert all(-1.0 <= score["score"] <= 1.0 for score in found)
    shown = augury("sentiment", "--news", path)
    assert shown.exit_code == 0
    assert "\x1b[31m" not in shown.stdout


def test_nested_objects_beside_the_known_fields_are_ignored(story, write):
    plain = read_news(write("plain.jsonl", story()))
    assert read_news(write("nested.jsonl", story(meta={"a": [1, {"b": None}]}))) == plain


def test_a_line_with_thousands_of_keys_costs_no_more_than_its_length(story, write):
    lines = "".join(story(**{f"key{line}_{at}": at for at in range(500)}) for line in range(200))
    assert len(read_news(write("wide.jsonl", lines))) == 200


def test_news_from_the_future_changes_no_signal(good, story, write):
    bars = read_bars(write("AAPL.csv", good.text()))
    past = [
        NewsItem(ticker="AAPL", text="Profit rises", published_at_ns=at, known_at_ns=at) for at in [_ns("2013-02-27")]
    ]
    future = [
        NewsItem(ticker="AAPL", text="Fraud and bankruptcy", published_at_ns=at, known_at_ns=at)
        for at in (_ns("2013-03-05"), _ns("2199-01-01"))
    ]
    alone = SignalEngine().generate_signal("AAPL", bars, past)
    assert SignalEngine().generate_signal("AAPL", bars, past + future).to_dict() == alone.to_dict()
    with pytest.raises(InvalidNews, match="known by now"):
        read_news(write("late.jsonl", story(published_at="2199-01-01T00:00:00Z")), now="2013-03-02T00:00:00Z")
    with pytest.raises(InvalidNews, match="before published_at"):
        NewsItem(ticker="AAPL", text="x", published_at_ns=2, known_at_ns=1)


def test_news_about_other_tickers_is_said_to_be_so(good, story, write, augury):
    bars, news = write("AAPL.csv", good.text()), write("news.jsonl", story(ticker="ZZZZ"))
    result = augury("signals", bars, "--news", news, "--json")
    assert result.exit_code == 0
    (note,) = json.loads(result.stdout)["notes"]
    assert "None of the 1 news items" in note
    assert "ZZZZ" in note


def _ns(day: str) -> int:
    return int(pd.Timestamp(day, tz="UTC").value)
