"""The kernels that strategies share: exact extremes, moments without drift, sums that do not depend on their place."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from augury.strategies.rolling_extreme import rolling_extreme
from augury.strategies.running_sums import running_sums
from augury.strategies.window_moments import window_moments

PRICES = hnp.arrays(np.float64, st.integers(1, 60), elements=st.floats(0.01, 1e6, width=64))


@given(PRICES, st.integers(1, 70), st.sampled_from([1.0, -1.0]))
def test_a_rolling_extreme_is_that_of_its_window(values, width, side):
    out = np.full(values.size, -7.0)
    rolling_extreme(values, width, side, out)
    for t in range(values.size):
        window = values[max(t - width + 1, 0) : t + 1]
        assert out[t] == (-7.0 if t < width - 1 else window.max() if side > 0 else window.min())


@given(PRICES, st.integers(1, 70))
def test_moments_are_those_of_the_window(values, width):
    distance, variance = np.full(values.size, -7.0), np.full(values.size, -7.0)
    window_moments(values, width, distance, variance)
    for t in range(values.size):
        if t < width - 1:
            assert (distance[t], variance[t]) == (-7.0, -7.0)
            continue
        window = values[t - width + 1 : t + 1]
        reach = float(np.abs(window - window[-1]).max())
        rounding = 1e-14 * float(window.max())  # of numpy's mean, which sums the values themselves
        assert distance[t] == pytest.approx(values[t] - window.mean(), abs=1e-9 * reach + rounding)
        assert variance[t] == pytest.approx(window.var(), abs=1e-9 * reach**2 + rounding * (reach + rounding))


def test_moments_keep_their_digits_at_a_high_level_and_after_a_jump():
    rng = np.random.default_rng(0)
    small = rng.standard_normal(4000)
    values = small + 1e6
    values[2000:2010] = 1e12
    distance, variance = np.zeros(4000), np.zeros(4000)
    window_moments(values, 50, distance, variance)
    exact = pd.Series(values - 1e6).rolling(50).apply(lambda window: window.var(), raw=True).to_numpy()
    clear = np.r_[50:1999, 2100:4000]
    np.testing.assert_allclose(variance[clear], exact[clear], rtol=1e-9)


@given(st.floats(0.001, 1e6), st.integers(1, 40), st.integers(2, 300))
def test_equal_values_have_no_distance_and_no_variance(price, width, count):
    distance, variance = np.zeros(count), np.zeros(count)
    window_moments(np.full(count, price), width, distance, variance)
    assert not distance.any()
    assert not variance.any()


@given(hnp.arrays(np.float64, st.integers(5, 80), elements=st.floats(10.0, 1000.0)), st.integers(1, 5))
def test_differences_of_running_sums_are_sums_wherever_they_lie(values, width):
    twice = np.concatenate([values, values])
    sums = np.empty(twice.size)
    running_sums(twice, sums)
    n = values.size
    first = sums[width:n] - sums[: n - width]
    second = sums[n + width :] - sums[n : 2 * n - width]
    np.testing.assert_array_equal(first, second)
    exact = np.convolve(values, np.ones(width), mode="valid")[1:]
    np.testing.assert_allclose(first, exact, rtol=1e-8)
