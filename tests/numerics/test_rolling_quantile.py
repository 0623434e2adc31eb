"""Quantiles of a moving window against NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.numerics.rolling_quantile import (
    exceeds_quantile,
    insert_sorted,
    position_sorted,
    quantile_sorted,
    replace_sorted,
)

SHARES = (0.0, 0.05, 0.5, 0.9, 0.95, 1.0)
values_with_ties = st.lists(st.integers(-20, 20).map(lambda k: k / 7.0), min_size=1, max_size=60)


@given(values_with_ties, st.integers(1, 12))
def test_the_ordered_window_and_its_quantiles_equal_numpy_bit_for_bit(values, width):
    ordered = np.zeros(width)
    window: list[float] = []
    for value in values:
        if len(window) < width:
            insert_sorted(ordered, len(window), value)
        else:
            replace_sorted(ordered, width, window.pop(0), value)
        window.append(value)
        np.testing.assert_array_equal(ordered[: len(window)], np.sort(window))
        for share in SHARES:
            assert quantile_sorted(ordered, len(window), share) == np.quantile(window, share)


@given(values_with_ties, st.integers(-150, 150).map(lambda k: k / 49.0))
def test_position_counts_the_smaller_entries(values, value):
    assert position_sorted(np.sort(values), len(values), value) == np.sum(np.array(values) < value)


@given(values_with_ties, st.integers(-150, 150).map(lambda k: k / 49.0), st.sampled_from(SHARES[:-1]))
def test_exceeding_by_counting_equals_comparing_with_numpys_quantile(values, value, share):
    assert exceeds_quantile(np.array(values), len(values), share, value) == (value > np.quantile(values, share))


@pytest.mark.parametrize("share", SHARES[:-1])
@pytest.mark.parametrize("size", [1, 2, 3, 10, 100, 500])
def test_the_quantile_itself_does_not_exceed_it_and_the_next_number_does(size, share):
    values = np.random.default_rng(size).standard_normal(size)
    quantile = np.quantile(values, share)
    assert not exceeds_quantile(values, size, share, quantile)
    assert exceeds_quantile(values, size, share, np.nextafter(quantile, np.inf))


def test_only_the_first_entries_are_read():
    values = np.array([1.0, 2.0, 3.0, 100.0, 100.0])
    assert exceeds_quantile(values, 3, 0.9, 2.9)
    assert not exceeds_quantile(values, 5, 0.9, 2.9)
