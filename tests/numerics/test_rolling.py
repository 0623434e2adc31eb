"""Rings in a state vector against NumPy on plain slices."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.numerics.rolling import (
    HEADER,
    ring_full,
    ring_get,
    ring_max,
    ring_mean,
    ring_median,
    ring_min,
    ring_push,
    select_kth,
)

values_strategy = st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=60)


def filled(values, width, at=3):
    state = np.zeros(at + HEADER + width + width)
    for value in values:
        ring_push(state, at, width, value)
    return state


@settings(deadline=None)
@given(values=values_strategy, width=st.integers(1, 17))
def test_statistics_of_a_ring_are_those_of_the_last_values(values, width):
    at = 3
    state = filled(values, width, at)
    if len(values) < width:
        assert not ring_full(state, at, width)
        assert np.isnan(ring_mean(state, at, width))
        assert np.isnan(ring_median(state, at, width, at + HEADER + width))
        return
    window = np.array(values[-width:])
    assert ring_full(state, at, width)
    rounding = 1e-15 * width * float(np.abs(window).max())
    assert ring_mean(state, at, width) == pytest.approx(math.fsum(window) / width, rel=1e-15, abs=rounding)
    assert ring_mean(state, at, width) == ring_mean(filled(window, width, at), at, width)
    assert ring_median(state, at, width, at + HEADER + width) == pytest.approx(np.median(window), rel=1e-15)
    for last in range(1, width + 1):
        assert ring_max(state, at, width, last) == window[-last:].max()
        assert ring_min(state, at, width, last) == window[-last:].min()
        assert ring_get(state, at, width, last) == window[-last]


def test_asking_for_more_than_was_pushed_is_unknown():
    state = filled([1.0, 2.0], 5)
    assert ring_get(state, 3, 5, 2) == 1.0
    assert np.isnan(ring_get(state, 3, 5, 3))
    assert np.isnan(ring_max(state, 3, 5, 3))
    assert np.isnan(ring_min(state, 3, 5, 3))
    assert np.isnan(ring_get(state, 3, 5, 6))


def test_a_mean_depends_on_the_window_alone_and_not_on_what_came_before():
    rng = np.random.default_rng(1)
    window = rng.lognormal(10, 3, 50)
    long = np.concatenate([rng.lognormal(40, 3, 12_345), window])
    assert ring_mean(filled(window, 50), 3, 50) == ring_mean(filled(long, 50), 3, 50)


@settings(deadline=None)
@given(values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=80), data=st.data())
def test_select_kth_agrees_with_sorting(values, data):
    k = data.draw(st.integers(0, len(values) - 1))
    cells = np.array([7.0, *values, 7.0])
    assert select_kth(cells, 1, len(values), k) == sorted(values)[k]
    assert cells[0] == cells[-1] == 7.0
    assert sorted(cells[1:-1]) == sorted(values)
