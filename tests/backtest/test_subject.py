"""Checked and named before anything runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from augury.backtest import BacktestSpec, subject_of
from augury.backtest.subject import arrays_of, bars_in_a_year
from augury.errors import InvalidBars, InvalidInput, NotFound
from augury.market.bars import BarArrays, bars_frame
from augury.metrics import periods_per_year


def test_a_subject_knows_what_it_is_and_decides_on_its_own_bars(make_random_bars: Any) -> None:
    bars = make_random_bars(1, 80)
    subject = subject_of("sma_crossover", bars, {"fast": 3}, BacktestSpec(), "XY")
    assert subject.parameters == {"fast": 3.0, "slow": 50.0, "short": 0.0}
    assert subject.signal_bars is subject.bars is bars
    assert subject.actions.shape == (3, 0)
    assert subject.periods_per_year == periods_per_year(bars.opened_at)
    targets = subject.targets(BacktestSpec())
    np.testing.assert_array_equal(targets, subject.strategy.evaluate(bars, subject.values))
    other = subject.targets(BacktestSpec(), np.array([2.0, 5.0, 0.0]))
    assert not np.array_equal(targets, other)


def test_targets_that_the_engine_cannot_hold_are_refused(make_random_bars: Any) -> None:
    subject = subject_of(lambda bars: np.full(len(bars), -0.5), make_random_bars(1, 80), None, BacktestSpec(), "")
    assert subject.targets(BacktestSpec()).min() == -0.5
    with pytest.raises(InvalidInput, match=r"\[0, 1\]"):
        subject.targets(BacktestSpec(allow_short=False))


def test_options_may_say_how_many_bars_make_a_year(make_random_bars: Any) -> None:
    subject = subject_of("buy_and_hold", make_random_bars(1, 80), None, BacktestSpec(periods_per_year=17.0), "")
    assert subject.periods_per_year == 17.0


def test_frames_and_arrays_give_the_same_bars_and_both_are_checked(make_random_bars: Any) -> None:
    bars = make_random_bars(1, 80)
    again = arrays_of(bars_frame(bars.opened_at, bars.matrix))
    np.testing.assert_array_equal(again.matrix, bars.matrix)
    np.testing.assert_array_equal(again.opened_at, bars.opened_at)
    broken = BarArrays(bars.opened_at, bars.matrix * np.array([[1.0], [0.1], [1.0], [1.0], [1.0]]))
    with pytest.raises(InvalidBars, match="high"):
        arrays_of(broken)


def test_the_calendar_is_remembered_but_never_mistaken_for_another(make_random_bars: Any) -> None:
    day = 86_400 * 10**9
    daily = np.arange(0, 700, dtype=np.int64) * day
    assert [bars_in_a_year(each) for each in (daily, daily * 7, daily, daily * 7)] == [365.0, 52.0, 365.0, 52.0]
    long = np.arange(30_000, dtype=np.int64) * day
    assert bars_in_a_year(long) == periods_per_year(long) == 365.0


def test_unknown_strategies_are_refused_with_near_names(make_random_bars: Any) -> None:
    with pytest.raises(NotFound, match="did you mean 'buy_and_hold'"):
        subject_of("buy_and_hodl", make_random_bars(1, 20), None, BacktestSpec(), "")
