"""Sweeps: every measure of every combination is that of a single run, to the last bit, whatever the settings."""

from __future__ import annotations

import itertools
import os
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from augury.backtest import BacktestSpec, CostSpec, ExitSpec, run_backtest, sweep
from augury.backtest.search import sweeping
from augury.backtest.search.grid import combinations_of
from augury.backtest.search.sweep_kernel import MEASURES, QUICK_MEASURES
from augury.backtest.search.sweeping import quick_sweep
from augury.errors import InvalidBars, InvalidInput, NotFound
from augury.strategies.registry import strategies, strategy_named

COSTLY = CostSpec(
    commission_rate=0.002,
    commission_per_unit=0.01,
    minimum_commission=5.0,
    slippage_rate=0.001,
    half_spread_rate=0.0005,
    borrow_rate=0.03,
    cash_interest_rate=0.02,
)
SETTINGS = {
    "plain": BacktestSpec(),
    "dear": BacktestSpec(costs=COSTLY),
    "levered": BacktestSpec(leverage=3.0, costs=COSTLY, maintenance_margin=0.4),
    "whole units": BacktestSpec(whole_units=True, initial_cash=2_000.0),
    "drift": BacktestSpec(rebalance_drift=0.05),
    "volume": BacktestSpec(volume_limit=0.3, initial_cash=20_000.0),
    "volume, dropped": BacktestSpec(volume_limit=0.2, carry_unfilled=False),
    "next close": BacktestSpec(fill="next_close"),
    "typical": BacktestSpec(fill="next_typical", costs=COSTLY),
    "same close": BacktestSpec(fill="same_close"),
    "stops": BacktestSpec(exits=ExitSpec(stop_loss=0.03, take_profit=0.05)),
    "trailing": BacktestSpec(exits=ExitSpec(trailing_stop=0.04, maximum_holding_bars=9)),
    "all at once": BacktestSpec(
        leverage=2.0,
        costs=COSTLY,
        whole_units=True,
        rebalance_drift=0.1,
        volume_limit=0.5,
        exits=ExitSpec(stop_loss=0.05, take_profit=0.08, trailing_stop=0.06, maximum_holding_bars=20),
    ),
}
GRID = {"fast": [2, 3, 5], "slow": [8, 13], "short": [0, 1]}


def single(found: Any, index: int, symbol: str | None = None) -> list[float]:
    """The twelve measures of a combination from its full result."""
    result = found.result(index, symbol)
    known = {**{name: result.metrics[name].value for name in result.metrics}, "final_equity": result.run.equity[-1]}
    return [known[name] for name in MEASURES]


def assert_equal_to_single_runs(found: Any, symbol: str | None = None) -> None:
    measures = found.part(symbol).measures
    for index in range(len(found)):
        np.testing.assert_array_equal(
            measures[index], single(found, index, symbol), err_msg=str(found.parameters(index))
        )


@pytest.fixture
def bars(make_random_bars: Any) -> Any:
    return make_random_bars(7, 260)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_sweep_has_the_numbers_of_single_runs_to_the_last_bit_under(name: str, bars: Any) -> None:
    found = sweep("sma_crossover", bars, GRID, SETTINGS[name])
    assert len(found) == 12
    assert_equal_to_single_runs(found)


@pytest.mark.parametrize("name", [name for name in strategies() if name != "buy_and_hold"])
@pytest.mark.parametrize("setting", ["plain", "all at once"])
def test_every_compiled_strategy_sweeps_to_the_numbers_of_its_single_runs(name: str, setting: str, bars: Any) -> None:
    strategy = strategy_named(name)
    grid = {}
    for parameter in strategy.parameters:
        if parameter.integer and parameter.high - parameter.low < 3:
            grid[parameter.name] = [parameter.low, parameter.high]
        else:
            low, high = max(parameter.low, parameter.default / 2), min(parameter.high, parameter.default * 1.5)
            grid[parameter.name] = [round(low), round(high)] if parameter.integer else [low, high]
    found = sweep(name, bars, grid, SETTINGS[setting])
    assert len(found) >= 2
    assert_equal_to_single_runs(found)


def test_violent_prices_with_ruin_and_margin_calls_sweep_like_single_runs(make_random_bars: Any) -> None:
    wild = make_random_bars(3, 200, 0.12)
    found = sweep("sma_crossover", wild, GRID, BacktestSpec(leverage=4.0, costs=COSTLY))
    assert (found.measured("max_drawdown") <= -1.0).any()
    assert_equal_to_single_runs(found)


def test_splits_dividends_and_a_delisting_sweep_like_single_runs(bars: Any) -> None:
    actions = np.ones((3, len(bars)))
    actions[1], actions[2] = 0.0, np.nan
    actions[0, [60, 130, 131]] = 2.0, 1.5, 0.2
    actions[1, [40, 90, 200]] = 0.5, 1.0, 0.7
    for delisted in (False, True):
        if delisted:
            actions[2, -1] = 12.0
        found = sweep("sma_crossover", bars, GRID, actions=actions)
        assert_equal_to_single_runs(found)
        assert np.isfinite(found.measured("profit_factor")).any()


def test_many_symbols_sweep_like_each_alone(make_random_bars: Any) -> None:
    universe = {f"S{seed}": make_random_bars(seed, 120 + 10 * seed) for seed in range(5)}
    found = sweep("sma_crossover", universe, GRID)
    assert found.symbols == tuple(universe)
    for symbol, bars in universe.items():
        np.testing.assert_array_equal(found.part(symbol).measures, sweep("sma_crossover", bars, GRID).part().measures)
        assert_equal_to_single_runs(found, symbol)


@pytest.mark.parametrize(("threads", "steps"), [(1, 4_000_000), (1, 1), (7, 1), (3, 1_000)])
def test_numbers_are_the_same_for_any_number_of_threads_and_chunks(
    threads: int, steps: int, make_random_bars: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    wild = make_random_bars(3, 200, 0.12)
    spec = BacktestSpec(leverage=4.0)
    usual = sweep("sma_crossover", wild, GRID, spec).part()
    monkeypatch.setattr(os, "cpu_count", lambda: threads)
    monkeypatch.setattr(sweeping, "_STEPS_A_TASK", steps)
    other = sweep("sma_crossover", wild, GRID, spec).part()
    for name in ("measures", "block_sums", "block_moments"):
        np.testing.assert_array_equal(getattr(usual, name), getattr(other, name), err_msg=name)


def test_sums_over_blocks_of_time_are_those_of_the_bar_returns(make_random_bars: Any) -> None:
    wild = make_random_bars(3, 203, 0.12)  # some combinations are ruined
    found = sweep("sma_crossover", wild, GRID, BacktestSpec(leverage=4.0))
    part, n = found.part(), len(wild)
    for index in range(len(found)):
        returns = found.result(index).returns
        edges = [b * n // 64 for b in range(65)]
        sums = [returns[low:high].sum() for low, high in itertools.pairwise(edges)]
        np.testing.assert_allclose(part.block_sums[index], sums, rtol=1e-12, atol=1e-14)
        parts = returns[n % 16 :].reshape(16, -1)
        np.testing.assert_allclose(part.block_moments[0, :, index], parts.sum(axis=1), rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(part.block_moments[1, :, index], (parts**2).sum(axis=1), rtol=1e-12, atol=1e-14)


def crossover(bars: pd.DataFrame, fast: int = 10, slow: int = 30) -> Any:
    quick, calm = bars["close"].rolling(fast).mean(), bars["close"].rolling(slow).mean()
    return (quick > calm).astype(float)


def test_a_plain_function_sweeps_like_its_compiled_twin(bars: Any) -> None:
    grid = {"fast": [2, 3, 5], "slow": [8, 13]}
    plain, compiled = sweep(crossover, bars, grid), sweep("sma_crossover", bars, grid)
    np.testing.assert_array_equal(plain.part().measures, compiled.part().measures)
    assert_equal_to_single_runs(plain)


def test_given_positions_sweep_as_one_combination(bars: Any) -> None:
    held = np.sign(np.sin(np.arange(len(bars)) / 7.0))
    found = sweep(held, bars, {})
    assert len(found) == 1
    assert_equal_to_single_runs(found)


def test_progress_counts_every_task_once(bars: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "_STEPS_A_TASK", 520)
    seen: list[int] = []

    def track(items: Any, total: int) -> Any:
        for item in items:
            seen.append(total)
            yield item

    sweep("sma_crossover", bars, GRID, track=track)
    assert seen == [6] * 6


def test_a_file_is_loaded_once_for_all_symbols(bars: Any, tmp_path: Any) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        "from pathlib import Path\n"
        f"log = Path({str(tmp_path / 'log')!r})\n"
        "log.write_text((log.read_text() if log.exists() else '') + 'x')\n"
        "def positions(bars, days=3):\n    return (bars['close'] > bars['close'].shift(days)).astype(float)\n"
    )
    sweep(path, dict.fromkeys("abcd", bars), {"days": [1, 2]})
    assert (tmp_path / "log").read_text() == "x"


def short_always(bars: Any, size: float = 1.0) -> Any:
    return np.full(len(bars), -size)


@pytest.mark.parametrize(
    ("strategy", "grid", "spec", "message"),
    [
        (short_always, {"size": [0.5, 2.0]}, None, r"should lie in \[-1, 1\]; got -2"),
        (short_always, {"size": [0.5]}, BacktestSpec(allow_short=False), r"should lie in \[0, 1\]"),
        ("sma_crossover", {"short": [1]}, BacktestSpec(allow_short=False), r"should lie in \[0, 1\]"),
        ("sma_crossover", GRID, BacktestSpec(delay_bars=1), "a sweep runs without delay_bars"),
        (lambda bars: bars["close"].rolling(9_999).mean(), {}, None, "should return finite numbers"),
    ],
)
def test_what_a_single_run_refuses_a_sweep_refuses(
    strategy: Any, grid: Any, spec: Any, message: str, bars: Any
) -> None:
    with pytest.raises(InvalidInput, match=message):
        sweep(strategy, bars, grid, spec)
    if spec is None or not spec.delay_bars:
        values = {name: axis[-1] for name, axis in grid.items()}
        with pytest.raises(InvalidInput, match=message):
            run_backtest(strategy, bars, values, spec)


def test_empty_universes_and_misplaced_actions_are_refused(bars: Any) -> None:
    with pytest.raises(InvalidInput, match="at least one symbol"):
        sweep("sma_crossover", {}, GRID)
    quiet = np.vstack([np.ones(len(bars)), np.zeros(len(bars)), np.full(len(bars), np.nan)])
    with pytest.raises(InvalidInput, match="'APPL', which has no bars; did you mean 'AAPL'"):
        sweep("sma_crossover", {"AAPL": bars}, GRID, actions={"APPL": quiet})
    with pytest.raises(InvalidInput, match="mapping by symbol for 2 symbols"):
        sweep("sma_crossover", {"A": bars, "B": bars}, GRID, actions=quiet)
    with pytest.raises(InvalidInput, match=r"float64\[3, 260\]"):
        sweep("sma_crossover", bars, GRID, actions=quiet[:, 1:])
    with pytest.raises(InvalidBars), warnings.catch_warnings():
        sweep("sma_crossover", pd.DataFrame({"open": [1.0]}), GRID)
    with pytest.raises(NotFound, match="sma_crossover"):
        sweep("sma_crosover", bars, GRID)


def test_every_combination_is_measured_whether_or_not_blocks_are_kept(
    bars: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = sweep("sma_crossover", bars, GRID)
    monkeypatch.setattr(sweeping, "_BLOCKS_UP_TO", 3)
    bare = sweep("sma_crossover", bars, GRID)
    np.testing.assert_array_equal(kept.part().measures, bare.part().measures)
    assert bare.part().block_sums.shape[0] == 0
    assert bare.part().block_moments.size == 0
    np.testing.assert_array_equal(kept.params, combinations_of(strategy_named("sma_crossover"), GRID))


@pytest.mark.parametrize("name", ["plain", "all at once", "levered"])
def test_a_quick_sweep_has_the_bits_of_the_whole_one_in_what_it_measures(name: str, make_random_bars: Any) -> None:
    universe = {"calm": make_random_bars(7, 260), "wild": make_random_bars(3, 200, 0.12)}
    whole = sweep("sma_crossover", universe, GRID, SETTINGS[name])
    quick = quick_sweep("sma_crossover", universe, GRID, SETTINGS[name])
    np.testing.assert_array_equal(quick.params, whole.params)
    for symbol in universe:
        for measure in QUICK_MEASURES:
            np.testing.assert_array_equal(quick.measured(measure, symbol), whole.measured(measure, symbol), measure)
        assert quick.part(symbol).block_sums.size == quick.part(symbol).block_moments.size == 0
    best = quick.best(symbol="calm")
    assert quick.result(best, "calm").digests == whole.result(best, "calm").digests
    assert list(quick.to_frame().columns) == ["symbol", "fast", "slow", "short", *QUICK_MEASURES]
    with pytest.raises(NotFound, match="no measure 'win_rate'"):
        quick.measured("win_rate", "calm")


def test_a_quick_sweep_refuses_what_the_whole_one_refuses(bars: Any) -> None:
    for strategy, grid, spec in (
        (short_always, {"size": [0.5, 2.0]}, None),
        ("sma_crossover", {"short": [1]}, BacktestSpec(allow_short=False)),
    ):
        with pytest.raises(InvalidInput, match="should lie in"):
            quick_sweep(strategy, bars, grid, spec)
