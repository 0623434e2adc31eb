"""Bars in the database beyond the contract: point in time against a plain log, writers side by side, plans."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from augury.errors import Conflict, InvalidInput, NotEnoughData, NotFound
from augury.market import bars_frame
from augury.market.sources.protocol import Source
from augury_server.database.plans import explain_statement
from augury_server.ingest.bar_rows import _selection
from augury_server.ingest.database_bars import DatabaseBars
from augury_server.ingest.database_source import DatabaseSource
from augury_server.ingest.models import Bar, BarRevision, Instrument, Series

MINUTE = 60 * 10**9
START = 1_700_000_040 * 10**9
VALUES = ("open", "high", "low", "close", "volume")


def bars_at(minutes: list[int], seed: int = 0) -> pd.DataFrame:
    opened_at = START + MINUTE * np.array(sorted(minutes), dtype=np.int64)
    base = 50.0 + np.arange(len(minutes)) / 7.0 + seed
    return bars_frame(opened_at, np.stack([base, base + 1.0, base - 1.0, base + 0.5, base * 10.0]))


def rows_of(bars: pd.DataFrame) -> dict[int, tuple[float, ...]]:
    return {int(at): tuple(row) for at, row in zip(bars.index.asi8, bars.to_numpy().tolist(), strict=True)}


class Log:
    """The oracle: every write is remembered with the values it gave and from when on they were known."""

    def __init__(self) -> None:
        self.present: dict[int, tuple[int, tuple[float, ...]]] = {}
        self.answers: dict[int, dict[int, tuple[float, ...]]] = {}
        self.past: list[tuple[int, int, int, tuple[float, ...]]] = []

    def put(self, at: int, values: tuple[float, ...], known: int) -> None:
        known = max(known, at + MINUTE, *(end for opened, _, end, _ in self.past if opened == at), -(2**62))
        if at in self.present:
            if self.present[at][1] == values:
                return
            known = max(known, self.present[at][0])
            self.drop(at, known)
        self.present[at] = (known, values)

    def drop(self, at: int, until: int) -> None:
        known, values = self.present.pop(at)
        if until > known:
            self.past.append((at, known, until, values))

    def known_by(self, moment: int) -> dict[int, tuple[float, ...]]:
        now = {at: values for at, (known, values) in self.present.items() if known <= moment}
        then = {at: values for at, known, until, values in self.past if known <= moment < until}
        assert not now.keys() & then.keys()
        return dict(sorted({**now, **then}.items()))


WRITE = st.tuples(
    st.sampled_from(["append", "replace", "replace", "remove"]),
    st.integers(0, 12),
    st.integers(1, 6),
    st.integers(0, 2),
    st.one_of(st.none(), st.integers(0, 60)),
    st.integers(-5, 20),
)


@given(writes=st.lists(WRITE, min_size=1, max_size=8))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_known_at_a_moment_is_never_changed_by_a_later_write(
    platform: Any, writes: list[tuple[str, int, int, int, int | None, int]]
) -> None:
    """Clocks that go back included: the present only ever follows what was known before."""
    Series.objects.all().delete()
    log, now = Log(), [START + 20 * MINUTE]
    store = DatabaseBars(clock=lambda: now[0])
    for kind, first, count, seed, known_minute, pause in writes:
        now[0] += pause * MINUTE
        bars = bars_at(list(range(first, first + count)), seed)
        known = None if known_minute is None else START + known_minute * MINUTE
        start, end = bars.index[0], bars.index[-1] + pd.Timedelta(1, "ns")
        if kind == "append":
            try:
                store.append("X", "1m", bars, known_at=known)
            except Conflict:
                continue
            fresh = {at: row for at, row in rows_of(bars).items() if at not in log.present}
            for at, row in fresh.items():
                log.put(at, row, at + MINUTE if known is None else known)
        elif kind == "replace" or log.present:
            new = rows_of(bars) if kind == "replace" else {}
            store.replace_range("X", "1m", bars if new else None, start, end, known_at=known)
            for at in [at for at in log.present if start.value <= at < end.value and at not in new]:
                log.drop(at, max(now[0], log.present[at][0]))
            for at, row in new.items():
                log.put(at, row, now[0] if known is None else known)
    if not Series.objects.exists():
        return
    for moment in range(START - MINUTE, START + 120 * MINUTE, 7 * MINUTE):
        assert rows_of(store.read("X", "1m", known_by=moment)) == log.known_by(moment)
    if log.present:
        assert rows_of(store.read("X", "1m")) == {at: row for at, (_, row) in sorted(log.present.items())}
    for at in set(BarRevision.objects.values_list("opened_at_ns", flat=True)):
        spans = sorted(
            BarRevision.objects.filter(opened_at_ns=at).values_list("known_at_ns", "replaced_at_ns")
        ) + sorted(
            (known, 2**62) for known in Bar.objects.filter(opened_at_ns=at).values_list("known_at_ns", flat=True)
        )
        assert all(left[1] <= right[0] for left, right in pairwise(spans)), "one value at a time"


def test_a_restated_bar_has_its_old_values_before_it_was_restated(platform: Any) -> None:
    store = DatabaseBars(clock=lambda: START + 100 * MINUTE)
    old, new = bars_at([0, 1, 2]), bars_at([1], seed=9)
    store.append("X", "1m", old)
    store.replace_range("X", "1m", new, new.index[0], new.index[0] + pd.Timedelta(1, "ns"))
    assert rows_of(store.read("X", "1m", known_by=START + 99 * MINUTE)) == rows_of(old)
    assert rows_of(store.read("X", "1m", known_by=START + 100 * MINUTE)) == {**rows_of(old), **rows_of(new)}
    assert rows_of(store.read("X", "1m", known_by=START + 2 * MINUTE)) == rows_of(old[:2]), "known at its close"
    assert store.read("X", "1m", known_by=START).empty


def test_a_removed_bar_is_still_there_for_those_who_ask_about_the_past(platform: Any) -> None:
    store = DatabaseBars(clock=lambda: START + 100 * MINUTE)
    bars = bars_at([0, 1])
    store.append("X", "1m", bars)
    store.replace_range("X", "1m", None, bars.index[0], bars.index[-1] + pd.Timedelta(1, "ns"))
    assert store.symbols() == []
    with pytest.raises(NotFound, match="the store is empty"):
        store.read("X", "1m")
    assert rows_of(store.read("X", "1m", known_by=START + 99 * MINUTE)) == rows_of(bars)
    assert store.read("X", "1m", known_by=START + 100 * MINUTE).empty
    assert store.append("X", "1m", bars) == 2
    assert store.read("X", "1m", known_by=START + 99 * MINUTE).shape == (2, 5)
    store.delete("X")
    with pytest.raises(NotFound):
        store.read("X", "1m", known_by=START + 99 * MINUTE)
    assert BarRevision.objects.count() == Bar.objects.count() == 0


def test_times_of_knowing_are_checked_one_a_bar_and_never_before_the_close(platform: Any) -> None:
    store, bars = DatabaseBars(), bars_at([0, 1, 2])
    with pytest.raises(InvalidInput, match=r"known_at as int64\[3\]"):
        store.append("X", "1m", bars, known_at=np.array([1, 2]))
    known = np.array([0, START + 50 * MINUTE, 0])
    store.append("X", "1m", bars, known_at=known)
    assert list(Bar.objects.order_by("opened_at_ns").values_list("known_at_ns", flat=True)) == [
        START + MINUTE,
        START + 50 * MINUTE,
        START + 3 * MINUTE,
    ]


def test_the_source_answers_as_of_its_clock(platform: Any) -> None:
    store = DatabaseBars(clock=lambda: START + 100 * MINUTE)
    source = DatabaseSource(bars=store)
    assert isinstance(source, Source)
    old, new = bars_at([0, 1, 2]), bars_at([1], seed=9)
    store.append("X", "1m", old)
    store.replace_range("X", "1m", new, new.index[0], new.index[0] + pd.Timedelta(1, "ns"))
    window = (START, START + 3 * MINUTE)
    assert rows_of(source.fetch("X", "1m", *window)) == {**rows_of(old), **rows_of(new)}
    assert rows_of(source.fetch("X", "1m", *window, now=START + 50 * MINUTE)) == rows_of(old)
    assert rows_of(source.fetch("X", "1m", *window, now=START + 2 * MINUTE)) == rows_of(old[:2])
    with pytest.raises(NotEnoughData):
        source.fetch("X", "1m", *window, now=START + 1)


def test_the_number_of_queries_depends_on_neither_symbols_nor_rows(platform: Any) -> None:
    store = DatabaseBars()
    counts = []
    for size in (2, 12):
        for at in range(size):
            store.append(f"S{at}", "1m", bars_at(list(range(40 * size))[:80]) if at >= 2 else bars_at([0, 1]))
        with CaptureQueriesContext(connection) as captured:
            store.read_many([f"S{at}" for at in range(size)], "1m", known_by=time.time_ns())
        with CaptureQueriesContext(connection) as described:
            store.describe()
        counts.append((len(captured), len(described)))
    # PostgreSQL's arrays are read past the wrapper that counts
    assert counts[0] == counts[1] == ((2, 1) if platform.engine == "sqlite" else (1, 1))


def test_every_read_goes_through_the_index_of_series_and_time(platform: Any) -> None:
    store = DatabaseBars()
    for symbol in range(20):
        store.append(f"S{symbol}", "1m", bars_at(list(range(500))))
        store.replace_range(f"S{symbol}", "1m", bars_at(list(range(500)), 1), START, START + 500 * MINUTE)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    for known_by in (None, START):
        for series in ([1], [1, 2]):
            plan = explain_statement(*_selection(series, START, START + 9 * MINUTE, known_by))
            assert plan.full_scans == (), plan.text
            assert any("bar" in index for index in plan.indexes)


WRITER = """
import numpy as np
from augury.market import bars_frame
from augury_server.ingest.database_bars import DatabaseBars
first, start, minute = {first}, {start}, {minute}
for step in range(first, first + 30):
    at = start + minute * np.arange(step % 30, dtype=np.int64)
    if len(at):
        base = 50.0 + np.arange(len(at))
        DatabaseBars().append("X", "1m", bars_frame(at, np.stack([base, base + 1, base - 1, base, base])))
"""


def test_writers_of_one_series_wait_for_one_another_and_no_bar_is_lost_or_doubled(platform: Any) -> None:
    connection.close()
    code = [WRITER.format(first=first, start=START, minute=MINUTE) for first in (0, 10, 20)]
    running = [platform.python(text) for text in code]
    ended = [process.communicate(timeout=120) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], ended
    bars = DatabaseBars().read("X", "1m")
    assert bars["open"].tolist() == [50.0 + at for at in range(29)]
    (described,) = DatabaseBars().describe()
    assert described.bars == Bar.objects.count() == 29
    assert Instrument.objects.count() == Series.objects.count() == 1
