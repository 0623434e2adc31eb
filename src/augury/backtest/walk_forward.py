"""Walk-forward: parameters chosen on one window and held through the next, stitched to one run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from augury.arrays import FloatMatrix, FloatVector, IntVector
from augury.backtest.engine import run_engine
from augury.backtest.grid import combinations_of
from augury.backtest.result import BacktestResult
from augury.backtest.run import result_of
from augury.backtest.spec import BacktestSpec
from augury.backtest.subject import Subject, subject_of
from augury.backtest.sweeping import market_of, rules_of, search_of
from augury.backtest.sweep_kernel import new_scratch_arrays
from augury.backtest.walk_forward_kernel import walk_forward_pass
from augury.errors import NotEnoughData
from augury.market.bars import time_index
from augury.strategies.strategy import CompiledForm
from augury.validation import WalkForwardSpec, walk_forward_splits

__all__ = ["WalkForward", "folds_of", "walk_forward", "walk_forward_test"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WalkForward:
    """The stitched run and what was chosen when.

    `folds` int64[k, 4]: first and last + 1 bar of the train window, last + 1 bar of the test window after it, and the
    combination of `params` chosen (-1: none). `sharpe` is annualised, over all test bars.
    """

    subject: Subject
    spec: BacktestSpec
    params: FloatMatrix
    folds: IntVector = field(repr=False)
    targets: FloatVector = field(repr=False)
    sharpe: float

    @property
    def result(self) -> BacktestResult:
        """The stitched run as a full result; nothing is held before the first test window."""
        return result_of(self.subject, run_engine(self.subject.bars, self.targets, self.spec, actions=self.subject.actions))

    def to_frame(self) -> pd.DataFrame:
        """A row a fold: the windows' times and the parameters chosen (NaN where none was defined)."""
        opened_at = self.subject.bars.opened_at
        names = self.subject.strategy.names
        chosen = np.full((len(self.folds), len(names)), np.nan)
        defined = self.folds[:, 3] >= 0
        chosen[defined] = self.params[self.folds[defined, 3]]
        frame = pd.DataFrame(chosen, columns=list(names))
        frame.insert(0, "train_from", time_index(opened_at[self.folds[:, 0]]))
        frame.insert(1, "test_from", time_index(opened_at[self.folds[:, 1]]))
        frame.insert(2, "test_to", time_index(opened_at[self.folds[:, 2] - 1]))
        return frame


def folds_of(bars: int, spec: WalkForwardSpec) -> IntVector:
    """The windows int64[k, 4] of a walk-forward over so many bars; NotEnoughData when not one fits."""
    rows = [(int(s.train[0]), int(s.train[-1]) + 1, int(s.test[-1]) + 1, -1) for s in walk_forward_splits(bars, spec)]
    if not rows:
        raise NotEnoughData(
            f"a walk-forward of {spec.train_bars} train and {spec.test_bars} test bars needs {spec.train_bars + 2} bars "
            f"or more, got {bars}; take shorter windows"
        )
    return np.array(rows, dtype=np.int64)


def walk_forward(subject: Subject, params: FloatMatrix, spec: BacktestSpec, folds: WalkForwardSpec) -> WalkForward:
    """Choose the combination with the best Sharpe ratio on each train window and hold it through the test after it."""
    windows = folds_of(len(subject.bars), folds)
    form = subject.strategy.form
    if isinstance(form, CompiledForm):
        inputs = form.inputs(subject.signal_bars.matrix)
    else:
        inputs = np.array([subject.strategy.evaluate(subject.signal_bars, row) for row in params])
    scratch = new_scratch_arrays(len(subject.bars))
    sharpe = walk_forward_pass(
        market_of(subject), search_of(subject, params), inputs, rules_of(subject, spec), windows, scratch
    )
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
) -> WalkForward:
    """Walk-forward of a strategy over a grid on one instrument's bars."""
    spec = spec or BacktestSpec()
    subject = subject_of(strategy, bars, None, spec, "")
    params = combinations_of(subject.strategy, grid)
    return walk_forward(replace(subject, values=params[0]), params, spec, folds or WalkForwardSpec())
