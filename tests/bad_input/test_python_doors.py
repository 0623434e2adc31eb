"""The doors for programs: what cannot be run is refused, and arrays that may only be read are as good as others."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import augury
from augury import backtest, metrics, validation
from augury.errors import AuguryError, InvalidInput
from augury.market import BarArrays, bar_arrays
from augury.sample import load_sample

BARS = load_sample().bars["AAPL"].iloc[-300:]
ONE = np.ones(len(BARS))


@pytest.mark.parametrize(
    "positions",
    [
        2.0 * ONE,
        np.nan * ONE,
        np.inf * ONE,
        ["a"] * len(ONE),
        1j * ONE,
        ONE[:-1],
        np.ones((len(ONE), 2)),
        np.array([]),
        None,
        5,
        {"a": 1},
        np.ma.masked_all(len(ONE)),
        pd.Series(1.0, index=BARS.index[::-1]),
        pd.Series(1.0, index=BARS.index[[0] * len(BARS)]),
        pd.Series(1.0, index=BARS.index.tz_localize(None)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_positions_that_cannot_be_held_are_refused(positions):
    with pytest.raises(AuguryError):
        augury.run_backtest(positions, BARS)


@pytest.mark.parametrize(
    "bars",
    [
        BARS[::-1],
        pd.concat([BARS, BARS]),
        BARS * -1.0,
        BARS * 0.0,
        BARS * np.nan,
        BARS[["open"]],
        BARS[:0],
        BARS["close"],
        BARS.to_numpy(),
        None,
        5,
    ],
    ids=lambda value: type(value).__name__,
)
def test_bars_that_are_none_are_refused_by_every_door(bars):
    for run in (
        lambda: augury.run_backtest("sma_crossover", bars),
        lambda: augury.sweep("sma_crossover", bars, {"fast": [5, 6]}),
        lambda: backtest.Panel.of({"A": bars}),
    ):
        with pytest.raises(AuguryError):
            run()


@pytest.mark.parametrize("values", [{"fast": 10**400}, {5: 5}, {"fast": np.nan}, {"fast": "x"}, {"fast": True}, [5]])
def test_parameters_and_grids_of_another_kind_are_refused(values):
    with pytest.raises(InvalidInput):
        augury.run_backtest("sma_crossover", BARS, values)
    grid = {name: [value] for name, value in values.items()} if isinstance(values, dict) else values
    with pytest.raises(InvalidInput):
        augury.sweep("sma_crossover", BARS, grid)


@pytest.mark.parametrize("spec", [{"leverage": 2}, 5, backtest.BacktestSpec])
def test_settings_of_another_kind_are_refused(spec):
    with pytest.raises(InvalidInput, match="should be a BacktestSpec"):
        augury.run_backtest("sma_crossover", BARS, None, spec)


@pytest.mark.parametrize("actions", ["x", [1], np.ones(3), np.ones((3, 5))])
def test_actions_of_another_shape_are_refused(actions):
    with pytest.raises(InvalidInput, match="actions should be float64"):
        augury.run_backtest("sma_crossover", BARS, actions=actions)


@pytest.mark.parametrize(
    "returns", [["a"], [1j] * 40, None, np.ones((2, 40)), [np.nan] * 40, [np.inf] * 40, 5], ids=repr
)
def test_returns_that_are_no_numbers_are_refused_by_every_test(returns):
    for run in (
        validation.bootstrap_interval,
        validation.optimal_block_length,
        validation.gather_evidence,
        lambda values: validation.bootstrap_interval(values, "sharpe"),
        lambda values: metrics.simple_returns(values, 1.0),
    ):
        with pytest.raises(AuguryError):
            run(returns)


def frozen(values):
    """As pandas and memory maps give them: may be read only."""
    array = np.array(values)
    array.setflags(write=False)
    return array


def test_arrays_that_may_only_be_read_give_the_same_as_others():
    noise = np.random.default_rng(0).normal(0.0, 0.01, 300)
    for run in (
        lambda values: validation.bootstrap_interval(values, "sharpe").lower,
        lambda values: validation.timing_test(values, values).p_value,
        lambda values: augury.run_backtest(np.sign(values) if values is noise else frozen(np.sign(values)), BARS)
        .metrics.total_return.value,
    ):  # fmt: skip
        assert run(frozen(noise)) == run(noise)
        assert run(pd.Series(noise)) == run(noise)
    arrays = bar_arrays(BARS)
    read_only = BarArrays(frozen(arrays.opened_at), frozen(arrays.matrix))
    mine, theirs = (augury.run_backtest("sma_crossover", bars) for bars in (arrays, read_only))
    assert np.array_equal(mine.equity, theirs.equity)


def test_a_frame_of_weights_runs_however_pandas_keeps_it():
    panel = backtest.Panel.of({"A": BARS, "B": BARS})
    whole = pd.DataFrame(0.4, index=BARS.index, columns=["A", "B"])
    parts = pd.DataFrame({"A": whole["A"], "B": whole["B"].copy()})
    results = [augury.run_portfolio(panel, weights) for weights in (whole, parts, whole[["B", "A"]])]
    assert len({float(result.run.equity[-1]) for result in results}) == 1


@pytest.mark.parametrize("weights", [{"A": 2.0}, {"A": np.nan}, {"A": "x"}, {"X": 1.0}, None, 5, np.ones(2)])
def test_weights_that_cannot_be_are_refused(weights):
    with pytest.raises(AuguryError):
        augury.run_portfolio(backtest.Panel.of({"A": BARS}), weights)
