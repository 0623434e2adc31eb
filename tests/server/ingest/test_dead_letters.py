"""What was refused: kept once, shown, mended and replayed, dismissed with a reason, gone after its time."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from augury.errors import Conflict, InvalidInput, NotFound, Refused
from augury.market.store import BarStore
from augury_server.database.retention import apply_retention
from augury_server.ingest.database_bars import DatabaseBars
from augury_server.ingest.dead_letters import Letter, dead_letters, dismiss_dead_letter, record_dead_letters
from augury_server.ingest.load_bars import LoadSpec, load_bars
from augury_server.ingest.models import Bar, DeadLetter
from augury_server.ingest.replay import Replay, replay_dead_letter


def letter(number: int = 1, **other: Any) -> Letter:
    values = {"kind": "bars", "subject": "A", "rule": "not_finite", "reason": "why", "payload": {"row": number}}
    return Letter(**{**values, **other})


def broken_file(folder: Path, bars: pd.DataFrame) -> str:
    broken = bars.copy()
    broken.iloc[5, 1] = 1.0
    broken.to_csv(folder / "A.csv")
    return f"file:{folder / 'A.csv'}"


def test_the_same_record_is_kept_once_and_counted(platform: Any, clock: Any) -> None:
    assert record_dead_letters("file", [letter(), letter(2), letter()], now=clock) == 2
    clock.forward(days=1)
    assert record_dead_letters("file", [letter(reason="again"), letter(3)], now=clock) == 1
    first = DeadLetter.objects.get(payload={"row": 1})
    assert (first.times_seen, first.reason, first.last_seen_at) == (2, "why", clock.moment)
    assert first.first_seen_at < first.last_seen_at
    assert record_dead_letters("other", [letter()], now=clock) == 1, "another source, another record"


def test_a_thousand_letters_take_the_queries_of_two_batches(platform: Any, clock: Any) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert record_dead_letters("file", [letter(number) for number in range(1_000)], now=clock) == 1_000
    assert len(queries) <= 30


def test_letters_are_listed_newest_first_by_state_subject_and_kind(platform: Any, clock: Any) -> None:
    record_dead_letters("file", [letter(1), letter(2, subject="B", kind="news")], now=clock)
    clock.forward(hours=1)
    record_dead_letters("file", [letter(3)], now=clock)
    assert [row.payload["row"] for row in dead_letters()] == [3, 2, 1]
    assert [row.payload["row"] for row in dead_letters(subject="A")] == [3, 1]
    assert [row.payload["row"] for row in dead_letters(kind="news")] == [2]
    assert list(dead_letters(state="replayed")) == []
    with pytest.raises(InvalidInput, match="open, replayed, dismissed"):
        dead_letters(state="closed")


def test_a_letter_is_dismissed_once_with_who_and_why(platform: Any, clock: Any) -> None:
    record_dead_letters("file", [letter()], now=clock)
    number = DeadLetter.objects.get().pk
    with pytest.raises(InvalidInput, match="reason"):
        dismiss_dead_letter(number, by="ada", reason=" ", now=clock)
    dismissed = dismiss_dead_letter(number, by="ada", reason="test row", now=clock)
    assert (dismissed.state, dismissed.resolved_by, dismissed.resolution) == ("dismissed", "ada", "test row")
    with pytest.raises(Conflict, match="dismissed by ada"):
        dismiss_dead_letter(number, by="bob", reason="again", now=clock)
    with pytest.raises(NotFound, match="dead letter has the number"):
        dismiss_dead_letter(number + 1, by="ada", reason="none", now=clock)
    record_dead_letters("file", [letter()], now=clock)
    assert DeadLetter.objects.get().state == "dismissed", "what was dismissed does not come back"


def test_a_row_is_mended_and_replayed_and_is_known_from_then_on(
    platform: Any, make_bars: Any, tmp_path: Path, clock: Any
) -> None:
    bars = make_bars()
    load_bars(broken_file(tmp_path, bars), None, "1D", now=clock)
    number = DeadLetter.objects.get().pk
    with pytest.raises(Refused, match="high"):
        replay_dead_letter(number, by="ada", now=clock)
    assert DeadLetter.objects.get().state == "open"
    with pytest.raises(InvalidInput, match="did you mean 'high'"):
        replay_dead_letter(number, by="ada", replay=Replay(mended={"hihg": 1.0}), now=clock)
    clock.forward(days=1)
    right = float(bars.iloc[5, 1])
    done = replay_dead_letter(number, by="ada", replay=Replay(mended={"high": right}, reason="typo"), now=clock)
    assert done.stored == "1 new"
    settled = DeadLetter.objects.get()
    assert (settled.state, settled.resolved_by, settled.resolution) == ("replayed", "ada", "typo: 1 new")
    pd.testing.assert_frame_equal(DatabaseBars().read("A", "1D"), bars, check_freq=False)
    assert len(DatabaseBars().read("A", "1D", known_by=clock.ns - 1)) == 39
    with pytest.raises(Conflict, match="replayed by ada"):
        replay_dead_letter(number, by="ada", now=clock)
    load_bars(f"file:{tmp_path / 'A.csv'}", None, "1D", now=clock)
    assert DeadLetter.objects.get().state == "replayed", "the file still holds the row that was mended"


def test_a_series_that_scored_too_low_is_taken_as_it_is_when_somebody_says_so(
    platform: Any, make_bars: Any, tmp_path: Path, clock: Any
) -> None:
    bars = make_bars(200, start="2023-01-02")
    bars.iloc[20:180, :4] = 99.0
    BarStore(tmp_path).append("A", "1D", bars)
    load_bars(f"store:{tmp_path}", None, "1D", spec=LoadSpec(minimum_quality=95.0), now=clock)
    clock.forward(hours=1)
    load_bars(f"store:{tmp_path}", None, "1D", spec=LoadSpec(minimum_quality=95.0), now=clock)
    row = DeadLetter.objects.get()
    assert (row.rule, row.times_seen) == ("quality", 2), "one letter a series, however often it is refused"
    with pytest.raises(Refused, match="quality"):
        replay_dead_letter(row.pk, by="ada", replay=Replay(minimum_quality=95.0), now=clock)
    assert not Bar.objects.exists()
    replay_dead_letter(row.pk, by="ada", replay=Replay(minimum_quality=0.0, reason="a real halt"), now=clock)
    assert len(DatabaseBars().read("A", "1D")) == 200
    assert DeadLetter.objects.get().state == "replayed"


def test_a_file_that_was_no_table_is_replayed_once_it_is_mended(
    platform: Any, make_bars: Any, tmp_path: Path, clock: Any
) -> None:
    path = tmp_path / "A.csv"
    path.write_text("nothing,to,see\n1,2,3\n")
    (one,) = load_bars(f"file:{path}", None, "1D", now=clock).symbols
    assert one.state == "refused"
    row = DeadLetter.objects.get()
    assert row.rule == "unreadable"
    with pytest.raises(Refused):
        replay_dead_letter(row.pk, by="ada", now=clock)
    make_bars().to_csv(path)
    assert replay_dead_letter(row.pk, by="ada", now=clock).stored == "40 new"


def test_one_symbol_of_a_file_that_has_no_readable_times_does_not_stop_the_others_and_is_replayed_alone(
    platform: Any, make_bars: Any, tmp_path: Path, clock: Any
) -> None:
    path = tmp_path / "two.csv"
    table = pd.concat([make_bars().reset_index().assign(symbol=name) for name in "AB"])
    table["timestamp"] = table["timestamp"].astype(str)
    bad = table.copy()
    bad.loc[bad["symbol"] == "B", "timestamp"] = "2024-01-02 10:00"  # no zone
    bad.to_csv(path, index=False)
    loaded = load_bars(f"file:{path}", None, "1D", now=clock)
    assert [(one.symbol, one.state) for one in loaded.symbols] == [("A", "loaded"), ("B", "refused")]
    table.to_csv(path, index=False)
    assert replay_dead_letter(DeadLetter.objects.get().pk, by="ada", now=clock).stored == "40 new"
    assert DatabaseBars().symbols() == ["A", "B"]


def test_a_window_that_a_vendor_object_refused_cannot_be_asked_again_from_here(
    platform: Any, make_bars: Any, vendor: Any, clock: Any
) -> None:
    bars = make_bars()
    bars.iloc[17, 2] = 500.0
    load_bars(vendor({"A": bars}), ["A"], "1D", now=clock)
    with pytest.raises(Refused, match="given as an object"):
        replay_dead_letter(DeadLetter.objects.get().pk, by="ada", now=clock)


def test_no_secret_is_kept_in_a_letter(platform: Any, clock: Any) -> None:
    from augury_server.ingest.readers import reader_of

    with pytest.raises(InvalidInput, match="secret"):
        reader_of("alpaca", options={"api_key": "abc"})


def test_letters_that_nobody_saw_for_long_go_with_the_retention(platform: Any, clock: Any) -> None:
    days = platform.settings.retention.dead_letters_days
    record_dead_letters("file", [letter(1), letter(2)], now=clock)
    clock.forward(days=days - 1)
    record_dead_letters("file", [letter(2)], now=clock)
    gone = apply_retention(clock.moment + dt.timedelta(days=1, seconds=1), only="ingest.dead_letters")
    assert [rule.deleted for rule in gone] == [1]
    assert [row.payload["row"] for row in dead_letters()] == [2]
