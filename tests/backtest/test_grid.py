"""Grids: every allowed combination once, in one order; anything else is refused with what to do."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.backtest import combinations_of
from augury.backtest.search import grid as module
from augury.errors import InvalidInput
from augury.strategies.registry import strategy_named

CROSSOVER = strategy_named("sma_crossover")


@given(
    fast=st.lists(st.integers(1, 60), min_size=1, max_size=8),
    slow=st.lists(st.integers(61, 200), min_size=1, max_size=8),
    short=st.sampled_from([[0], [1], [1, 0]]),
)
def test_combinations_are_the_product_without_repeats_the_last_parameter_fastest(
    fast: list[int], slow: list[int], short: list[int]
) -> None:
    found = combinations_of(CROSSOVER, {"slow": slow, "fast": fast, "short": short})
    wanted = list(itertools.product(*(sorted(set(axis)) for axis in (fast, slow, short))))
    assert found.flags.c_contiguous
    np.testing.assert_array_equal(found, np.array(wanted, dtype=np.float64))


def test_what_the_rule_forbids_is_left_out_and_what_is_left_out_keeps_its_default() -> None:
    found = combinations_of(CROSSOVER, {"fast": [5, 10, 20], "slow": [10, 15]})
    assert found.tolist() == [[5, 10, 0], [5, 15, 0], [10, 15, 0]]
    defaults = [parameter.default for parameter in CROSSOVER.parameters]
    assert combinations_of(CROSSOVER, {}).tolist() == [defaults]
    assert combinations_of(strategy_named("buy_and_hold"), {}).shape == (1, 0)
    assert combinations_of(CROSSOVER, {"fast": np.arange(2, 5)}).shape == (3, 3)
    assert combinations_of(CROSSOVER, {"fast": (each for each in (3, 4))}).shape == (2, 3)


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ({"fsat": [1]}, "no parameter 'fsat'; did you mean 'fast'"),
        ({"fast": 5}, r"grid\['fast'\] should be a list of values, got 5"),
        ({"fast": "5,10"}, "should be a list of values, got '5,10'"),
        ({"fast": []}, r"grid\['fast'\] should hold at least one value"),
        ({"fast": [0]}, "should be a whole number in 1"),
        ({"fast": [2.5]}, "should be a whole number"),
        ({"fast": [float("nan")]}, "should be a whole number"),
        ({"fast": [True]}, "got True"),
        ({"fast": ["a"]}, "got 'a'"),
        ({"fast": [50], "slow": [10, 20]}, "none of 2 combinations is allowed: .*below"),
        ([("fast", [5])], "a grid should map parameters to values"),
    ],
)
def test_a_grid_that_cannot_be_is_refused(grid: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        combinations_of(CROSSOVER, grid)


def test_a_strategy_without_parameters_says_so() -> None:
    with pytest.raises(InvalidInput, match="it has no parameters"):
        combinations_of(strategy_named("buy_and_hold"), {"fast": [1]})


def test_too_many_combinations_are_refused_before_they_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST", 99)
    with pytest.raises(InvalidInput, match=r"at most 99 combinations, got 100; take coarser steps"):
        combinations_of(CROSSOVER, {"fast": range(1, 11), "slow": range(20, 30)})
