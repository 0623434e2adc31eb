"""News into the database: each item once, known no earlier than it says or came, refused records kept."""

from __future__ import annotations

import datetime as dt
import json
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from augury.errors import InvalidInput, InvalidNews, NotFound, Refused
from augury.market.news import NewsItem
from augury.sentiment.models import load_model
from augury_server.ingest.load_news import NewsSpec, load_news
from augury_server.ingest.models import DeadLetter, News, Watermark
from augury_server.ingest.replay import Replay, replay_dead_letter
from augury_server.ingest.stored_news import stored_news

HOUR_NS = 3_600 * 10**9


def record(number: int = 0, **other: Any) -> dict[str, Any]:
    return {
        "ticker": "AAPL", "text": f"Apple raises guidance {number}", "source": "wire",
        "published_at": f"2024-05-{1 + number % 28:02d}T10:00:00Z", **other,
    }  # fmt: skip


def written(path: Path, *records: Any) -> Path:
    path.write_text("\n".join(one if isinstance(one, str) else json.dumps(one) for one in records) + "\n")
    return path


def item(clock: Any, number: int = 0, known_after_hours: int = 0) -> NewsItem:
    published = clock.ns - 100 * HOUR_NS + number * HOUR_NS
    return NewsItem(
        ticker="AAPL", text=f"item {number}", published_at_ns=published,
        known_at_ns=published + known_after_hours * HOUR_NS, source="wire",
    )  # fmt: skip


def test_an_item_without_a_known_time_is_known_from_its_arrival_and_one_with_it_from_then(
    platform: Any, tmp_path: Path, clock: Any
) -> None:
    path = written(tmp_path / "n.jsonl", record(1), record(2, known_at="2024-05-03T11:00:00Z"))
    loaded = load_news(path, now=clock)
    assert (loaded.feed, loaded.read, loaded.new, loaded.refused) == ("n.jsonl", 2, 2, 0)
    known = {one.text: one.known_at for one in stored_news()}
    assert known["Apple raises guidance 1"] == pd.Timestamp(clock.moment)
    assert known["Apple raises guidance 2"] == pd.Timestamp("2024-05-03T11:00Z")


def test_an_archive_may_be_said_to_be_known_when_it_was_published_plus_a_latency(
    platform: Any, tmp_path: Path, clock: Any
) -> None:
    path = written(tmp_path / "n.jsonl", record(1))
    load_news(path, spec=NewsSpec(known="published", latency="5min"), now=clock)
    assert stored_news()[0].known_at == pd.Timestamp("2024-05-02T10:05Z")


def test_the_same_news_twice_changes_nothing_not_even_when_they_were_known(
    platform: Any, tmp_path: Path, clock: Any
) -> None:
    path = written(tmp_path / "n.jsonl", record(1), record(2), record(1))
    load_news(path, now=clock)
    before = list(News.objects.order_by("pk").values())
    clock.forward(days=1)
    again = load_news(path, now=clock)
    assert (again.new, again.equal) == (0, 3)
    assert list(News.objects.order_by("pk").values()) == before
    mark = Watermark.objects.get(kind="news", subject="n.jsonl")
    assert mark.last_opened_at_ns == int(pd.Timestamp("2024-05-03T10:00Z").value)


@pytest.mark.parametrize(
    ("bad", "rule"),
    [
        (record(3, ticker=" "), "no_ticker"),
        (record(3, text=None), "no_text"),
        (record(3, published_at=None), "no_time"),
        (record(3, published_at="soon"), "unreadable"),
        (record(3, known_at="2024-05-01T00:00:00Z"), "known_before_published"),
        (record(3, published_at="2099-01-01T00:00:00Z"), "future"),
        (record(3, published_at="2099-01-01T00:00:00Z", known_at="2099-01-01T00:00:00Z"), "future"),
        (record(3, ticker="X" * 300), "long_name"),
        (record(3, text="zero \0 byte"), "unstorable_text"),
        ("{not json", "not_json"),
        ("[1, 2]", "not_json"),
    ],
)
def test_a_bad_record_is_refused_by_its_rule_and_the_others_are_stored(
    sqlite_platform: Any, tmp_path: Path, clock: Any, bad: Any, rule: str
) -> None:
    path = written(tmp_path / "n.jsonl", record(1), bad, *[record(number) for number in range(4, 9)])
    loaded = load_news(path, now=clock)
    assert (loaded.new, loaded.refused) == (6, 1)
    letter = DeadLetter.objects.get()
    assert (letter.rule, letter.kind) == (rule, "news")


def test_a_day_without_a_time_is_known_from_its_arrival_but_not_from_its_publication(
    platform: Any, tmp_path: Path, clock: Any
) -> None:
    path = written(tmp_path / "n.jsonl", record(1, published_at="2024-05-02"))
    assert load_news(path, spec=NewsSpec(known="published"), now=clock).refused == 1
    assert DeadLetter.objects.get().rule == "day_only"
    assert load_news(path, now=clock).new == 1


def test_late_items_keep_their_own_times_and_are_counted(platform: Any, clock: Any) -> None:
    load_news([item(clock, 50)], feed="wire", now=clock)
    late = [item(clock, 10), item(clock, 60)]
    loaded = load_news(late, feed="wire", now=clock)
    assert (loaded.new, loaded.late) == (2, 1)
    assert [one.known_at_ns for one in stored_news()] == sorted(
        [item(clock, number).known_at_ns for number in (10, 50, 60)]
    )
    assert Watermark.objects.get().last_known_at_ns == item(clock, 60).known_at_ns


def test_of_one_item_with_two_known_times_in_a_file_the_earlier_counts(platform: Any, clock: Any) -> None:
    load_news([item(clock, 1, 5), item(clock, 1, 2), item(clock, 1, 9)], now=clock)
    assert [one.known_at_ns for one in stored_news()] == [item(clock, 1, 2).known_at_ns]


def test_scores_are_those_of_the_model_and_say_which_version_made_them(platform: Any, clock: Any) -> None:
    texts = ["Apple beats estimates and raises guidance", "Shares plunge after a profit warning"]
    load_news(
        [record(number, text=text) for number, text in enumerate(texts)], spec=NewsSpec(model="lexicon"), now=clock
    )
    model = load_model("lexicon")
    rows = News.objects.order_by("published_at_ns").values_list("positive", "negative", "neutral", "scored_by")
    np.testing.assert_array_equal(np.array([row[:3] for row in rows]), model.score(texts))
    assert {row[3] for row in rows} == {f"lexicon@{model.version}"}
    with pytest.raises(NotFound):
        load_news([], spec=NewsSpec(model="no such model"), now=clock)


def test_csv_and_parquet_give_the_same_items_as_json_lines(platform: Any, tmp_path: Path, clock: Any) -> None:
    records = [record(number) for number in range(5)]
    frame = pd.DataFrame(records)
    frame.to_csv(tmp_path / "n.csv", index=False)
    frame.to_parquet(tmp_path / "n.parquet")
    assert load_news(written(tmp_path / "n.jsonl", *records), now=clock).new == 5
    assert load_news(tmp_path / "n.csv", now=clock).equal == 5
    assert load_news(tmp_path / "n.parquet", now=clock).equal == 5
    frame.drop(columns="text").to_csv(tmp_path / "m.csv", index=False)
    with pytest.raises(InvalidNews, match="missing text"):
        load_news(tmp_path / "m.csv", now=clock)
    assert load_news([{"ticker": "A", "published_at": "2024-05-01T00:00Z"}], now=clock).refused == 1
    with pytest.raises(InvalidInput, match="latency"):
        NewsSpec(latency="-5min")


def test_a_record_refused_again_later_is_the_same_letter_and_has_no_known_time_of_our_making(
    platform: Any, tmp_path: Path, clock: Any
) -> None:
    path = written(tmp_path / "n.jsonl", record(1, ticker=" "), record(2, ticker="X" * 300), record(3))
    for _ in range(2):
        load_news(path, now=clock)
        clock.forward(days=1)
    assert sorted(DeadLetter.objects.values_list("rule", "times_seen")) == [("long_name", 2), ("no_ticker", 2)]
    assert all("known_at" not in row.payload["record"] for row in DeadLetter.objects.all())


def test_a_file_most_of_whose_records_are_broken_is_refused_with_one_error(
    platform: Any, tmp_path: Path, clock: Any
) -> None:
    path = written(tmp_path / "n.jsonl", *[record(number, ticker=None) for number in range(25)], record(30))
    with pytest.raises(InvalidNews, match="25 of 26 records break a rule"):
        load_news(path, now=clock)
    assert not DeadLetter.objects.exists()


def test_a_refused_record_is_mended_and_replayed(platform: Any, tmp_path: Path, clock: Any) -> None:
    load_news(written(tmp_path / "n.jsonl", record(1, ticker=None), "oops {"), now=clock)
    by_rule = {row.rule: row.pk for row in DeadLetter.objects.all()}
    with pytest.raises(Refused, match="expected ticker"):
        replay_dead_letter(by_rule["no_ticker"], by="ada", now=clock)
    clock.forward(days=1)
    replay_dead_letter(by_rule["no_ticker"], by="ada", replay=Replay(mended={"ticker": "AAPL"}), now=clock)
    assert stored_news()[0].known_at == pd.Timestamp(clock.moment)
    mended = {name: value for name, value in record(2).items() if name != "source"}
    replay_dead_letter(by_rule["not_json"], by="ada", replay=Replay(mended=mended), now=clock)
    assert len(stored_news()) == 2
    assert not DeadLetter.objects.filter(state="open").exists()


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(numbers=st.lists(st.integers(0, 9), min_size=1, max_size=12), pieces=st.integers(1, 4), shuffle=st.randoms())
def test_any_order_and_split_of_arrival_gives_the_same_items_at_every_moment(
    platform: Any, clock: Any, numbers: list[int], pieces: int, shuffle: Any
) -> None:
    News.objects.all().delete()
    items = [item(clock, number, number % 3) for number in numbers]
    told = list(items)
    shuffle.shuffle(told)
    for at in range(pieces):
        load_news(told[at::pieces], feed="wire", now=clock)
    unique = {one.id: one for one in items}.values()
    for moment in {one.known_at_ns for one in items}:
        expected = sorted((one.known_at_ns, one.text) for one in unique if one.known_at_ns <= moment)
        assert [(one.known_at_ns, one.text) for one in stored_news(known_by_ns=moment)] == expected


def test_a_load_that_is_killed_and_started_again_stores_every_item_once(platform: Any, tmp_path: Path) -> None:
    records = [record(number, text=f"text {number}") for number in range(5_000)]
    path = written(tmp_path / "n.jsonl", *records, "broken")
    code = (
        "import sys\nfrom augury_server.ingest import load_news as module\ncalls = []\nmoved = module.move_watermark\n"
        "def held(*a, **o):\n    moved(*a, **o); calls.append(1)\n"
        "    if len(calls) == 2:\n        print('here', flush=True); sys.stdin.readline()\n"
        f"module.move_watermark = held\nmodule.load_news({str(path)!r})\n"
    )
    child = platform.python(code, stdin=-1)
    assert child.stdout.readline() == "here\n", child.communicate()[1]
    child.send_signal(signal.SIGKILL)
    child.communicate()
    assert News.objects.count() == 2_000, "what was committed stays, what was not is undone"
    loaded = load_news(path, now=lambda: dt.datetime.now(dt.UTC))
    assert (loaded.new, loaded.equal, loaded.refused) == (3_000, 2_000, 1)
    assert News.objects.count() == 5_000


def test_records_without_any_field_of_news_are_refused_and_not_passed_over(platform: Any, tmp_path: Path) -> None:
    loaded = load_news(written(tmp_path / "odd.jsonl", {"a": 1}, {"b": 2}))
    assert (loaded.read, loaded.new, loaded.refused) == (2, 0, 2)
    reasons = DeadLetter.objects.values_list("reason", flat=True)
    assert all("has none of ticker, text and published_at" in reason for reason in reasons)
