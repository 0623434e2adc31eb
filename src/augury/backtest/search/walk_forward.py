"""Walk-forward: parameters chosen on one window and held through the next, stitched to one run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from augury.arrays import FloatMatrix, FloatVector, IntVector
from augury.backtest.account.engine import run_engine
from augury.backtest.result import BacktestResult
from augury.backtest.run import result_of
from augury.backtest.search.grid import combinations_of
from augury.backtest.search.sweep_kernel import new_scratch_arrays
from augury.backtest.search.sweeping import inputs_of, market_of, rules_of, search_of
from augury.backtest.search.walk_forward_kernel import (
    CHOSEN,
    NONE,
    TEST_FIRST,
    TEST_STOP,
    TRAIN_FIRST,
    walk_forward_pass,
)
from augury.backtest.spec import BacktestSpec
from augury.backtest.subject import Subject, subject_of
from augury.market.bars import time_index
from augury.validation import WalkForwardSpec, walk_forward_splits

__all__ = ["WalkForward", "folds_of", "walk_forward", "walk_forward_over", "walk_forward_test"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class WalkForward:
    """The stitched run and what was chosen when.

    `folds` int64[k, 5]: first and last + 1 bar of the train window, first and last + 1 bar of the test window after it,
    and the combination of `params` chosen (-1: none). `sharpe` is annualised, over all test bars; NaN when undefined.
    """

    subject: Subject
    spec: BacktestSpec
    params: FloatMatrix
    folds: IntVector
    targets: FloatVector
    sharpe: float

    @property
    def result(self) -> BacktestResult:
        """The stitched run as a full result; nothing is held before the first test window."""
        subject = self.subject
        return result_of(subject, run_engine(subject.bars, self.targets, self.spec, actions=subject.actions))

    def __repr__(self) -> str:
        where = f" on {self.subject.symbol}" if self.subject.symbol else ""
        return (
            f"<WalkForward {self.subject.strategy.name}{where}: {len(self.folds)} windows, {len(self.params):,} "
            f"combinations each, Sharpe ratio {self.sharpe:.2f}, not proven>"
        )

    def to_frame(self) -> pd.DataFrame:
        """A row a fold: the windows' times and the parameters chosen (NaN where none was defined)."""
        opened_at = self.subject.bars.opened_at
        names = self.subject.strategy.names
        chosen = np.full((len(self.folds), len(names)), np.nan)
        defined = self.folds[:, CHOSEN] >= 0
        chosen[defined] = self.params[self.folds[defined, CHOSEN]]
        frame = pd.DataFrame(chosen, columns=list(names))
        frame.insert(0, "train_from", time_index(opened_at[self.folds[:, TRAIN_FIRST]]))
        frame.insert(1, "test_from", time_index(opened_at[self.folds[:, TEST_FIRST]]))
        frame.insert(2, "test_to", time_index(opened_at[self.folds[:, TEST_STOP] - 1]))
        return frame


def folds_of(bars: int, spec: WalkForwardSpec) -> IntVector:
    """The windows int64[k, 5] of a walk-forward over so many bars; NotEnoughData when not one fits."""
    rows = [
        (split.train[0], split.train[-1] + 1, split.test[0], split.test[-1] + 1, -1)
        for split in walk_forward_splits(bars, spec)
    ]
    return np.array(rows, dtype=np.int64)


def walk_forward(subject: Subject, params: FloatMatrix, spec: BacktestSpec, folds: WalkForwardSpec) -> WalkForward:
    """Choose the combination with the best Sharpe ratio on each train window and hold it through the test after it.

    A choice is made at the close of the last train bar; the first target of a test window is decided at the close
    before its first bar. InvalidInput when a combination's targets cannot be held.
    """
    return walk_forward_over(subject, params, spec, folds_of(len(subject.bars), folds))


def walk_forward_over(subject: Subject, params: FloatMatrix, spec: BacktestSpec, windows: IntVector) -> WalkForward:
    """`walk_forward` over windows given as `folds_of` makes them."""
    windows = windows.copy()
    inputs, search = inputs_of(subject, params), search_of(subject, params)
    scratch = new_scratch_arrays(len(subject.bars))
    sharpe = walk_forward_pass(market_of(subject), search, inputs, rules_of(subject, spec), windows, scratch)
    if windows[0, CHOSEN] < NONE:  # the kernel met targets that cannot be held
        subject.targets(spec, params[NONE - 1 - int(windows[0, CHOSEN])])
    return WalkForward(
        subject=subject,
        spec=spec,
        params=params,
        folds=windows,
        targets=scratch.targets.copy(),
        sharpe=float(sharpe),
    )


def walk_forward_test(
    strategy: Any,
    bars: Any,
    grid: Mapping[str, Iterable[Any]],
    spec: BacktestSpec | None = None,
    folds: WalkForwardSpec | None = None,
    *,
    actions: FloatMatrix | None = None,
) -> WalkForward:
    """Walk-forward of a strategy over a grid on one instrument's bars, with its corporate actions where there are any.

    NotEnoughData when not one train and test window fits.

    >>> from augury.sample import load_sample
    >>> found = walk_forward_test("sma_crossover", load_sample().bars["IBM"], {"fast": [5, 10], "slow": [50, 100]})
    >>> len(found.to_frame())
    9
    """
    spec = spec or BacktestSpec()
    subject = subject_of(strategy, bars, None, spec, "", actions)
    params = combinations_of(subject.strategy, grid)
    return walk_forward(replace(subject, values=params[0]), params, spec, folds or WalkForwardSpec())
