"""The compiled rules of bars say what the rules of the market say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.backtest.bar_check import keeps_rules
from augury.backtest.subject import arrays_of
from augury.errors import InvalidBars
from augury.market.bars import BarArrays
from augury.market.rules import NO_TIME, bars_keep_rules, times_increase

VALUES = st.sampled_from([1.0, 2.0, 3.0, 0.0, -1.0, np.nan, np.inf, -np.inf])


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 4).flatmap(lambda n: st.tuples(
    st.lists(VALUES, min_size=5 * n, max_size=5 * n),
    st.lists(st.sampled_from([0, 1, 2, 3, 4, int(NO_TIME)]), min_size=n, max_size=n),
)))  # fmt: skip
def test_one_compiled_pass_finds_what_the_market_rules_find(drawn):
    values, times = drawn
    matrix = np.array(values, dtype=float).reshape(5, len(times))
    opened_at = np.array(times, dtype=np.int64)
    assert keeps_rules(opened_at, matrix) == (times_increase(opened_at) and bars_keep_rules(matrix))


def good(n: int = 4) -> np.ndarray:
    return np.vstack([np.full(n, 2.0), np.full(n, 3.0), np.full(n, 1.0), np.full(n, 2.5), np.full(n, 9.0)])


@pytest.mark.parametrize("row", range(5))
@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0])
def test_any_single_broken_value_is_found_and_told(row, value):
    matrix = good()
    matrix[row, 2] = value
    times = np.arange(4, dtype=np.int64)
    assert not keeps_rules(times, matrix)
    with pytest.raises(InvalidBars, match="row"):
        arrays_of(BarArrays(times, matrix))


def test_good_bars_pass_and_repeated_times_do_not():
    assert keeps_rules(np.arange(4), good())
    assert not keeps_rules(np.array([0, 1, 1, 2]), good())


def test_arrays_of_another_type_are_refused_in_words():
    with pytest.raises(InvalidBars, match="float64"):
        arrays_of(BarArrays(np.arange(4), good().astype(np.float32)))
