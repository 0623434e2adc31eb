"""What a source may drop from an answer, and what it must not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.errors import InvalidBars, InvalidInput, NotEnoughData, Unavailable
from augury.market.sources.retry import RetrySpec, with_retries
from augury.market.sources.window import Window, bars_within, session_dates

HOUR = 3_600 * 10**9
START = 1_704_067_200 * 10**9  # 2024-01-01


def rows(hours: list[int]) -> tuple[np.ndarray, np.ndarray]:
    opened_at = START + np.array(hours, dtype=np.int64) * HOUR
    close = 100.0 + np.array(hours, dtype=np.float64)
    return opened_at, np.stack([close, close + 1.0, close - 1.0, close, close])


def window(start: int, end: int, now: int | None = None) -> Window:
    moments = [START + hour * HOUR for hour in (start, end)]
    return Window.of("X", "1h", *moments, None if now is None else START + now * HOUR)


def hours_of(frame: pd.DataFrame) -> list[int]:
    return ((frame.index.asi8 - START) // HOUR).tolist()


@given(st.permutations(range(12)), st.integers(0, 5), st.integers(1, 8), st.integers(0, 14))
def test_order_does_not_matter_and_only_closed_bars_of_the_range_are_kept(
    hours: list[int], start: int, length: int, now: int
) -> None:
    asked = window(start, start + length, now)
    expected = [hour for hour in range(12) if start <= hour < start + length and hour + 1 <= now]
    if expected:
        assert hours_of(bars_within("test", asked, *rows(hours))) == expected
    else:
        with pytest.raises(NotEnoughData, match="test: has no 1h bars of 'X' from 2024-01-01T"):
            bars_within("test", asked, *rows(hours))


def test_without_a_clock_the_end_of_the_range_is_the_clock() -> None:
    half = HOUR // 2
    asked = Window.of("X", "1h", START, START + 3 * HOUR + half)
    assert hours_of(bars_within("test", asked, *rows(list(range(6))))) == [0, 1, 2]
    later = Window.of("X", "1h", START, START + 3 * HOUR + half, START + 4 * HOUR)
    assert hours_of(bars_within("test", later, *rows(list(range(6))))) == [0, 1, 2, 3]


def test_a_row_that_came_twice_counts_once_and_two_different_ones_are_refused() -> None:
    opened_at, matrix = rows([0, 1, 2, 1, 0])
    assert hours_of(bars_within("test", window(0, 5), opened_at, matrix)) == [0, 1, 2]
    matrix[4, 3] += 1.0
    with pytest.raises(InvalidBars, match="1 times with two different ones, first 2024-01-01T01:00:00Z"):
        bars_within("test", window(0, 5), opened_at, matrix)


def test_a_blank_row_is_an_absent_bar_and_a_half_blank_one_is_refused() -> None:
    opened_at, matrix = rows([0, 1, 2])
    matrix[:, 1] = np.nan
    assert hours_of(bars_within("test", window(0, 5), opened_at, matrix)) == [0, 2]
    matrix[3, 1] = 101.0
    with pytest.raises(InvalidBars, match=r"test: X: expected that open, high.*finite numbers"):
        bars_within("test", window(0, 5), opened_at, matrix)


def test_a_range_that_ends_before_it_starts_or_has_no_zone_is_refused() -> None:
    with pytest.raises(InvalidInput, match="start should be before end"):
        window(3, 3)
    with pytest.raises(InvalidInput, match="no time zone"):
        Window.of("X", "1h", "2024-01-01", "2024-01-02T00:00Z")


@pytest.mark.parametrize(
    ("zone", "moment"),
    [
        ("America/New_York", "2024-01-09T05:00Z"),
        ("America/New_York", "2024-07-09T04:00Z"),
        ("Asia/Tokyo", "2024-01-08T15:00Z"),
        ("Europe/London", "2024-07-08T23:00Z"),
        ("UTC", "2024-01-09T00:00Z"),
    ],
)
def test_a_daily_bar_carries_the_date_of_its_session(zone: str, moment: str) -> None:
    (label,) = session_dates(np.array([pd.Timestamp(moment).value]), zone)
    assert pd.Timestamp(label) == pd.Timestamp(moment).tz_convert(zone).tz_localize(None).normalize()


def test_retries_wait_longer_each_time_and_stop() -> None:
    waits: list[float] = []
    answers = iter([Unavailable("away"), Unavailable("away"), 7])

    def call() -> int:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    spec = RetrySpec(attempts=3, first_wait_seconds=2.0, factor=10.0, longest_wait_seconds=5.0)
    assert with_retries(call, spec, waits.append) == 7
    assert waits == [2.0, 5.0]

    def never() -> int:
        raise Unavailable("away")

    with pytest.raises(Unavailable, match="away; tried 3 times, retry later"):
        with_retries(never, spec, waits.append)
    assert len(waits) == 4
