from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.errors import InvalidInput
from augury.market import asof_join, asof_positions

moments = st.lists(st.integers(0, 12), max_size=12)


def slow_positions(times, known_at, event_at=None):
    found = []
    for moment in times:
        best = -1
        for row, known in enumerate(known_at):
            if known > moment:
                continue
            rank = (known, row) if event_at is None else (event_at[row], known, row)
            if best < 0 or rank > (
                (known_at[best], best) if event_at is None else (event_at[best], known_at[best], best)
            ):
                best = row
        found.append(best)
    return found


@given(moments, moments)
def test_the_join_agrees_with_a_slow_loop(times, known_at):
    ours = asof_positions(np.array(times, dtype=np.int64), np.array(known_at, dtype=np.int64))
    assert ours.tolist() == slow_positions(times, known_at)


@given(moments, st.lists(st.tuples(st.integers(0, 12), st.integers(0, 5)), max_size=12))
def test_the_join_by_event_agrees_with_a_slow_loop(times, records):
    known, event = [r[0] for r in records], [r[1] for r in records]
    ours = asof_positions(
        np.array(times, dtype=np.int64), np.array(known, dtype=np.int64), np.array(event, dtype=np.int64)
    )
    assert ours.tolist() == slow_positions(times, known, event)


@given(moments, moments, st.integers(0, 12))
def test_a_late_record_changes_nothing_before_it_was_known(times, known_at, late):
    left = np.array(times, dtype=np.int64)
    before = asof_positions(left, np.array(known_at, dtype=np.int64))
    after = asof_positions(left, np.array([*known_at, late], dtype=np.int64))
    np.testing.assert_array_equal(before[left < late], after[left < late])
    assert (after[left == late] == len(known_at)).all()


def records() -> pd.DataFrame:
    known = pd.to_datetime(["2024-01-02T10:00Z", "2024-01-02T12:00Z", "2024-01-02T13:00Z"])
    event = pd.to_datetime(["2024-01-01T00:00Z", "2024-01-02T00:00Z", "2023-12-31T00:00Z"])
    return pd.DataFrame({"known_at": known, "event_at": event, "value": [1.0, 2.0, 3.0], "note": ["a", "b", "c"]})


def test_a_record_is_visible_from_the_moment_it_is_known():
    times = pd.to_datetime(["2024-01-02T09:59:59Z", "2024-01-02T10:00:00Z", "2024-01-02T13:00:00Z"])
    joined = asof_join(times, records())
    np.testing.assert_array_equal(joined["value"], [np.nan, 1.0, 3.0])
    assert pd.isna(joined["known_at"].iloc[0])
    assert pd.isna(joined["note"].iloc[0])
    assert joined.index.equals(times.as_unit("ns"))


def test_a_late_correction_of_an_old_event_does_not_hide_a_newer_one_when_events_are_named():
    times = pd.to_datetime(["2024-01-02T14:00Z"])
    assert asof_join(times, records())["value"].tolist() == [3.0]
    assert asof_join(times, records(), event_at="event_at")["value"].tolist() == [2.0]


def test_an_empty_table_gives_unknown_everywhere():
    joined = asof_join(pd.to_datetime(["2024-01-02T14:00Z"]), records().iloc[:0])
    assert joined["value"].isna().all()


def test_naive_or_missing_times_and_tables_without_known_at_are_refused():
    with pytest.raises(InvalidInput, match="time zone"):
        asof_join(pd.to_datetime(["2024-01-02T14:00"]), records())
    with pytest.raises(InvalidInput, match="row 0"):
        asof_join(
            pd.to_datetime(["2024-01-02T14:00Z"]),
            records().assign(known_at=pd.Series([pd.NaT] * 3, dtype="datetime64[ns, UTC]")),
        )
    with pytest.raises(InvalidInput, match="known_at"):
        asof_join(pd.to_datetime(["2024-01-02T14:00Z"]), records().drop(columns="known_at"))
