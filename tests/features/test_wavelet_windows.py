"""Moments of a window kept in one piece, against numpy, also where most of the mean square is the mean."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.numerics.window_kernels import window_moments, window_put


@given(
    width=st.integers(2, 200),
    first=st.integers(0, 20),
    level=st.sampled_from([0.0, 1.0, 4.6, 1e4]),
    pivot=st.sampled_from([0.0, 4.6]),
    seed=st.integers(0, 999),
)
def test_moments_are_those_of_numpy(width, first, level, pivot, seed):
    values = level + 0.1 * np.random.default_rng(seed).standard_normal(first + width + 9)
    window = values[first : first + width]
    mean, square, variance = window_moments(values, first, width, pivot)
    assert mean == pytest.approx(window.mean() - pivot, rel=1e-12, abs=1e-13)
    assert square == pytest.approx(np.mean((window - pivot) ** 2), rel=1e-12)
    assert variance == pytest.approx(window.var(), rel=1e-9, abs=1e-17 * square)


@given(width=st.integers(1, 200), level=st.floats(-1e6, 1e6))
def test_a_window_of_pivots_has_moments_of_exactly_zero(width, level):
    assert window_moments(np.full(width, level), 0, width, level) == (0.0, 0.0, 0.0)


@given(width=st.integers(1, 70), place=st.integers(0, 69))
def test_one_unknown_value_makes_every_moment_unknown(width, place):
    values = np.ones(width)
    values[place % width] = np.nan
    assert np.isnan(window_moments(values, 0, width, 0.5)).all()


def test_the_newest_values_always_lie_side_by_side():
    state, width = np.full(3 + 2 * 5, np.nan), 5
    for t in range(23):
        place = t % width
        window_put(state, 3, width, place, float(t))
        window = state[3 + place + 1 :][:width]
        expected = np.arange(t - width + 1, t + 1)
        np.testing.assert_array_equal(window, np.where(expected < 0, np.nan, expected))
