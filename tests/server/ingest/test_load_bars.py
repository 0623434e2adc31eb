"""Loading bars on both engines: what is new, late, restated, equal, forming, refused; what fails and what goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from augury.errors import InvalidInput, Misconfigured
from augury.market.store import BarStore
from augury_server.ingest.database_bars import DatabaseBars
from augury_server.ingest.load_bars import LoadSpec, load_bars
from augury_server.ingest.models import Bar, BarRevision, DeadLetter, Series, Watermark

FULL = LoadSpec(start="2023-01-01T00:00Z")


def stored(symbol: str = "A", **known: Any) -> pd.DataFrame:
    return DatabaseBars().read(symbol, "1D", **known)


def same(left: pd.DataFrame, right: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(left, right, check_freq=False, check_exact=True)


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """All rows of ingest, the counters of sightings aside."""
    ignored = {"last_seen_at", "times_seen"}
    found = {}
    for model in (Bar, BarRevision, Series, Watermark, DeadLetter):
        names = [field.attname for field in model._meta.concrete_fields if field.attname not in ignored]
        found[model.__name__] = list(model.objects.order_by("pk").values_list(*names))
    return found


def test_bars_of_a_source_are_stored_bit_for_bit_and_known_from_their_arrival(
    platform: Any, make_bars: Any, vendor: Any, clock: Any
) -> None:
    bars = make_bars()
    (one,) = load_bars(vendor({"A": bars}), ["A"], "1D", spec=FULL, now=clock).symbols
    assert (one.state, one.read, one.new, one.score) == ("loaded", 40, 40, 100.0)
    same(stored(), bars)
    assert len(stored(known_by=clock.ns - 1)) == 0
    same(stored(known_by=clock.ns), bars)


def test_the_same_load_twice_changes_nothing(platform: Any, make_bars: Any, vendor: Any, clock: Any) -> None:
    bars = make_bars()
    bars.iloc[5, 1] = 1.0
    path = Path(platform.settings.home) / "A.csv"
    bars.to_csv(path)
    load_bars(f"file:{path}", None, "1D", now=clock)
    before = everything()
    clock.forward(days=1)
    (again,) = load_bars(f"file:{path}", None, "1D", now=clock).symbols
    assert (again.state, again.equal, again.refused) == ("unchanged", 39, 1)
    assert everything() == before


def test_a_restated_bar_replaces_the_old_one_which_stays_readable_as_it_was_known(
    platform: Any, make_bars: Any, vendor: Any, clock: Any
) -> None:
    bars = make_bars()
    source = vendor({"A": bars})
    load_bars(source, ["A"], "1D", spec=FULL, now=clock)
    first = clock.ns
    changed = bars.copy()
    changed.iloc[[3, 30], 3] *= 1.0001
    source.held["A"] = changed
    clock.forward(hours=1)
    (one,) = load_bars(source, ["A"], "1D", spec=FULL, now=clock).symbols
    assert (one.restated, one.equal, one.new) == (2, 38, 0)
    same(stored(), changed)
    same(stored(known_by=first), bars)
    same(stored(known_by=clock.ns - 1), bars)
    same(stored(known_by=clock.ns), changed)
    assert BarRevision.objects.count() == 2


def test_a_value_that_goes_there_and_back_leaves_every_version(
    platform: Any, make_bars: Any, vendor: Any, clock: Any
) -> None:
    versions = [make_bars()]
    for factor in (1.0001, 1.0):
        changed = make_bars()
        changed.iloc[7, 3] *= factor
        versions.append(changed)
    source, moments = vendor({}), []
    for bars in versions:
        source.held["A"] = bars
        load_bars(source, ["A"], "1D", spec=FULL, now=clock)
        moments.append(clock.ns)
        clock.forward(hours=1)
    for moment, bars in zip(moments, versions, strict=True):
        same(stored(known_by=moment), bars)


def test_late_bars_are_added_and_counted(platform: Any, make_bars: Any, vendor: Any, clock: Any) -> None:
    bars = make_bars()
    source = vendor({"A": bars.drop(bars.index[[10, 11]])})
    load_bars(source, ["A"], "1D", spec=FULL, now=clock)
    source.held["A"] = bars
    clock.forward(hours=1)
    (one,) = load_bars(source, ["A"], "1D", spec=FULL, now=clock).symbols
    assert (one.new, one.late) == (2, 2)
    same(stored(), bars)
    assert len(stored(known_by=clock.ns - 1)) == 38


def test_a_clock_set_back_does_not_hide_what_arrives_later(
    platform: Any, make_bars: Any, vendor: Any, clock: Any
) -> None:
    bars = make_bars()
    source = vendor({"A": bars})
    load_bars(source, ["A"], "1D", spec=FULL, now=clock)
    first = clock.ns
    source.held["A"] = bars.assign(volume=bars["volume"] + 1)
    clock.forward(days=-2)
    (one,) = load_bars(source, ["A"], "1D", spec=FULL, now=clock).symbols
    assert one.restated == 40
    same(stored(), source.held["A"])
    same(stored(known_by=first), bars)


def test_an_archive_may_be_loaded_as_known_at_each_close(
    platform: Any, make_bars: Any, vendor: Any, clock: Any
) -> None:
    bars = make_bars()
    spec = LoadSpec(start="2023-01-01T00:00Z", known_at="close")
    load_bars(vendor({"A": bars}), ["A"], "1D", spec=spec, now=clock)
    same(stored(known_by=int(bars.index[9].value)), bars.iloc[:9])


def test_other_values_known_from_the_same_moment_are_refused(
    platform: Any, make_bars: Any, vendor: Any, clock: Any
) -> None:
    bars = make_bars()
    spec = LoadSpec(start="2023-01-01T00:00Z", known_at="close")
    source = vendor({"A": bars})
    load_bars(source, ["A"], "1D", spec=spec, now=clock)
    source.held["A"] = bars.assign(volume=bars["volume"].where(bars.index != bars.index[4], 7.0))
    (one,) = load_bars(source, ["A"], "1D", spec=spec, now=clock).symbols
    assert (one.refused, one.equal) == (1, 39)
    same(stored(), bars)
    assert DeadLetter.objects.get().rule == "contradicts_stored"


def test_a_bar_that_is_still_forming_is_stored_once_it_has_closed(
    platform: Any, make_bars: Any, vendor: Any, clock: Any
) -> None:
    bars = make_bars(40, start="2024-04-09")  # the last ones open after the clock's day
    source = vendor({"A": bars})
    load_bars(source, ["A"], "1D", spec=FULL, now=clock)
    assert stored().index[-1] + pd.Timedelta("1D") <= pd.Timestamp(clock.moment)
    held = len(stored())
    clock.forward(days=1)
    (one,) = load_bars(source, ["A"], "1D", now=clock).symbols
    assert (one.new, len(stored())) == (1, held + 1)


def test_the_watermark_moves_with_what_is_stored_and_a_vendor_is_asked_from_there_less_the_overlap(
    platform: Any, make_bars: Any, vendor: Any, clock: Any
) -> None:
    bars = make_bars(40)
    source = vendor({"A": bars.iloc[:30]})
    load_bars(source, ["A"], "1D", now=clock)
    asked_first = pd.Timestamp(source.asked[-1][1])
    assert asked_first == pd.Timestamp(clock.moment) - pd.Timedelta(days=3650)
    mark = Watermark.objects.get(source="vendor", subject="A", timeframe="1D")
    assert mark.last_opened_at_ns == int(bars.index[29].value)
    source.held["A"] = bars
    load_bars(source, ["A"], "1D", now=clock)
    assert pd.Timestamp(source.asked[-1][1]) == bars.index[29] - pd.Timedelta(days=5)
    assert len(stored()) == 40
    DatabaseBars().delete("A")
    load_bars(source, ["A"], "1D", now=clock)
    assert pd.Timestamp(source.asked[-1][1]) == asked_first, "bars that were deleted are asked for again"


def test_a_broken_row_is_a_dead_letter_and_the_others_are_stored(platform: Any, make_bars: Any, clock: Any) -> None:
    bars = make_bars()
    broken = bars.copy()
    broken.iloc[5, 1] = 1.0
    path = Path(platform.settings.home) / "A.csv"
    broken.to_csv(path)
    (one,) = load_bars(f"file:{path}", None, "1D", now=clock).symbols
    assert (one.state, one.new, one.refused) == ("loaded", 39, 1)
    same(stored(), bars.drop(bars.index[5]))
    letter = DeadLetter.objects.get()
    assert (letter.subject, letter.rule, letter.payload["row"]) == ("A", "high_below_low", 5)
    assert letter.payload["values"] == broken.iloc[5].tolist()


def test_a_series_of_low_quality_is_refused_whole_and_its_watermark_stays(
    platform: Any, make_bars: Any, vendor: Any, clock: Any
) -> None:
    bars = make_bars(200)
    bars.iloc[20:180, :4] = 99.0
    spec = LoadSpec(start="2023-01-01T00:00Z", minimum_quality=95.0)
    (one,) = load_bars(vendor({"A": bars}), ["A"], "1D", spec=spec, now=clock).symbols
    assert (one.state, one.new) == ("refused", 0)
    assert "stale" in one.reason
    assert not Bar.objects.exists()
    assert not Watermark.objects.exists()
    assert DeadLetter.objects.get().rule == "quality"


def test_a_source_that_is_away_is_asked_again_and_a_failing_symbol_does_not_stop_the_others(
    platform: Any, make_bars: Any, vendor: Any, clock: Any, quick_retries: None
) -> None:
    source = vendor({"A": make_bars(), "C": make_bars(seed=3), "D": make_bars(seed=4)}, away={"A": 3, "D": 99})
    loaded = load_bars(source, ["A", "B", "C", "D"], "1D", spec=FULL, now=clock)
    assert [(one.symbol, one.state) for one in loaded.symbols] == [
        ("A", "loaded"), ("B", "failed"), ("C", "loaded"), ("D", "failed"),
    ]  # fmt: skip
    assert "no symbol 'B'" in loaded.symbols[1].reason
    assert "tried 4 times" in loaded.symbols[3].reason
    assert DatabaseBars().symbols() == ["A", "C"]


def test_one_bad_bar_of_a_vendor_is_found_and_the_others_are_kept(
    platform: Any, make_bars: Any, vendor: Any, clock: Any
) -> None:
    bars = make_bars()
    broken = bars.copy()
    broken.iloc[17, 2] = 500.0
    (one,) = load_bars(vendor({"A": broken}), ["A"], "1D", spec=FULL, now=clock).symbols
    assert (one.state, one.new) == ("loaded", 39)
    same(stored(), bars.drop(bars.index[17]))
    letter = DeadLetter.objects.get()
    assert letter.rule == "source_refused"
    assert pd.Timestamp(letter.payload["start"]) <= bars.index[17] < pd.Timestamp(letter.payload["end"])


def test_missing_credentials_stop_the_load_at_once(platform: Any, clock: Any, monkeypatch: Any) -> None:
    monkeypatch.delenv("APCA_API_KEY_ID", raising=False)
    monkeypatch.delenv("APCA_API_SECRET_KEY", raising=False)
    with pytest.raises(Misconfigured, match="APCA_API_KEY_ID"):
        load_bars("alpaca", ["A", "B"], "1D", now=clock)


def test_every_symbol_of_a_store_and_of_a_file_with_a_symbol_column_is_loaded(
    platform: Any, make_bars: Any, tmp_path: Path, clock: Any
) -> None:
    series = {name: make_bars(seed=at) for at, name in enumerate(("A", "B/C", "ü"))}
    store = BarStore(tmp_path / "store")
    for name, bars in series.items():
        store.append(name, "1D", bars)
    load_bars(f"store:{tmp_path / 'store'}", None, "1D", now=clock)
    for name, bars in series.items():
        same(stored(name), bars)
    table = pd.concat([bars.reset_index().assign(symbol=f"F{name}") for name, bars in series.items()])
    table.to_parquet(tmp_path / "many.parquet")
    loaded = load_bars(f"file:{tmp_path / 'many.parquet'}", ["FA", "Fü", "gone"], "1D", now=clock)
    assert [(one.symbol, one.state) for one in loaded.symbols] == [
        ("FA", "loaded"), ("Fü", "loaded"), ("gone", "failed"),
    ]  # fmt: skip
    same(stored("FA"), series["A"])


def test_a_file_with_older_bars_is_loaded_after_one_with_newer_ones(
    platform: Any, make_bars: Any, tmp_path: Path, clock: Any
) -> None:
    bars = make_bars()
    for name, part in (("new", bars.iloc[25:]), ("old", bars.iloc[:25])):
        (tmp_path / name).mkdir()
        part.to_csv(tmp_path / name / "A.csv")
        load_bars(f"file:{tmp_path / name}", None, "1D", now=clock)
    same(stored(), bars)


def test_a_bar_between_two_stored_ones_that_is_no_bar_of_this_length_is_refused(
    platform: Any, make_bars: Any, vendor: Any, clock: Any
) -> None:
    bars = make_bars()
    source = vendor({"A": bars})
    load_bars(source, ["A"], "1D", spec=FULL, now=clock)
    odd = bars.iloc[[12]].copy()
    odd.index = odd.index + pd.Timedelta(hours=5)
    source.held["A"] = odd
    (one,) = load_bars(source, ["A"], "1D", spec=FULL, now=clock).symbols
    assert (one.refused, one.new) == (1, 0)
    same(stored(), bars)
    assert DeadLetter.objects.get().rule == "too_close"


def test_a_load_takes_the_same_few_queries_however_many_bars_come(
    platform: Any, make_bars: Any, vendor: Any, clock: Any
) -> None:
    counts = []
    for symbol, size in (("A", 50), ("B", 2_000)):
        source = vendor({symbol: make_bars(size, start="2010-01-01")})
        spec = LoadSpec(start="2000-01-01T00:00Z")
        load_bars(source, [symbol], "1D", spec=spec, now=clock)
        with CaptureQueriesContext(connection) as queries:
            load_bars(source, [symbol], "1D", spec=spec, now=clock)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 12


def test_arguments_that_make_no_sense_are_refused_before_anything_is_read(
    platform: Any, make_bars: Any, vendor: Any, clock: Any
) -> None:
    source = vendor({"A": make_bars()})
    with pytest.raises(InvalidInput, match="name the symbols"):
        load_bars(source, None, "1D", now=clock)
    with pytest.raises(InvalidInput, match="timeframe"):
        load_bars(source, ["A"], "1M", now=clock)
    with pytest.raises(InvalidInput, match="no time zone"):
        load_bars(source, ["A"], "1D", spec=LoadSpec(start="2024-01-01"), now=clock)
    assert source.asked == []


def test_prices_keep_their_last_bit(platform: Any, make_bars: Any, vendor: Any, clock: Any) -> None:
    bars = make_bars()
    bars.iloc[:, 3] = np.nextafter(bars["close"], 0)
    load_bars(vendor({"A": bars}), ["A"], "1D", spec=FULL, now=clock)
    assert (stored()["close"].to_numpy().view(np.int64) == bars["close"].to_numpy().view(np.int64)).all()
