"""Walk-forward against a slow version in Python, and blind to everything after each choice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.backtest import BacktestSpec, ExitSpec, WalkForward, run_engine, subject_of, walk_forward_test
from augury.backtest.search.walk_forward import folds_of
from augury.backtest.search.walk_forward_kernel import CHOSEN, NONE, TEST_FIRST, TEST_STOP, TRAIN_FIRST, TRAIN_STOP
from augury.errors import InvalidInput, NotEnoughData
from augury.market.bars import BarArrays
from augury.validation import WalkForwardSpec

GRID = {"fast": [2, 4, 7], "slow": [9, 16]}
FOLDS = WalkForwardSpec(train_bars=70, test_bars=25)


def slow_walk_forward(bars: BarArrays, spec: BacktestSpec, folds: WalkForwardSpec, found: WalkForward) -> Any:
    """Choices, targets, and the Sharpe ratio over the test bars, written for reading; `found` breaks ties."""
    combinations = [{"fast": fast, "slow": slow} for fast in GRID["fast"] for slow in GRID["slow"]]
    subject = subject_of("sma_crossover", bars, None, spec, "")
    targets = [subject.targets(spec, subject.strategy.values(each)) for each in combinations]
    returns = [
        pd.Series([spec.initial_cash, *run_engine(bars, held, spec).equity]).pct_change().to_numpy()[1:]
        for held in targets
    ]
    n, begin = len(bars), folds.train_bars + folds.gap_bars
    chosen, stitched, first_test = [], np.zeros(n), begin
    while begin < n:
        end = min(begin + folds.test_bars, n)
        trained = begin - folds.gap_bars
        start = 0 if folds.anchored else trained - folds.train_bars
        scores = []
        for each in returns:
            part = each[start:trained]
            scores.append(part.mean() / part.std(ddof=1) if part.std(ddof=1) > 1e-14 else -np.inf)
        best = int(np.argmax(scores))
        chosen.append(best if np.isfinite(scores[best]) else NONE)
        mine = int(found.folds[len(chosen) - 1, CHOSEN])
        if NONE not in (mine, best) and scores[mine] > scores[best] - 1e-12 * abs(scores[best]):
            chosen[-1] = mine  # equal but for rounding: two combinations that held the same through the window
        if chosen[-1] != NONE:
            stitched[begin - 1 : end - 1] = targets[chosen[-1]][begin - 1 : end - 1]
        begin = end
    equity = np.concatenate([[spec.initial_cash], run_engine(bars, stitched, spec).equity])
    tested = (equity[1:] / equity[:-1] - 1.0)[first_test:]
    return chosen, stitched, tested.mean() / tested.std(ddof=1) * np.sqrt(subject.periods_per_year)


@given(
    seed=st.integers(0, 10**6),
    train=st.integers(20, 80),
    test=st.integers(5, 40),
    gap=st.sampled_from([0, 0, 1, 7, 60]),
    anchored=st.booleans(),
)
@settings(max_examples=40)
def test_choices_targets_and_the_ratio_are_those_of_the_slow_version(
    seed: int, train: int, test: int, gap: int, anchored: bool, make_random_bars: Any
) -> None:
    bars = make_random_bars(seed, 230)
    folds = WalkForwardSpec(train_bars=train, test_bars=test, gap_bars=gap, anchored=anchored)
    spec = BacktestSpec(exits=ExitSpec(stop_loss=0.1))
    found = walk_forward_test("sma_crossover", bars, GRID, spec, folds)
    chosen, targets, sharpe = slow_walk_forward(bars, spec, folds, found)
    assert found.folds[:, CHOSEN].tolist() == chosen
    np.testing.assert_array_equal(found.targets, targets)
    np.testing.assert_allclose(found.sharpe, sharpe, rtol=1e-9)


def test_a_plain_function_walks_forward_like_its_compiled_twin(make_random_bars: Any) -> None:
    def crossover(bars: pd.DataFrame, fast: int = 2, slow: int = 9) -> Any:
        return (bars["close"].rolling(fast).mean() > bars["close"].rolling(slow).mean()).astype(float)

    bars = make_random_bars(3, 220)
    plain, compiled = (walk_forward_test(each, bars, GRID, folds=FOLDS) for each in (crossover, "sma_crossover"))
    np.testing.assert_array_equal(plain.folds, compiled.folds)
    np.testing.assert_array_equal(plain.targets, compiled.targets)
    assert plain.sharpe == compiled.sharpe


def test_what_happens_later_changes_no_earlier_choice_and_no_earlier_target(make_random_bars: Any) -> None:
    bars, other = make_random_bars(5, 300), make_random_bars(99, 300)
    known = walk_forward_test("sma_crossover", bars, GRID, folds=FOLDS)
    for cut in (71, 96, 130, 220, 299):
        matrix = bars.matrix.copy()
        matrix[:, cut:] = other.matrix[:, cut:]
        changed = walk_forward_test("sma_crossover", BarArrays(bars.opened_at, matrix), GRID, folds=FOLDS)
        np.testing.assert_array_equal(changed.targets[: cut - 1], known.targets[: cut - 1])
        before = known.folds[:, TRAIN_STOP] <= cut
        np.testing.assert_array_equal(changed.folds[before], known.folds[before])
        np.testing.assert_array_equal(changed.result.run.equity[: cut - 1], known.result.run.equity[: cut - 1])


def test_the_stitched_run_holds_nothing_before_the_first_test_bar(make_random_bars: Any) -> None:
    found = walk_forward_test("sma_crossover", make_random_bars(5, 300), GRID, folds=FOLDS)
    result = found.result
    assert (result.run.equity[:70] == 10_000.0).all()
    assert (result.run.fills[:, 0] >= 70).all()
    np.testing.assert_allclose(
        found.sharpe,
        result.returns[70:].mean() / result.returns[70:].std(ddof=1) * np.sqrt(found.subject.periods_per_year),
        rtol=1e-9,
    )
    frame = found.to_frame()
    assert list(frame.columns) == ["train_from", "test_from", "test_to", "fast", "slow", "short"]
    assert (frame["train_from"] < frame["test_from"]).all()
    assert (frame["test_from"].iloc[1:].to_numpy() > frame["test_to"].iloc[:-1].to_numpy()).all()
    assert len(frame) == len(found.folds) == 10
    assert found.folds[-1, TEST_STOP] == 300
    assert (found.folds[1:, TEST_FIRST] == found.folds[:-1, TEST_STOP]).all()
    assert (found.folds[:, TRAIN_FIRST] == found.folds[:, TRAIN_STOP] - 70).all()


def test_a_window_without_any_trade_chooses_nothing(make_bars: Any) -> None:
    closes = np.concatenate([np.full(100, 10.0), 10.0 + np.sin(np.arange(100.0) / 5.0)])
    found = walk_forward_test("sma_crossover", make_bars(closes), GRID, folds=FOLDS)
    assert found.folds[0, CHOSEN] == NONE
    assert found.folds[-1, CHOSEN] != NONE
    assert found.to_frame()["fast"].isna().iloc[0]


def test_a_history_too_short_is_refused_with_what_it_takes(make_random_bars: Any) -> None:
    with pytest.raises(NotEnoughData, match="at least 95 bars"):
        walk_forward_test("sma_crossover", make_random_bars(1, 94), GRID, folds=FOLDS)
    assert len(folds_of(95, FOLDS)) == 1
    with pytest.raises(InvalidInput, match="without delay_bars"):
        walk_forward_test("sma_crossover", make_random_bars(1, 200), GRID, BacktestSpec(delay_bars=1), FOLDS)
