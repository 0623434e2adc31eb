"""What each label says about paths drawn by hand, and against slow readable versions."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import linregress

from augury.learning.labels.registry import label
from augury.learning.labels.volatility import trailing_volatility
from augury.market.bars import BarArrays, bar_arrays
from augury.testing import garch_bars

BARS = bar_arrays(garch_bars(400, seed=3))
CLOSE = BARS.matrix[3]


def from_close(close, high=None, low=None, open_=None):
    close = np.asarray(close, dtype=float)
    open_ = np.concatenate([close[:1], close[:-1]]) if open_ is None else np.asarray(open_, dtype=float)
    high = np.maximum(open_, close) if high is None else np.asarray(high, dtype=float)
    low = np.minimum(open_, close) if low is None else np.asarray(low, dtype=float)
    times = np.arange(close.size) * 86_400 * 10**9
    return BarArrays(times, np.stack([open_, high, low, close, np.ones(close.size)]))


def sigma(horizon, window=20):
    returns = pd.Series(np.log(CLOSE)).diff()
    return (returns.rolling(window).std(ddof=0) * np.sqrt(horizon)).to_numpy()


def test_trailing_volatility_is_the_rolling_standard_deviation_of_log_returns():
    np.testing.assert_allclose(trailing_volatility(CLOSE.copy(), 20), sigma(1), rtol=1e-9)


@pytest.mark.parametrize("horizon", [1, 3, 10])
def test_on_a_ramp_the_label_of_bar_t_is_the_step_from_t_to_t_plus_h_and_not_one_bar_off(horizon):
    ramp = from_close(100.0 + np.arange(60))
    found = label("forward_return", horizon_bars=horizon).make(ramp)
    t = np.arange(60 - horizon)
    np.testing.assert_allclose(found.values[: 60 - horizon], horizon / (100.0 + t), rtol=1e-12)
    assert np.isnan(found.values[60 - horizon :]).all()
    np.testing.assert_array_equal(found.end, np.where(np.arange(60) < 60 - horizon, np.arange(60) + horizon, -1))


def test_entry_at_the_next_open_pays_that_open():
    found = label("forward_return(horizon_bars=3, entry='next_open')").make(BARS)
    frame = pd.DataFrame(BARS.matrix[:4].T, columns=["open", "high", "low", "close"])
    expected = frame["close"].shift(-3) / frame["open"].shift(-1) - 1.0
    np.testing.assert_allclose(found.values, expected, rtol=1e-12)


def test_returns_in_units_of_volatility_are_divided_by_what_was_known_at_the_bar():
    found = label("forward_return(horizon_bars=5, scaled_by_volatility=True)").make(BARS)
    expected = (pd.Series(CLOSE).shift(-5) / CLOSE - 1.0) / sigma(5)
    np.testing.assert_allclose(found.values, expected, rtol=1e-9)
    assert np.isnan(found.values[:20]).all()
    assert np.isfinite(found.values[20:-5]).all()


def test_scaled_returns_of_a_flat_series_are_unknown():
    found = label("forward_return(scaled_by_volatility=True)").make(from_close(np.full(60, 7.0)))
    assert np.isnan(found.values).all()
    assert (found.end == -1).all()


def test_direction_without_a_band_is_whether_the_return_is_above_zero():
    found = label("direction(horizon_bars=1)").make(from_close([5, 6, 6, 5, 7]))
    np.testing.assert_array_equal(found.values, [1.0, 0.0, 0.0, 1.0, np.nan])


@pytest.mark.parametrize("three", [False, True])
def test_direction_with_a_dead_band_compares_with_volatility_known_at_the_bar(three):
    found = label("direction", horizon_bars=5, dead_band=0.5, three_classes=three).make(BARS)
    returns = pd.Series(np.log(CLOSE)).diff(5).shift(-5).to_numpy()
    band = 0.5 * sigma(5)
    for t in range(CLOSE.size):
        if np.isnan(returns[t]) or np.isnan(band[t]):
            assert np.isnan(found.values[t])
        elif abs(returns[t]) <= band[t]:
            assert found.values[t] == 1.0 if three else np.isnan(found.values[t])
        else:
            assert found.values[t] == (2.0 if three else 1.0) * (returns[t] > 0)
    shares = np.bincount(found.values[~np.isnan(found.values)].astype(int)) / CLOSE.size
    assert (shares > 0.15).all()


def slow_triple_barrier(bars, horizon, upper, lower, unit):
    """The textbook walk along the path, as slow as it reads."""
    open_, high, low, close, _ = bars.matrix
    values, ends = [], []
    for t in range(len(bars)):
        value, end = np.nan, -1
        if unit[t] > 0:
            top, bottom = close[t] * np.exp(upper * unit[t]), close[t] * np.exp(-lower * unit[t])
            for s in range(t + 1, t + horizon + 1):
                if s >= len(bars):
                    break
                opened_above, opened_below = open_[s] >= top, open_[s] <= bottom
                if opened_above or opened_below:
                    value, end = (2.0 if opened_above else 0.0), s
                elif low[s] <= bottom:
                    value, end = 0.0, s
                elif high[s] >= top:
                    value, end = 2.0, s
                elif s == t + horizon:
                    value, end = 1.0, s
                if end >= 0:
                    break
        values.append(value)
        ends.append(end)
    return np.array(values), np.array(ends)


@pytest.mark.parametrize(("upper", "lower", "horizon"), [(1.0, 1.0, 10), (0.3, 2.0, 5), (2.0, 0.2, 30)])
def test_triple_barriers_agree_with_the_slow_walk(upper, lower, horizon):
    found = label("triple_barrier", upper=upper, lower=lower, horizon_bars=horizon).make(BARS)
    values, ends = slow_triple_barrier(BARS, horizon, upper, lower, sigma(horizon))
    np.testing.assert_array_equal(found.values, values)
    np.testing.assert_array_equal(found.end, ends)
    assert {0.0, 1.0, 2.0} <= set(values) or horizon == 30


def path_after_calm(**after):
    """Twenty-one closes that swing by 1 % about 100, the last at 100, then the given bars."""
    calm = 100.0 * np.exp(0.01 * (np.arange(21) % 2))
    close = np.concatenate([calm, after["close"]])
    parts = {}
    for name in ("high", "low", "open_"):
        if name in after:
            base = from_close(close).matrix[{"open_": 0, "high": 1, "low": 2}[name]].copy()
            base[21:] = after[name]
            parts[name] = base
    return from_close(close, **parts)


@pytest.mark.parametrize(
    ("after", "value", "end"),
    [
        ({"close": [100, 103, 100, 100]}, "up", 22),
        ({"close": [100, 97, 100, 100]}, "down", 22),
        ({"close": [100, 100, 100, 100]}, "flat", 24),
        ({"close": [100, 100, 100, 103]}, "up", 24),  # at the vertical barrier's own bar
        ({"close": [100, 100, 100, 100], "high": [100, 104, 100, 100]}, "up", 22),  # a high is enough
        ({"close": [100, 100, 100, 100], "high": [100, 104, 100, 100], "low": [100, 96, 100, 100]}, "down", 22),
        (
            {
                "close": [100, 100, 100, 100],
                "open_": [100, 104, 100, 100],
                "high": [100, 104, 100, 100],
                "low": [100, 96, 100, 100],
            },
            "up",
            22,
        ),  # it opened above
    ],
)
def test_triple_barriers_on_paths_drawn_by_hand(after, value, end):
    made = label("triple_barrier(horizon_bars=4, upper=1.0, lower=1.0)")  # barriers at about +-2 %
    found = made.make(path_after_calm(**after))
    assert made.classes[int(found.values[20])] == value
    assert found.end[20] == end


def test_without_a_touch_the_sign_at_the_vertical_barrier_can_decide():
    made = label("triple_barrier(horizon_bars=4, upper=5.0, lower=5.0, vertical='sign')")
    up = made.make(path_after_calm(close=[100, 100, 100, 101]))
    down = made.make(path_after_calm(close=[100, 101, 100, 100]))
    assert (up.values[20], down.values[20]) == (1.0, 0.0)
    assert made.classes == ("down", "up")


def test_a_touched_barrier_settles_the_label_before_its_horizon_is_over_and_an_untouched_one_does_not():
    made = label("triple_barrier(horizon_bars=4)")
    touched = made.make(path_after_calm(close=[100, 103]))
    open_end = made.make(path_after_calm(close=[100, 100]))
    assert (touched.values[20], touched.end[20]) == (2.0, 22)
    assert np.isnan(open_end.values[20])
    assert open_end.end[20] == -1


def test_on_noise_without_drift_barriers_at_equal_distance_are_met_equally_often():
    bars = bar_arrays(garch_bars(20_000, seed=8))
    values = label("triple_barrier(horizon_bars=5)").make(bars).values
    down, _, up = np.bincount(values[~np.isnan(values)].astype(int), minlength=3) / np.isfinite(values).sum()
    assert abs(up - down) < 0.04
    assert up > 0.15


def slow_trend(close, shortest, longest):
    """Ordinary least squares by another library for every window."""
    out = np.full(close.size, np.nan)
    for t in range(close.size - longest):
        values = []
        for length in range(shortest, longest + 1):
            y = np.log(close[t : t + length + 1])
            fitted = linregress(np.arange(y.size), y)
            values.append(fitted.slope / fitted.stderr)
        out[t] = max(values, key=abs)
    return out


def test_trend_scanning_agrees_with_least_squares_of_every_window():
    bars = BarArrays(BARS.opened_at[:90], np.ascontiguousarray(BARS.matrix[:, :90]))
    expected = slow_trend(CLOSE[:90], 4, 12)
    values = label("trend_scanning(shortest_bars=4, longest_bars=12, t_values=True)").make(bars)
    np.testing.assert_allclose(values.values, expected, rtol=1e-8)
    signs = label("trend_scanning(shortest_bars=4, longest_bars=12)").make(bars)
    np.testing.assert_array_equal(signs.values, np.where(np.isnan(expected), np.nan, expected > 0))
    three = label("trend_scanning(shortest_bars=4, longest_bars=12, least_t_value=6.0, three_classes=True)").make(bars)
    banded = np.where(np.abs(expected) < 6.0, 1.0, np.where(expected > 0, 2.0, 0.0))
    np.testing.assert_array_equal(three.values, np.where(np.isnan(expected), np.nan, banded))


def test_a_trend_label_ends_with_the_longest_window_whichever_won():
    turning = from_close(np.concatenate([100 * 1.01 ** np.arange(10), 100 * 1.01**9 * 0.97 ** np.arange(1, 40)]))
    found = label("trend_scanning(shortest_bars=5, longest_bars=15)").make(turning)
    assert found.values[0] == 1.0
    assert found.end[0] == 15


def test_exact_trends_are_cut_to_one_hundred_and_prices_that_stand_still_have_none():
    made = label("trend_scanning(t_values=True)")
    np.testing.assert_array_equal(made.make(from_close(100 * 1.01 ** np.arange(40))).values[:20], 100.0)
    np.testing.assert_array_equal(made.make(from_close(100 / 1.01 ** np.arange(40))).values[:20], -100.0)
    np.testing.assert_array_equal(made.make(from_close(np.full(40, 3.0))).values[:20], 0.0)
    assert np.isnan(label("trend_scanning").make(from_close(np.full(40, 3.0))).values).all()


@given(
    seed=st.integers(0, 10_000),
    count=st.integers(0, 120),
    text=st.sampled_from(
        [
            "direction(dead_band=0.3)",
            "forward_return(horizon_bars=3)",
            "triple_barrier(horizon_bars=7)",
            "trend_scanning(shortest_bars=3, longest_bars=9)",
        ]
    ),
)
def test_more_bars_never_change_a_settled_label(seed, count, text):
    bars = bar_arrays(garch_bars(140, seed=seed))
    made = label(text)
    whole = made.make(bars)
    part = made.make(BarArrays(bars.opened_at[:count], np.ascontiguousarray(bars.matrix[:, :count])))
    settled = (whole.end >= 0) & (whole.end < count)
    np.testing.assert_array_equal(part.end, np.where(settled, whole.end, -1)[:count])
    np.testing.assert_array_equal(part.values, np.where(settled, whole.values, np.nan)[:count])
