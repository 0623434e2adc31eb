"""Trades as columns of plain arrays, from a frame or a mapping, whatever is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from augury.arrays import BoolVector, FloatVector, IntVector
from augury.errors import InvalidInput

if TYPE_CHECKING:
    from augury.report.story import Story

__all__ = ["NO_TIME", "TradeColumns", "trade_columns"]

NO_TIME = int(np.iinfo(np.int64).min)
"""The time of what has not happened, as in NaT."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TradeColumns:
    """m trades: sides are +1 and -1 (0 unknown), times int64 ns UTC (`NO_TIME` when absent), numbers NaN then."""

    side: FloatVector
    entry_time: IntVector
    exit_time: IntVector
    entry_price: FloatVector
    exit_price: FloatVector
    units: FloatVector
    profit_and_loss: FloatVector
    trade_return: FloatVector
    costs: FloatVector
    maximum_favourable_excursion: FloatVector
    maximum_adverse_excursion: FloatVector
    holding_bars: FloatVector
    exit_reason: tuple[str, ...]
    is_open: BoolVector

    def __len__(self) -> int:
        return len(self.side)

    def take(self, positions: IntVector) -> TradeColumns:
        """The trades at these positions."""
        chosen: dict[str, Any] = {
            field.name: getattr(self, field.name)[positions] for field in fields(self) if field.name != "exit_reason"
        }
        return TradeColumns(exit_reason=tuple(self.exit_reason[at] for at in positions), **chosen)


_NUMBERS = (
    "entry_price",
    "exit_price",
    "units",
    "profit_and_loss",
    "costs",
    "maximum_favourable_excursion",
    "maximum_adverse_excursion",
    "holding_bars",
)
_SIDES = {"long": 1.0, "buy": 1.0, "short": -1.0, "sell": -1.0}


def trade_columns(story: Story) -> TradeColumns | None:
    """The story's trades, None when it has no table of trades; raises InvalidInput when columns differ in length."""
    table = story.trades
    if table is None:
        return None
    names = list(table.columns if isinstance(table, pd.DataFrame) else table.keys())
    columns = cast("Mapping[str, Any]", table)
    lengths = {name: len(columns[name]) for name in names}
    if len(set(lengths.values())) > 1:
        raise InvalidInput(f"the columns of Story.trades should be equally long, got {lengths}")
    if "entry_time" not in names and names:
        raise InvalidInput(f"Story.trades should have at least the column 'entry_time', got {sorted(map(str, names))}")
    size = next(iter(lengths.values()), 0)
    exits = _times(columns.get("exit_time"), size)
    reasons = columns.get("exit_reason")
    return TradeColumns(
        side=_sides(columns.get("side"), size),
        entry_time=_times(columns.get("entry_time"), size),
        exit_time=exits,
        trade_return=_numbers(columns.get("return"), size),
        exit_reason=("",) * size if reasons is None else tuple(_word(reason) for reason in reasons),
        is_open=exits == NO_TIME if columns.get("is_open") is None else np.asarray(columns["is_open"], dtype=np.bool_),
        **{name: _numbers(columns.get(name), size) for name in _NUMBERS},
    )


def _numbers(values: Any, size: int) -> FloatVector:
    return np.full(size, np.nan) if values is None else np.asarray(values, dtype=np.float64)


def _sides(values: Any, size: int) -> FloatVector:
    if values is None:
        return np.zeros(size)
    return np.array(
        [_SIDES.get(side.lower(), 0.0) if isinstance(side, str) else float(np.sign(side)) for side in values]
    ).reshape(size)


def _times(values: Any, size: int) -> IntVector:
    if values is None:
        return np.full(size, NO_TIME, dtype=np.int64)
    if not isinstance(values, pd.Series) and np.asarray(values).dtype == np.int64:
        return np.asarray(values)
    if isinstance(values, pd.Series) and values.dtype == np.int64:
        return values.to_numpy()
    return cast("IntVector", pd.DatetimeIndex(pd.to_datetime(values, utc=True)).as_unit("ns").asi8)


def _word(reason: Any) -> str:
    return "" if reason is None or reason != reason else str(getattr(reason, "value", reason))
