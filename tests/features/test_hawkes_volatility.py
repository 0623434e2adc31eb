"""The feature `hawkes_volatility` against TA-Lib's range, a slow readable version and hand-made stories."""

import math

import numpy as np
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.errors import InvalidInput
from augury.features.registry import make

FAST = {"range_bars": 20, "quantile_bars": 30, "decay": 0.2}


def random_bars(count, seed=0):
    rng = np.random.default_rng(seed)
    volatility = 0.01 * np.exp(0.15 * np.cumsum(rng.standard_normal(count)) / (1 + 0.02 * np.arange(count)))
    close = 100 * np.exp(np.cumsum(volatility * rng.standard_normal(count)))
    high = close * np.exp(volatility * rng.random(count))
    low = close * np.exp(-volatility * rng.random(count))
    return np.ascontiguousarray(np.vstack([close, high, low, close, np.full(count, 1e3)]))


def opened_at(bars):
    return np.arange(bars.shape[1], dtype=np.int64)


def run(feature, bars):
    out = feature.batch(opened_at(bars), bars)
    return dict(zip((output.name for output in feature.outputs), out, strict=True))


def slow_version(spec, bars):
    high, low, close = np.log(bars[1:4])
    scaled = (high - low) / talib.ATR(high, low, close, spec.range_bars)
    levels, sums = [], 0.0
    count = bars.shape[1]
    out = {name: np.full(count, np.nan) for name in ("level", "low", "high", "armed", "direction")}
    seen, armed, armed_close, direction, was_above = 0, 0.0, 0.0, 0.0, False
    for t in range(count):
        if np.isnan(scaled[t]):
            continue
        sums = math.exp(-spec.decay) * sums + scaled[t]
        seen += 1
        if math.exp(-spec.decay * seen) > 0.01:
            continue
        level = out["level"][t] = spec.decay * sums
        before = levels[-spec.quantile_bars :]
        levels.append(level)
        if len(before) < spec.quantile_bars:
            continue
        bottom, top = np.quantile(before, spec.low_quantile), np.quantile(before, spec.high_quantile)
        if level < bottom:
            armed, armed_close, direction = 1.0, bars[3, t], 0.0
        elif level > top and not was_above and armed:
            armed, direction = 0.0, float(np.sign(bars[3, t] - armed_close))
        was_above = level > top
        out["low"][t], out["high"][t], out["armed"][t], out["direction"][t] = bottom, top, armed, direction
    return out


@pytest.mark.parametrize("options", [{}, FAST])
def test_every_column_equals_the_slow_readable_version(options):
    bars = random_bars(2500, seed=1)
    feature = make("hawkes_volatility", **options)
    fast, slow = run(feature, bars), slow_version(feature.spec, bars)
    assert set(np.unique(fast["direction"][-1500:])) == {-1.0, 0.0, 1.0}
    for name, column in slow.items():
        np.testing.assert_allclose(fast[name], column, rtol=1e-10, err_msg=name)


def test_steady_ranges_reach_the_gain_of_the_accumulator():
    bars = np.ascontiguousarray(np.tile([[100.0], [101.0], [99.0], [100.0], [1.0]], 800))
    level = run(make("hawkes_volatility"), bars)["level"]
    assert level[-1] == pytest.approx(0.1 / (1 - math.exp(-0.1)), rel=1e-12)
    assert level[-1] == pytest.approx(1.0508, abs=5e-5)
    assert level[382] == pytest.approx(level[-1], rel=0.01)  # the first level given is settled


def story(move):
    """100 ordinary bars, 25 quiet ones, then 10 loud ones that `move` the close; last the ordinary range again."""
    half_range = np.concatenate([np.tile([0.008, 0.012], 50), np.full(25, 0.001), np.full(10, 0.05), np.full(60, 0.01)])
    close = np.full(len(half_range), 100.0)
    close[125:] *= move
    return np.ascontiguousarray(
        np.vstack([close, close * np.exp(half_range), close * np.exp(-half_range), close, np.ones(len(close))])
    )


@pytest.mark.parametrize(("move", "direction"), [(1.2, 1.0), (0.8, -1.0), (1.0, 0.0)])
def test_loud_after_quiet_gives_the_direction_of_the_move_in_between(move, direction):
    columns = run(make("hawkes_volatility", **FAST), story(move))
    assert columns["armed"][124] == 1.0
    assert columns["direction"][124] == 0.0
    crossing = int(np.argmax(columns["level"] > columns["high"]))
    fired = 125 + int(np.argmax(columns["armed"][125:] == 0.0))
    assert columns["direction"][fired] == direction
    assert fired >= crossing
    assert columns["direction"][134] == direction


def test_a_direction_is_held_until_the_level_is_low_again():
    columns = run(make("hawkes_volatility", **FAST), random_bars(3000, seed=2))
    direction, level, low = columns["direction"], columns["level"], columns["low"]
    for t in range(200, 3000):
        if direction[t] == 0.0 and direction[t - 1] != 0.0:
            assert level[t] < low[t]
        if direction[t] != 0.0 and direction[t - 1] == 0.0:
            assert columns["armed"][t - 1] == 1.0
            assert level[t] > columns["high"][t]


@settings(max_examples=15, deadline=None)
@given(st.integers(100, 599), st.integers(0, 1000))
def test_the_future_leaves_the_past_alone(cut, seed):
    bars = random_bars(600, seed=3)
    changed = bars.copy()
    changed[:4, cut:] *= np.exp(np.random.default_rng(seed).normal(0, 0.5))
    changed[1, cut:] *= 1.5
    feature = make("hawkes_volatility", **FAST)
    before = feature.batch(opened_at(bars), bars)
    np.testing.assert_array_equal(before[:, :cut], feature.batch(opened_at(bars), changed)[:, :cut])


def test_batch_stream_and_a_restored_stream_give_the_same_bits():
    bars = random_bars(800, seed=4)
    feature = make("hawkes_volatility", **FAST)
    stream, rows = feature.open_stream(), []
    for t in range(800):
        if t in (5, 90, 400):
            saved = stream.snapshot()
            stream = feature.open_stream()
            stream.restore(saved)
        rows.append(stream.update(t, np.ascontiguousarray(bars[:, t])))
    np.testing.assert_array_equal(np.array(rows).T, feature.batch(opened_at(bars), bars))


def test_a_missing_bar_is_skipped_and_leaves_the_state_alone():
    bars = random_bars(500, seed=5)
    gap = np.insert(bars, 200, np.nan, axis=1)
    feature = make("hawkes_volatility", **FAST)
    out = feature.batch(opened_at(gap), gap)
    assert np.isnan(out[:, 200]).all()
    np.testing.assert_array_equal(np.delete(out, 200, axis=1), feature.batch(opened_at(bars), bars))


def test_a_market_that_never_moved_has_no_level():
    assert np.isnan(make("hawkes_volatility", **FAST).batch(np.arange(300), np.full((5, 300), 10.0))).all()


@pytest.mark.parametrize("options", [{}, FAST])
def test_the_warm_up_is_exact(options):
    bars = random_bars(700, seed=6)
    feature = make("hawkes_volatility", **options)
    out = feature.batch(opened_at(bars), bars)
    assert np.isnan(out[:, : feature.warm_up]).all()
    assert np.isfinite(out[0, feature.warm_up :]).all()
    first_quantile = feature.warm_up + feature.spec.quantile_bars
    assert np.isnan(out[1:, :first_quantile]).all()
    assert np.isfinite(out[1:, first_quantile:]).all()


@settings(max_examples=10, deadline=None)
@given(st.floats(1e-2, 1e3))
def test_prices_in_another_unit_give_the_same_level(unit):
    bars = random_bars(400, seed=7)
    feature = make("hawkes_volatility", **FAST)
    here = feature.batch(opened_at(bars), bars)
    there = feature.batch(opened_at(bars), bars * unit)
    np.testing.assert_allclose(there[:3], here[:3], rtol=1e-9)


def test_quantiles_that_cross_are_refused():
    with pytest.raises(InvalidInput, match="low_quantile"):
        make("hawkes_volatility", low_quantile=0.9, high_quantile=0.1)
