"""Derived series, thinning and scales against slow readable versions, pandas and properties."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.report import Candles, Story
from augury.report.scales import linear_scale, log_scale, time_scale
from augury.report.sections.curves import axis_percent
from augury.report.sections.distribution import histogram
from augury.report.series import bars_per_year, drawdown_curve, period_returns, rolling_sharpe, simple_returns
from augury.report.thinning import keep_extremes, merge_bars
from augury.report.wording import MINUS

values = st.lists(st.floats(-1e6, 1e6, allow_nan=False), min_size=1, max_size=300).map(np.array)


def test_drawdown_counts_the_initial_cash_as_the_first_peak() -> None:
    assert drawdown_curve(np.array([90.0, 120.0, 60.0]), 100.0).tolist() == pytest.approx([-0.1, 0.0, -0.5])


def test_returns_after_ruin_are_undefined() -> None:
    found = simple_returns(np.array([50.0, 0.0, 10.0, np.nan, 5.0]), 100.0)
    assert found[:2].tolist() == [-0.5, -1.0]
    assert np.isnan(found[2:]).all()


def test_periods_agree_with_pandas(story: Story) -> None:
    index = pd.DatetimeIndex(story.times - 1, tz="UTC")
    for unit, rule in (("M", "ME"), ("Y", "YE"), ("D", "D")):
        last = pd.Series(story.equity, index=index).resample(rule).last().dropna()
        expected = last / last.shift(1, fill_value=story.initial_cash) - 1
        found = period_returns(story, unit)
        np.testing.assert_allclose(found.returns, expected.to_numpy(), rtol=1e-12, atol=1e-12)


def test_a_close_at_midnight_belongs_to_the_day_that_ended(make_bare: Any) -> None:
    first_of_february = np.array([np.datetime64("2021-02-01", "ns").astype(np.int64)])
    closes = replace(make_bare(np.array([101.0])), times=first_of_february)
    assert str(period_returns(closes, "M").starts[0]) == "2021-01"
    opens = replace(closes, bars=Candles(opened_at=first_of_february, matrix=np.ones((5, 1))))
    assert str(period_returns(opens, "M").starts[0]) == "2021-02"


def test_rolling_sharpe_agrees_with_a_loop(story: Story) -> None:
    rolling = rolling_sharpe(story)
    assert rolling is not None
    assert rolling.window_bars == 126
    x = simple_returns(story.equity, story.initial_cash)
    for at in (125, 126, 1000, len(x) - 1):
        part = x[at - 125 : at + 1]
        deviation = part.std(ddof=1)
        expected = part.mean() / deviation if deviation > 0 else np.nan
        np.testing.assert_allclose(rolling.sharpe[at], expected * 252**0.5, rtol=1e-6)
    assert np.isnan(rolling.sharpe[:125]).all()


def test_the_band_of_the_rolling_sharpe_holds_the_truth_as_often_as_it_says(make_bare: Any) -> None:
    rng = np.random.default_rng(11)
    inside = []
    for _ in range(150):
        x = rng.normal(0.0005, 0.01, 504)
        rolling = rolling_sharpe(replace(make_bare(100 * np.cumprod(1 + x)), bars_per_year=252.0))
        assert rolling is not None
        for at in (200, 503):
            off = abs(rolling.sharpe[at] - 0.05 * 252**0.5)
            inside.append(off <= 1.96 * rolling.standard_error[at])
    assert 0.915 <= np.mean(inside) <= 0.98


def test_a_few_days_of_minutes_are_not_annualised(make_bare: Any) -> None:
    prices = 100 * np.cumprod(1 + np.random.default_rng(4).normal(0, 1e-3, 2_000))
    assert rolling_sharpe(make_bare(prices, 60 * 10**9)) is None


def test_axis_percents_are_exact() -> None:
    assert [axis_percent(value) for value in (0.0, 0.25, -0.0025, 0.00125)] == ["0%", "25%", f"{MINUS}0.25%", "0.125%"]


def test_bars_per_year_are_counted_from_the_calendar(make_bare: Any) -> None:
    daily = make_bare(np.linspace(100, 200, 366))
    assert bars_per_year(daily) == pytest.approx(365.25)
    assert np.isnan(bars_per_year(make_bare(np.array([100.0]))))


@given(values, st.integers(1, 40))
def test_thinning_keeps_ends_and_extremes_in_order(curve: np.ndarray, buckets: int) -> None:
    kept = keep_extremes([curve], buckets)
    assert (np.diff(kept) > 0).all()
    assert kept[0] == 0
    assert kept[-1] == len(curve) - 1
    assert curve[kept].max() == curve.max()
    assert curve[kept].min() == curve.min()
    assert len(kept) <= 2 * buckets + 2


def test_the_deepest_drawdown_and_the_all_time_high_survive_thinning() -> None:
    equity = np.full(100_000, 100.0)
    equity[61_803], equity[31_415] = 250.0, 40.0
    drawdown = drawdown_curve(equity, 100.0)
    kept = set(keep_extremes([equity, drawdown], 600).tolist())
    assert {61_803, 31_415, int(np.argmin(drawdown))} <= kept
    assert len(kept) < 3_000


def test_a_gap_stays_a_gap_after_thinning() -> None:
    curve = np.sin(np.arange(50_000) / 500)
    curve[20_000:20_200] = np.nan
    kept = keep_extremes([curve], 100)
    assert np.isnan(curve[kept]).any()


@given(st.integers(1, 500), st.integers(1, 60))
def test_merged_bars_keep_the_whole(size: int, most: int) -> None:
    rng = np.random.default_rng(size)
    matrix = rng.uniform(1, 2, (5, size))
    times, merged, run = merge_bars(np.arange(size), matrix, most)
    assert merged.shape == (5, len(times))
    assert len(times) <= most
    assert run == -(-size // most)
    assert merged[1].max() == matrix[1].max()
    assert merged[2].min() == matrix[2].min()
    assert (merged[0, 0], merged[3, -1]) == (matrix[0, 0], matrix[3, -1])
    assert merged[4].sum() == pytest.approx(matrix[4].sum())


@given(values)
def test_linear_scales_place_every_value_and_tick_inside(curve: np.ndarray) -> None:
    scale = linear_scale(curve)
    places = scale.place(curve)
    assert (places >= -1e-9).all()
    assert (places <= 1 + 1e-9).all()
    assert 2 <= len(scale.ticks) <= 12
    assert all(-1e-9 <= tick.at <= 1 + 1e-9 for tick in scale.ticks)


@given(values.map(lambda curve: np.abs(curve) + 1e-3))
def test_logarithmic_scales_place_every_value_inside_and_have_ticks(curve: np.ndarray) -> None:
    scale = log_scale(curve)
    assert scale is not None
    places = scale.place(curve)
    assert ((places >= 0) & (places <= 1)).all()
    assert all(-1e-9 <= tick.at <= 1 + 1e-9 for tick in scale.ticks)
    assert 1 <= len(scale.ticks) <= 12


def test_there_is_no_logarithm_of_what_is_not_positive() -> None:
    assert log_scale(np.array([1.0, 0.0])) is None
    assert log_scale(np.array([np.nan])) is None


@given(st.integers(0, 4 * 10**18), st.integers(60 * 10**9, 20 * 365 * 86_400 * 10**9))
def test_time_ticks_are_few_ordered_and_inside(start: int, span: int) -> None:
    scale = time_scale(np.array([start, start + span]))
    places = [tick.at for tick in scale.ticks]
    assert places == sorted(places)
    assert len(places) <= 8
    assert all(0 <= place <= 1 for place in places)
    if span > 3 * 86_400 * 10**9:
        assert len(places) >= 2


def test_histograms_count_every_value_or_say_how_many_are_outside() -> None:
    sample = np.random.default_rng(5).standard_t(2, 4_000)
    counts, edges, outside = histogram(sample)
    assert counts.sum() + outside == 4_000
    assert 0 < outside <= 10
    assert 12 <= len(counts) <= 80
    assert len(edges) == len(counts) + 1
