"""The plain loop gives the bits of the full one, or says that it cannot."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.backtest import BacktestSpec, CostSpec, ExitSpec
from augury.backtest.account.engine import years_between
from augury.backtest.account.layout import FILL_COLUMNS, FILLED, RUINED, Book, Market, new_state, settings_vector
from augury.backtest.account.plain_kernel import run_plain
from augury.backtest.account.target_kernel import run_targets
from augury.backtest.search.sweep_kernel import Rules, new_scratch_arrays, run_combination
from augury.market.bars import BarArrays

RATES = st.sampled_from([0.0, 0.0005, 0.01])


@st.composite
def specs(draw: Any) -> BacktestSpec:
    costs = CostSpec(
        commission_rate=draw(RATES),
        commission_per_unit=draw(st.sampled_from([0.0, 0.02])),
        minimum_commission=draw(st.sampled_from([0.0, 1.0, 50.0])),
        slippage_rate=draw(RATES),
        half_spread_rate=draw(RATES),
        borrow_rate=draw(st.sampled_from([0.0, 0.05, 0.8])),
        cash_interest_rate=draw(st.sampled_from([0.0, 0.03, -0.02])),
        margin_interest_rate=draw(st.sampled_from([0.0, 0.08])),
    )
    return BacktestSpec(
        costs=costs,
        leverage=draw(st.sampled_from([0.5, 1.0, 2.5])),
        maintenance_margin=draw(st.sampled_from([0.0, 0.3, 0.9])),
        whole_units=draw(st.booleans()),
        initial_cash=draw(st.sampled_from([300.0, 10_000.0])),
    )


def targets_of(draw: Any, n: int, cap: float) -> Any:
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    levels = rng.choice([0.0, 1.0, -1.0, 0.37, -0.6, 1.0 / 3.0, cap, -cap], n).clip(-cap, cap)
    hold = np.maximum.accumulate(np.where(rng.random(n) < draw(st.sampled_from([0.05, 0.3, 1.0])), np.arange(n), 0))
    return np.ascontiguousarray(levels[hold])


def both(bars: BarArrays, targets: Any, spec: BacktestSpec) -> tuple[bool, tuple[Any, ...], tuple[Any, ...]]:
    """Whether the plain loop did it, and (equity, fills, state) of the plain and of the full loop."""
    n = len(bars)
    market = Market(bars.matrix, years_between(bars), np.empty((3, 0)))
    made, done = [], False
    for plain in (True, False):
        state, book = new_state(spec.initial_cash), Book(np.full(n, np.nan), np.empty((3 * n + 8, FILL_COLUMNS)))
        if plain:
            changes = np.empty(n + 1, dtype=np.int64)
            done = bool(run_plain(market, targets, settings_vector(spec), state, book, changes))
        else:
            assert run_targets(market, targets, settings_vector(spec), state, book, 0) == n
        made.append((book.equity, book.fills[: int(state[FILLED])], state))
    return done, made[0], made[1]


@given(data=st.data())
@settings(max_examples=250)
def test_equity_fills_and_state_are_the_bits_of_the_full_loop(data: Any, make_random_bars: Any) -> None:
    spec = data.draw(specs())
    swing = data.draw(st.sampled_from([0.005, 0.03, 0.12]))
    bars = make_random_bars(data.draw(st.integers(0, 10**6)), data.draw(st.integers(1, 90)), swing)
    done, plain, full = both(bars, targets_of(data.draw, len(bars), spec.leverage), spec)
    if done:
        for name, mine, theirs in zip(("equity", "fills", "state"), plain, full, strict=True):
            np.testing.assert_array_equal(mine, theirs, err_msg=name)
    else:  # only where the account itself had to act
        assert full[2][RUINED] >= 0 or (full[1][:, 5] == 6).any() or spec.leverage > 1.0 or full[1][:, 1].min() < 0.0


@given(data=st.data())
@settings(max_examples=60)
def test_a_search_runs_each_combination_as_the_full_loop_does(data: Any, make_random_bars: Any) -> None:
    spec = data.draw(specs())
    if data.draw(st.booleans()):
        spec = spec.replace(exits=ExitSpec(stop_loss=0.05, trailing_stop=0.07), rebalance_drift=0.1)
    bars = make_random_bars(data.draw(st.integers(0, 10**6)), data.draw(st.integers(1, 60)), 0.1)
    targets = targets_of(data.draw, len(bars), spec.leverage)
    if data.draw(st.booleans()):
        targets[data.draw(st.integers(0, len(bars) - 1))] = data.draw(st.sampled_from([np.nan, 40.0, -40.0]))
    _, _, (equity, fills, state) = both(bars, targets, spec)
    scratch = new_scratch_arrays(len(bars))
    scratch.targets[:] = targets
    market = Market(bars.matrix, years_between(bars), np.empty((3, 0)))
    rules = Rules(settings_vector(spec), new_state(spec.initial_cash), 252.0, -spec.leverage)
    run_combination(market, rules, scratch)
    np.testing.assert_array_equal(scratch.book.equity, equity)
    np.testing.assert_array_equal(scratch.book.fills[: len(fills)], fills)
    np.testing.assert_array_equal(scratch.state, state)


@pytest.mark.parametrize("wrong", [np.nan, 1.5, -1.5])
def test_targets_that_cannot_be_held_are_left_to_the_full_loop(wrong: float, make_random_bars: Any) -> None:
    bars = make_random_bars(1, 50)
    targets = np.zeros(50)
    targets[30:] = wrong
    done, _, _ = both(bars, targets, BacktestSpec())
    assert not done


def test_a_margin_call_and_ruin_are_left_to_the_full_loop(make_bars: Any) -> None:
    climbing = make_bars(np.concatenate([np.full(10, 10.0), np.linspace(10.0, 18.0, 20)]))
    done, _, full = both(climbing, -np.ones(30), BacktestSpec())
    assert not done
    assert (full[1][:, 5] == 6).any()
    leap = make_bars(np.concatenate([np.full(10, 10.0), np.full(10, 45.0)]))
    done, _, full = both(leap, -np.ones(20), BacktestSpec())
    assert not done
    assert full[2][RUINED] == 10


def test_most_runs_are_plain(make_random_bars: Any) -> None:
    bars = make_random_bars(5, 200, 0.01)
    held = (np.sin(np.arange(200.0) / 9.0) > 0.0).astype(float)
    for spec in (BacktestSpec(), BacktestSpec(costs=CostSpec(cash_interest_rate=0.05)), BacktestSpec(whole_units=True)):
        done, plain, full = both(bars, held, spec)
        assert done
        np.testing.assert_array_equal(plain[0], full[0])
