"""The gates: each planted defect is refused by its own rule, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.market.bars import BarArrays, bar_arrays
from augury.market.quality import quality_report
from augury.market.rules import NO_TIME
from augury.market.timeframe import Timeframe
from augury_server.ingest.gates import judge, sound_rows, too_close
from augury_server.ingest.raw_series import RawSeries
from augury_server.ingest.windows import Bounds, LoadWindow, plan_window

DAY = Timeframe.of("1D")
WIDE = LoadWindow(start_ns=0, end_ns=2**62, now_ns=2**62)
NONE = BarArrays(np.empty(0, dtype=np.int64), np.empty((5, 0)))

PLANTED: dict[str, Callable[[np.ndarray], Any]] = {
    "not_finite": lambda bar: bar.__setitem__(3, np.nan),
    "non_positive_price": lambda bar: bar.__setitem__(2, 0.0),
    "high_below_low": lambda bar: bar.__setitem__(1, bar[2] * 0.9),
    "inconsistent_high": lambda bar: bar.__setitem__(1, (bar[2] + max(bar[0], bar[3])) / 2),
    "inconsistent_low": lambda bar: bar.__setitem__(2, (bar[1] + min(bar[0], bar[3])) / 2),
    "negative_volume": lambda bar: bar.__setitem__(4, -1.0),
}


def raw(bars: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    arrays = bar_arrays(bars)
    return arrays.opened_at.copy(), arrays.matrix.copy()


@pytest.mark.parametrize("rule", [*PLANTED, "no_time"])
def test_a_planted_defect_is_refused_by_its_rule_and_the_other_rows_are_kept(make_bars: Any, rule: str) -> None:
    times, matrix = raw(make_bars())
    if rule == "no_time":
        times[7] = NO_TIME
    else:
        PLANTED[rule](matrix[:, 7])
    sound = sound_rows(RawSeries.of("A", times, matrix), WIDE, DAY)
    assert [(row.rule, row.position) for row in sound.refused] == [(rule, 7)]
    assert len(sound.bars) == 39
    np.testing.assert_array_equal(sound.bars.matrix, np.delete(bar_arrays(make_bars()).matrix, 7, axis=1))


def test_of_rows_that_contradict_each_other_none_is_believed_and_equal_ones_count_once(make_bars: Any) -> None:
    times, matrix = raw(make_bars(10))
    other = matrix[:, 3] * 1.001
    times = np.concatenate((times, times[[3, 5]]))
    matrix = np.ascontiguousarray(np.column_stack((matrix, other, matrix[:, 5])))
    sound = sound_rows(RawSeries.of("A", times, matrix), WIDE, DAY)
    assert [(row.rule, row.position) for row in sound.refused] == [
        ("conflicting_duplicate", 3), ("conflicting_duplicate", 10),
    ]  # fmt: skip
    assert sound.repeated == 1
    assert len(sound.bars) == 9


def test_a_bar_that_has_not_closed_yet_and_one_outside_the_window_are_left_out_without_blame(make_bars: Any) -> None:
    times, matrix = raw(make_bars(10))
    window = LoadWindow(start_ns=int(times[2]), end_ns=2**62, now_ns=int(times[8]) + DAY.ns - 1)
    sound = sound_rows(RawSeries.of("A", times, matrix), window, DAY)
    assert (len(sound.bars), sound.forming, sound.outside, sound.refused) == (6, 2, 2, ())
    closing = LoadWindow(start_ns=int(times[2]), end_ns=2**62, now_ns=int(times[8]) + DAY.ns)
    assert len(sound_rows(RawSeries.of("A", times, matrix), closing, DAY).bars) == 7


@settings(max_examples=60, deadline=None)
@given(order=st.permutations(range(12)), twice=st.lists(st.integers(0, 11), max_size=6))
def test_the_order_of_rows_and_equal_repetitions_do_not_matter(order: list[int], twice: list[int]) -> None:
    times = np.arange(12, dtype=np.int64) * DAY.ns
    matrix = np.vstack((np.full((4, 12), 10.0) + np.arange(12), np.ones((1, 12))))
    rows = np.array([*order, *twice])
    sound = sound_rows(RawSeries.of("A", times[rows], np.ascontiguousarray(matrix[:, rows])), WIDE, DAY)
    np.testing.assert_array_equal(sound.bars.opened_at, times)
    np.testing.assert_array_equal(sound.bars.matrix, matrix)
    assert (sound.repeated, sound.refused) == (len(twice), ())


def test_a_first_load_is_scored_as_the_library_scores_it(make_bars: Any) -> None:
    bars = make_bars(300)
    bars.iloc[100:140, 4] = 0.0
    bars.iloc[200:230, :4] = 99.0
    sound = sound_rows(RawSeries.of("A", *raw(bars)), WIDE, DAY)
    assert judge(sound, NONE, DAY, minimum_score=0.0).score == quality_report(bars, timeframe="1D").score


def test_a_series_below_the_line_is_refused_with_its_worst_findings(make_bars: Any) -> None:
    bars = make_bars(300)
    bars.iloc[50:250, :4] = 99.0
    bars.iloc[:, 4] = 0.0
    verdict = judge(sound_rows(RawSeries.of("A", *raw(bars)), WIDE, DAY), NONE, DAY, minimum_score=80.0)
    assert not verdict.accepted
    assert "stale" in verdict.reason
    assert "below 80" in verdict.reason


def test_an_old_blemish_does_not_refuse_new_bars_and_a_jump_at_the_seam_is_seen(make_bars: Any) -> None:
    bars = make_bars(300)
    bars.iloc[:200, 4] = 0.0
    before, after = bar_arrays(bars.iloc[:295]), bars.iloc[295:]
    calm = judge(sound_rows(RawSeries.of("A", *raw(after)), WIDE, DAY), before, DAY, minimum_score=60.0)
    assert (calm.accepted, calm.score) == (True, 100.0)
    cents = after.copy()
    cents.iloc[:, :4] *= 100.0
    jumped = judge(sound_rows(RawSeries.of("A", *raw(cents)), WIDE, DAY), before, DAY, minimum_score=90.0)
    assert not jumped.accepted
    assert "unit_jump" in jumped.reason


def test_bars_of_another_length_are_refused_as_such(make_bars: Any) -> None:
    hourly = make_bars(200, freq="h")
    verdict = judge(sound_rows(RawSeries.of("A", *raw(hourly)), WIDE, DAY), NONE, DAY, minimum_score=0.0)
    assert verdict.reason.startswith("these are 1h bars")


def test_when_most_rows_are_broken_none_is_believed(make_bars: Any) -> None:
    times, matrix = raw(make_bars(20))
    matrix[1, :11] = 1.0
    verdict = judge(sound_rows(RawSeries.of("A", times, matrix), WIDE, DAY), NONE, DAY, minimum_score=0.0)
    assert "11 of 20 rows break a rule" in verdict.reason


@settings(max_examples=200, deadline=None)
@given(
    stored=st.lists(st.integers(0, 40), unique=True).map(sorted),
    came=st.lists(st.integers(0, 40), unique=True).map(sorted),
)
def test_too_close_agrees_with_a_slow_look_at_every_pair(stored: list[int], came: list[int]) -> None:
    frame = Timeframe.of("4h")
    unit = frame.ns // 4
    kept: list[int] = []
    slow = []
    for moment in came:
        bad = moment not in stored and any(abs(moment - other) < 4 for other in stored)
        bad = bad or any(moment - other < 4 for other in kept)
        slow.append(bad)
        kept += [] if bad else [moment]
    held = np.array([s for s in stored if all(abs(s - o) >= 4 or s == o for o in stored)], dtype=np.int64)
    if len(held) == len(stored):
        found = too_close(np.array(came, dtype=np.int64) * unit, held * unit, frame)
        assert found.tolist() == slow


def test_a_window_begins_at_the_watermark_less_the_overlap_or_where_it_is_told() -> None:
    now = 1000 * DAY.ns
    open_end = Bounds(start_ns=None, end_ns=None, now_ns=now)
    told = Bounds(start_ns=7, end_ns=20, now_ns=now)
    mark = 900 * DAY.ns
    assert plan_window(open_end, mark, DAY, overlap_bars=5, history_days=30).start_ns == 895 * DAY.ns
    assert plan_window(open_end, None, DAY, overlap_bars=5, history_days=30).start_ns == 970 * DAY.ns
    assert plan_window(open_end, mark, DAY, overlap_bars=5, history_days=None).start_ns < 0
    assert plan_window(told, mark, DAY, overlap_bars=5, history_days=30) == LoadWindow(
        start_ns=7, end_ns=20, now_ns=now
    )
    with pytest.raises(ValueError, match="move start or end"):
        plan_window(Bounds(start_ns=now, end_ns=None, now_ns=now), None, DAY, overlap_bars=5, history_days=30)
