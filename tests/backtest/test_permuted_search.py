"""Permutation tests of whole searches: the kernel's null is the generic test's, and the test keeps its level."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

from augury.backtest import (
    BacktestSpec,
    ExitSpec,
    action_matrix,
    combinations_of,
    permuted_search,
    permuted_walk_forward,
    run_backtest,
    subject_of,
    sweep,
    walk_forward_test,
)
from augury.backtest.actions.corporate_actions import CorporateAction
from augury.backtest.search import significance as module
from augury.backtest.search.significance import best_of_search
from augury.backtest.search.walk_forward import walk_forward
from augury.errors import InvalidInput, NotFound
from augury.market.bars import BarArrays, bar_arrays
from augury.strategies import compiled_strategy
from augury.testing import garch_bars
from augury.validation import PermutationSpec, WalkForwardSpec, permutation_test

SPEC = BacktestSpec()
GRID = {"fast": [2, 4], "slow": [8, 16]}
FOLDS = WalkForwardSpec(train_bars=60, test_bars=30)


def searched(bars: Any, name: Any = "sma_crossover", grid: Any = None, **more: Any) -> tuple[Any, Any]:
    subject = subject_of(name, bars, None, SPEC, "", **more)
    return subject, combinations_of(subject.strategy, GRID if grid is None else grid)


@pytest.mark.parametrize(
    ("name", "grid"),
    [
        ("sma_crossover", GRID),
        ("macd_trend", {}),
        ("rsi_reversal", {}),
        ("momentum", {"look_back": [5, 20], "skip": [0, 1]}),
        ("donchian_breakout", {}),
        ("bollinger_reversal", {}),
    ],
)
@pytest.mark.parametrize("spec", [SPEC, BacktestSpec(exits=ExitSpec(stop_loss=0.04), leverage=2.0)])
def test_the_null_is_to_the_bit_that_of_a_test_in_python(
    name: str, grid: Any, spec: BacktestSpec, make_random_bars: Any
) -> None:
    bars = make_random_bars(3, 180)
    subject, params = searched(bars, name, grid)
    plan = PermutationSpec(permutations=25, block_bars=3)

    def by_sweep(matrix: Any) -> float:
        found = sweep(name, BarArrays(bars.opened_at, np.ascontiguousarray(matrix)), grid, spec)
        values = found.measured("sharpe")
        return float(np.nanmax(values)) if np.isfinite(values).any() else float("nan")

    mine = permuted_search(subject, params, spec, plan, seed=11)
    theirs = permutation_test(by_sweep, bars.matrix, plan, seed=11)
    np.testing.assert_array_equal(mine.null, theirs.null)
    assert mine.observed == theirs.observed
    assert mine == theirs


def test_the_walk_forward_null_is_to_the_bit_that_of_a_test_in_python(make_random_bars: Any) -> None:
    bars = make_random_bars(4, 200)
    real = walk_forward_test("sma_crossover", bars, GRID, SPEC, FOLDS)

    def by_walk_forward(matrix: Any) -> float:
        permuted = BarArrays(bars.opened_at, np.ascontiguousarray(matrix))
        return walk_forward_test("sma_crossover", permuted, GRID, SPEC, FOLDS).sharpe

    plan = PermutationSpec(permutations=30, start_index=60)
    mine = permuted_walk_forward(real, PermutationSpec(permutations=30), seed=5)
    theirs = permutation_test(by_walk_forward, bars.matrix, plan, seed=5)
    np.testing.assert_array_equal(mine.null, theirs.null)
    assert mine == theirs
    assert mine.observed == real.sharpe
    assert mine.start_index == 60


def plain_momentum(bars: Any, days: int = 5) -> Any:
    return (bars["close"] > bars["close"].shift(days)).to_numpy(dtype=float)


@compiled_strategy(bounds={"days": (1, 50)})
def quick_momentum(bars, out, days=5):  # type: ignore[no-untyped-def]
    closes = bars[3]
    for t in range(out.shape[0]):
        out[t] = 1.0 if t >= days and closes[t] > closes[t - days] else 0.0


def test_a_plain_function_has_the_null_of_its_compiled_twin(make_random_bars: Any) -> None:
    bars = make_random_bars(5, 150)
    tests = []
    for strategy in (plain_momentum, quick_momentum):
        subject, params = searched(bars, strategy, {"days": [3, 9]})
        forward = walk_forward(subject, params, SPEC, FOLDS)
        plan = PermutationSpec(permutations=20)
        tests.append((permuted_search(subject, params, SPEC, plan), permuted_walk_forward(forward, plan)))
    for plain, compiled in zip(*tests, strict=True):
        np.testing.assert_array_equal(plain.null, compiled.null)
        assert plain == compiled


def test_the_result_is_the_same_for_any_number_of_threads(
    make_random_bars: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject, params = searched(make_random_bars(6, 150))
    forward = walk_forward(subject, params, SPEC, FOLDS)
    plan = PermutationSpec(permutations=40)
    usual = permuted_search(subject, params, SPEC, plan, seed=2), permuted_walk_forward(forward, plan, seed=2)
    for threads, steps in ((1, 8_000_000), (5, 1)):
        monkeypatch.setattr(os, "cpu_count", lambda threads=threads: threads)
        monkeypatch.setattr(module, "_STEPS_A_TASK", steps)
        other = permuted_search(subject, params, SPEC, plan, seed=2), permuted_walk_forward(forward, plan, seed=2)
        for one, two in zip(usual, other, strict=True):
            np.testing.assert_array_equal(one.null, two.null)
    assert not np.array_equal(usual[0].null, permuted_search(subject, params, SPEC, plan, seed=3).null)


def test_an_early_stop_cuts_the_null_where_the_generic_test_stops(make_random_bars: Any) -> None:
    subject, params = searched(make_random_bars(8, 150))
    plan = PermutationSpec(permutations=200, stop_at=10)
    found = permuted_search(subject, params, SPEC, plan)
    whole = permuted_search(subject, params, SPEC, plan.replace(stop_at=0))
    assert found.stopped
    np.testing.assert_array_equal(found.null, whole.null[: len(found.null)])
    assert found.exceedances == 10


def test_the_kernel_judges_history_and_permutations_alike_where_there_are_splits_and_dividends(
    make_random_bars: Any,
) -> None:
    """A split is no move and a dividend no order of bars: the test is that of the adjusted history."""
    bars = make_random_bars(9, 200)
    actions = action_matrix(
        bars,
        [
            CorporateAction(at=int(bars.opened_at[90]), kind="split", value=2.0),
            *(CorporateAction(at=int(bars.opened_at[t]), kind="dividend", value=1.0) for t in range(70, 200, 10)),
        ],
    )
    subject, params = searched(bars, actions=actions)
    smooth, _ = searched(subject.signal_bars)
    plan = PermutationSpec(permutations=20)
    assert permuted_search(subject, params, SPEC, plan) == permuted_search(smooth, params, SPEC, plan)
    forward = walk_forward(subject, params, SPEC, FOLDS)
    found = permuted_walk_forward(forward, plan)
    assert found.observed == walk_forward(smooth, params, SPEC, FOLDS).sharpe
    assert found.observed != forward.sharpe


def walk(seed: int, n: int, make_bars: Any, persistence: float = 0.0) -> Any:
    """Closes whose moves follow the move before with that weight; opens near the close before."""
    rng = np.random.default_rng(seed)
    moves = rng.normal(0.0, 0.01, n)
    for t in range(1, n):
        moves[t] += persistence * moves[t - 1]
    closes = 100.0 * np.exp(np.cumsum(moves))
    opens = np.concatenate([[100.0], closes[:-1]]) * np.exp(rng.normal(0.0, 0.001, n))
    return make_bars(closes, opens, np.abs(rng.normal(0.0, 0.003, (2, n))))


def p_values(make_bars: Any, persistence: float, repetitions: int, *, forward: bool) -> Any:
    found = []
    for seed in range(repetitions):
        bars = walk(1_000 + seed, 250, make_bars, persistence)
        subject, params = searched(bars, quick_momentum, {"days": [1, 3, 9]})
        plan = PermutationSpec(permutations=19)
        if forward:
            real = walk_forward(subject, params, SPEC, WalkForwardSpec(train_bars=80, test_bars=40))
            found.append(permuted_walk_forward(real, plan, seed=seed).p_value)
        else:
            found.append(permuted_search(subject, params, SPEC, plan, seed=seed).p_value)
    return np.array(found)


@pytest.mark.parametrize("forward", [False, True])
def test_noise_is_rejected_as_often_as_the_level_says(forward: bool, make_bars: Any) -> None:
    """Random walks, 300 repetitions: the binomial interval (99.9 %) around 5 and 20 per cent."""
    found = p_values(make_bars, 0.0, 300, forward=forward)
    assert (found <= 0.05).mean() <= 0.05 + 3.3 * np.sqrt(0.05 * 0.95 / 300)
    assert abs((found <= 0.2).mean() - 0.2) <= 3.3 * np.sqrt(0.2 * 0.8 / 300)
    assert abs(found.mean() - 0.525) <= 3.3 * np.sqrt((1.0 - 1.0 / 400) / 12.0 / 300)


@pytest.mark.parametrize("block_bars", [1, 10])
def test_clusters_of_volatility_without_an_edge_are_rejected_as_often_as_the_level_says(block_bars: int) -> None:
    """Permuting destroys the clusters, which is no reason to call noise with clusters (GARCH) an edge."""
    found = []
    for seed in range(250):
        subject, params = searched(bar_arrays(garch_bars(500, seed=seed)), grid={"fast": [3, 5, 10], "slow": [20, 40]})
        plan = PermutationSpec(permutations=19, block_bars=block_bars)
        found.append(permuted_search(subject, params, SPEC, plan, seed=seed).p_value)
    rates = [np.mean(np.array(found) <= level) for level in (0.05, 0.2)]
    assert rates[0] <= 0.05 + 3.3 * np.sqrt(0.05 * 0.95 / 250)
    assert abs(rates[1] - 0.2) <= 3.3 * np.sqrt(0.2 * 0.8 / 250)


@pytest.mark.parametrize("forward", [False, True])
def test_planted_momentum_is_found(forward: bool, make_bars: Any) -> None:
    found = p_values(make_bars, 0.5, 40, forward=forward)
    assert (found <= 0.05).mean() >= 0.8


def test_what_cannot_be_permuted_is_refused_before_any_work(make_random_bars: Any) -> None:
    subject, params = searched(make_random_bars(1, 40))
    for plan in (PermutationSpec(start_index=39), PermutationSpec(start_index=4_000), PermutationSpec(block_bars=5)):
        with pytest.raises(InvalidInput, match="at least 10 blocks"):
            permuted_search(subject, params, SPEC, plan)
    with pytest.raises(NotFound, match="is not ranked by 'win_rate'"):
        best_of_search(subject, params, SPEC, "win_rate")


def test_targets_that_no_single_run_would_hold_are_refused(make_random_bars: Any) -> None:
    @compiled_strategy(bounds={"size": (0.0, 9.0)})
    def heavy(bars, out, size=2.0):  # type: ignore[no-untyped-def]
        out[:] = size

    subject, params = searched(make_random_bars(1, 100), heavy, {"size": [1.0, 3.0]})
    with pytest.raises(InvalidInput, match=r"should lie in \[-1, 1\]; got 3"):
        permuted_search(subject, params, SPEC, PermutationSpec(permutations=19))
    with pytest.raises(InvalidInput, match=r"should lie in \[-1, 1\]; got 3"):
        walk_forward(subject, params, SPEC, FOLDS)
    with pytest.raises(InvalidInput, match="a sweep runs without delay_bars"):
        permuted_search(subject, params[:1], BacktestSpec(delay_bars=2), PermutationSpec(permutations=19))


def test_a_search_that_never_trades_has_no_p_value_but_a_reason(make_random_bars: Any) -> None:
    bars = make_random_bars(1, 100)
    subject, params = searched(bars, lambda bars: np.zeros(len(bars)), {})
    found = permuted_search(subject, params, SPEC)
    assert np.isnan(found.p_value)
    assert found.reason is not None
    assert len(found.null) == 0
    warming, params = searched(bars, "sma_crossover", {"fast": [150], "slow": [200]})
    assert not run_backtest("sma_crossover", bars, {"fast": 150, "slow": 200}).run.fills.size
    assert permuted_search(warming, params, SPEC).reason == found.reason


@pytest.mark.parametrize("strategy", [plain_momentum, quick_momentum])
def test_progress_is_shown_for_compiled_and_plain_strategies(strategy: Any, make_random_bars: Any) -> None:
    seen: list[int] = []

    def track(items: Any, total: int) -> Any:
        for item in items:
            seen.append(total)
            yield item

    subject, params = searched(make_random_bars(5, 100), strategy, {"days": [3, 9]})
    permuted_search(subject, params, SPEC, PermutationSpec(permutations=20), track=track)
    assert len(seen) == seen[0] > 0
