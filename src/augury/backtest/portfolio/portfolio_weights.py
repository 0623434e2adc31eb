"""Target weights from a mapping, a frame or strategies with shares: rows, and the time each is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from augury.arrays import FloatMatrix, FloatVector, IntVector
from augury.backtest.portfolio.panel import Panel
from augury.errors import InvalidInput, NotFound, nearest
from augury.market.asof import asof_positions
from augury.market.timeframe import Timeframe
from augury.market.times import iso, parse_times

__all__ = [
    "StrategyShare",
    "WeightTable",
    "check_table",
    "checked_row",
    "combined_weights",
    "constant_weights",
    "frame_weights",
]

_ALWAYS = int(np.iinfo(np.int64).min) + 1
_SLACK = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightTable:
    """`rows` float64[r, k], each the whole portfolio in the panel's order of symbols, from `known_at` int64[r] on."""

    known_at: IntVector
    rows: FloatMatrix

    def row_numbers(self, closed_at: IntVector) -> IntVector:
        """The last row known at each close, int64[m]; -1 before the first."""
        return np.searchsorted(self.known_at, closed_at, side="right").astype(np.int64) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyShare:
    """A strategy's positions in one symbol, run with a share of the portfolio's capital.

    `positions` is a Series of targets in [-1, 1] indexed by the *open* times of bars of `timeframe`, which may be
    longer than the panel's; each is known when its bar closes. The symbol's weight is the sum of share * position.
    """

    symbol: str
    positions: Any
    share: float
    timeframe: str | Timeframe | None = None


def checked_row(values: FloatVector, symbols: Sequence[str], lowest: float, gross: float, when: str) -> None:
    """Refuse a row of weights that is not finite, or beyond what the account allows; InvalidInput says why."""
    if not np.isfinite(values).all():
        at = int(np.argmax(~np.isfinite(values)))
        raise InvalidInput(
            f"weights should be finite numbers, 0 for what is not held; got {values[at]} for {symbols[at]!r} {when}"
        )
    if values.min() < lowest:
        at = int(np.argmin(values))
        raise InvalidInput(
            f"weights should be at least 0, as allow_short is off; got {values[at]:g} for {symbols[at]!r} {when}"
        )
    if np.abs(values).sum() > gross * (1.0 + _SLACK):
        raise InvalidInput(
            f"weights should add up to at most {gross:g} (`leverage`), signs left out; got "
            f"{np.abs(values).sum():g} {when}: scale them, or raise leverage"
        )


def check_table(table: WeightTable, panel: Panel, lowest: float, gross: float) -> None:
    """Refuse a table with any row that `checked_row` refuses, or that is never known while the panel lasts."""
    rows = table.rows
    sums = np.abs(rows).sum(axis=1)
    good = (sums <= gross * (1.0 + _SLACK)) & (rows.min(axis=1) >= lowest)  # False for NaN
    if not good.all():
        at = int(np.argmin(good))
        known = int(table.known_at[at])
        when = "" if known == _ALWAYS else f"in row {at}, known at {iso(known)}"
        checked_row(rows[at], panel.symbols, lowest, gross, when)
    if table.known_at[0] > panel.closed_at[-1]:
        raise InvalidInput(
            f"weights and bars do not overlap: the first weights are known at {iso(int(table.known_at[0]))}, the last "
            f"bar closes at {iso(int(panel.closed_at[-1]))}"
        )


def constant_weights(weights: Mapping[str, float], panel: Panel) -> WeightTable:
    """The same weights at all times; symbols that are not named get 0."""
    row = np.zeros((1, len(panel.symbols)))
    for name, weight in weights.items():
        row[0, panel.position(name)] = _number(weight, name)
    return WeightTable(known_at=np.array([_ALWAYS]), rows=row)


def _number(weight: Any, name: str) -> float:
    if isinstance(weight, bool) or not isinstance(weight, int | float | np.integer | np.floating):
        raise InvalidInput(f"the weight of {name!r} should be a number, got {weight!r}")
    return float(weight)


def frame_weights(frame: pd.DataFrame, panel: Panel, *, timeframe: str | Timeframe | None = None) -> WeightTable:
    """A frame of weights, a row a time and a column a symbol (those missing are 0).

    A column `known_at` says from when on each row is known. Without it the index holds the *open* times of the bars
    that the weights were computed from, of `timeframe` (None: the panel's), and a row is known when its bar closes.
    """
    known_at = _known_at(frame, panel, timeframe)
    frame = frame.drop(columns="known_at", errors="ignore")
    unknown = [name for name in frame.columns if name not in panel.symbols]
    if unknown or frame.shape[1] == 0:
        name = str(unknown[0]) if unknown else ""
        raise NotFound(f"weights name {name!r}, which the panel lacks; {nearest(name, panel.symbols)}")
    if not frame.columns.is_unique:
        raise InvalidInput("weights should have one column a symbol, got some symbol twice")
    try:
        values = np.array(frame.to_numpy(dtype=np.float64), order="C")  # a copy: kernels take no read-only arrays
    except (TypeError, ValueError) as problem:
        raise InvalidInput(f"weights should be numbers: {problem}") from problem
    if tuple(frame.columns) != panel.symbols:
        rows = np.zeros((len(frame), len(panel.symbols)))
        rows[:, [panel.position(name) for name in frame.columns]] = values
        values = rows
    if not (np.diff(known_at) >= 0).all():
        order = np.argsort(known_at, kind="stable")
        known_at, values = known_at[order], values[order]
    return WeightTable(known_at=known_at, rows=values)


def _known_at(frame: pd.DataFrame, panel: Panel, timeframe: str | Timeframe | None) -> IntVector:
    if len(frame) == 0:
        raise InvalidInput("expected at least one row of weights, got none")
    if "known_at" in frame.columns:
        return _instants(frame["known_at"])
    step = panel.timeframe if timeframe is None else Timeframe.of(timeframe)
    return _instants(frame.index) + step.ns


def _instants(values: Any) -> IntVector:
    if not isinstance(values, pd.DatetimeIndex) and not pd.api.types.is_datetime64_any_dtype(values):
        raise InvalidInput(f"weights should be indexed by times with a zone, got an index of type {values.dtype}")
    times = pd.DatetimeIndex(values)
    if times.tz is None:
        raise InvalidInput("weights should be indexed by times with a zone, got naive ones; use tz_localize")
    return parse_times(times, error=InvalidInput).nanoseconds


def combined_weights(shares: Sequence[StrategyShare], panel: Panel) -> WeightTable:
    """Rows for several strategies together: at every moment the sum of share * position, each as known then."""
    if not shares:
        raise InvalidInput("expected at least one StrategyShare, got none")
    parts = [_known_positions(share, panel) for share in shares]
    moments = np.unique(np.concatenate([known_at for known_at, _ in parts]))
    rows = np.zeros((moments.size, len(panel.symbols)))
    for share, (known_at, values) in zip(shares, parts, strict=True):
        at = asof_positions(moments, known_at)
        rows[:, panel.position(share.symbol)] += share.share * np.where(at >= 0, values[at], 0.0)
    return WeightTable(known_at=moments, rows=rows)


def _known_positions(share: StrategyShare, panel: Panel) -> tuple[IntVector, FloatVector]:
    """The times at which a strategy's position became known and differed from the one before, and the positions."""
    if not (np.isfinite(share.share) and share.share > 0.0):
        raise InvalidInput(f"the share of the strategy in {share.symbol!r} should be above 0, got {share.share}")
    if not isinstance(share.positions, pd.Series) or len(share.positions) == 0:
        raise InvalidInput(
            f"positions in {share.symbol!r} should be a Series indexed by open times, got "
            f"{type(share.positions).__name__} (or an empty one)"
        )
    frame = share.positions.to_frame(share.symbol)
    table = frame_weights(frame, panel, timeframe=share.timeframe)
    values = table.rows[:, panel.position(share.symbol)]
    if not np.isfinite(values).all():
        raise InvalidInput(f"positions in {share.symbol!r} should be finite, 0 while nothing is known; got NaN")
    changed = np.concatenate([[True], values[1:] != values[:-1]])
    return table.known_at[changed], values[changed]
