"""The flat-price guard: what an oscillator of TA-Lib says when the window it looks at holds no movement at all.

TA-Lib answers 0 for 0/0, which reads as "oversold" (RSI, STOCH, MFI, ULTOSC) or "overbought" (WILLR), and its running
sums can leave rounding noise instead. Here a window without movement gives the middle of the scale, and an average of
several windows of which only some are flat gives NaN, because it mixes values with zeros that mean nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from augury.arrays import BoolVector, FloatMatrix, IntVector

__all__ = ["FlatGuard", "FlatRule", "guard_batch"]

# (this bar's inputs, the previous bar's) -> "nothing moved between them", for each series watched; scalars or arrays
Stillness: TypeAlias = Callable[[Any, Any], tuple[Any, ...]]
_LONG_AGO = 1 << 40


@dataclass(frozen=True, slots=True, kw_only=True)
class FlatRule:
    """When the windows of an indicator are flat and what it says then.

    `still_bars(options)` steps without movement in a row make one window flat. Output j averages `windows(options)[j]`
    windows: all of them flat give `neutral`, some of them NaN. With `mixed` 1 only the newest window counts for NaN.
    `only_zero` limits the rule to TA-Lib's own answer 0. `watches` names a TA-Lib function of `timeperiod` whose
    values are watched instead of the inputs.
    """

    still: Stillness
    still_bars: Callable[[Mapping[str, Any]], int]
    windows: Callable[[Mapping[str, Any]], tuple[int, ...]] = lambda _: (1,)
    neutral: float
    mixed: int | None = None
    only_zero: bool = False
    watches: str | None = None


def _run_length(mask: BoolVector) -> IntVector:
    """How many values in a row, ending at each, are true."""
    at = np.arange(mask.shape[0], dtype=np.int64)
    return np.asarray(at - np.maximum.accumulate(np.where(mask, -1, at)))


def _since(mask: BoolVector) -> IntVector:
    """How many places back the last true value is; very many when there was none."""
    at = np.arange(mask.shape[0], dtype=np.int64)
    return np.asarray(at - np.maximum.accumulate(np.where(mask, at, -_LONG_AGO)))


def guard_batch(rule: FlatRule, options: Mapping[str, Any], watched: FloatMatrix, values: FloatMatrix) -> None:
    """Apply the rule in place to `values` float64[k, n], given the watched series float64[m, n]."""
    n = values.shape[1]
    if n == 0:
        return
    run = np.zeros(n, dtype=np.int64)
    for mask in rule.still(watched[:, 1:], watched[:, :-1]):
        run[1:] = np.maximum(run[1:], _run_length(mask))
    flat = run >= rule.still_bars(options)
    streak, since = _run_length(flat), _since(flat)
    for row, windows in zip(values, rule.windows(options), strict=True):
        judged = ~np.isnan(row) & ((row == 0.0) if rule.only_zero else True)
        row[judged & (since < (rule.mixed or windows))] = np.nan
        row[judged & (streak >= windows)] = rule.neutral


class FlatGuard:
    """The guard of one stream: the same rule, bar by bar. `state` is everything it remembers."""

    __slots__ = ("_need", "_rule", "_windows", "state")

    def __init__(self, rule: FlatRule, options: Mapping[str, Any]) -> None:
        self._rule = rule
        self._need = rule.still_bars(options)
        self._windows = rule.windows(options)
        self.state: list[float] = []  # flat streak, bars since a flat window, then per series run, then the last values

    def apply(self, watched: tuple[float, ...], row: list[float]) -> None:
        """Take the watched values of the newest bar and correct `row` in place."""
        streak, since, runs = self._advance(watched)
        for j, windows in enumerate(self._windows):
            if math.isnan(row[j]) or (self._rule.only_zero and row[j] != 0.0):
                continue
            if streak >= windows:
                row[j] = self._rule.neutral
            elif since < (self._rule.mixed or windows):
                row[j] = math.nan
        self.state = [float(streak), float(since), float(len(runs)), *map(float, runs), *watched]

    def _advance(self, watched: tuple[float, ...]) -> tuple[int, int, list[int]]:
        if not self.state:
            return 0, _LONG_AGO, [0] * len(self._rule.still(watched, watched))
        count = int(self.state[2])
        still = self._rule.still(watched, tuple(self.state[3 + count :]))
        before = self.state[3 : 3 + count]
        runs = [int(run) + 1 if unmoved else 0 for run, unmoved in zip(before, still, strict=True)]
        flat = max(runs) >= self._need
        return (int(self.state[0]) + 1, 0, runs) if flat else (0, int(self.state[1]) + 1, runs)
