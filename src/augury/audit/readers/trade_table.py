"""A table of round trips, by whatever names its columns go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from augury.arrays import BoolVector, FloatVector, IntVector
from augury.audit.claim import NO_TIME, ClaimedTrades, Remark
from augury.audit.readers.moments import Moments
from augury.audit.readers.spelling import trade_columns
from augury.errors import InvalidInput
from augury.market.columns import plain_name

__all__ = ["TradeTable", "is_trade_table", "trades_from"]

_LONG = {"long", "buy", "b", "l", "bull", "1", "+1", "1.0", "entrylong"}
_SHORT = {"short", "sell", "s", "bear", "-1", "-1.0", "entryshort", "sellshort"}
_OPEN = {"open", "true", "opened", "1"}
_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeTable:
    """Trades that were read, and what was noticed while reading them."""

    trades: ClaimedTrades
    remarks: tuple[Remark, ...]


def is_trade_table(frame: pd.DataFrame) -> bool:
    """Whether there is an entry time, and prices, a profit or a return beside it."""
    found = trade_columns(frame.columns)
    return "entry_time" in found and bool(
        {"profit", "trade_return"} & set(found) or {"entry_price", "exit_price"} <= set(found)
    )


def trades_from(frame: pd.DataFrame, where: str, moments: Moments) -> TradeTable:
    """The trades of a table that `is_trade_table`.

    Profits are taken as net of costs, as every tool exports them. Raises InvalidInput for entry times that are missing,
    prices that are not positive and numbers that are not numbers, naming rows.
    """
    found = trade_columns(frame.columns)
    table = _Columns(frame=frame, found=found, where=where)
    entry, leave = table.times("entry_time", moments), table.times("exit_time", moments)
    table.refuse(entry == NO_TIME, "an entry time in every row")
    size = table.numbers("units")
    side, remarks = _sides(table, size)
    status = _open_status(table)
    costs = table.costs()
    trades = ClaimedTrades(
        symbol=table.texts("symbol"),
        side=side,
        entry_ns=entry,
        exit_ns=leave,
        units=np.where(np.abs(size) > 0.0, np.abs(size), np.nan),
        entry_price=table.prices("entry_price"),
        exit_price=table.prices("exit_price"),
        profit=table.numbers("profit"),
        costs=costs,
        trade_return=table.fractions("trade_return"),
        stop_price=table.numbers("stop_price"),
        exit_reason=table.texts("exit_reason"),
        is_open=(leave == NO_TIME) if status is None else status | (leave == NO_TIME),
    )
    trades, derived = _with_profits(trades, where)
    return TradeTable(trades=trades, remarks=(*remarks, *derived))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    frame: pd.DataFrame
    found: dict[str, object]
    where: str

    def column(self, field: str) -> pd.Series[Any] | None:
        name = self.found.get(field)
        return None if name is None else self.frame[name].reset_index(drop=True)

    def times(self, field: str, moments: Moments) -> IntVector:
        column = self.column(field)
        if column is None:
            return np.full(len(self.frame), NO_TIME, dtype=np.int64)
        return moments.read(column, f"{self.where}, column {self.found[field]!r}")

    def numbers(self, field: str) -> FloatVector:
        column = self.column(field)
        if column is None:
            return np.full(len(self.frame), np.nan)
        numbers = pd.to_numeric(column, errors="coerce")
        self.refuse((numbers.isna() & column.notna()).to_numpy(), f"numbers in column {self.found[field]!r}", column)
        values = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
        self.refuse(np.isinf(values), f"finite numbers in column {self.found[field]!r}", column)
        return values

    def prices(self, field: str) -> FloatVector:
        values = self.numbers(field)
        self.refuse(values <= 0.0, f"prices above 0 in column {self.found.get(field)!r}", self.column(field))
        return values

    def fractions(self, field: str) -> FloatVector:
        values = self.numbers(field)
        return values / 100.0 if "%" in str(self.found.get(field, "")) else values

    def texts(self, field: str) -> tuple[str, ...]:
        column = self.column(field)
        if column is None:
            return ("",) * len(self.frame)
        return tuple("" if cell is None or cell != cell else str(cell).strip() for cell in column.tolist())

    def costs(self) -> FloatVector:
        whole = self.numbers("costs")
        if "costs" in self.found or not {"entry_costs", "exit_costs"} & set(self.found):
            return np.abs(whole)
        parts = np.vstack([self.numbers("entry_costs"), self.numbers("exit_costs")])
        return np.asarray(np.where(np.isnan(parts).all(axis=0), np.nan, np.abs(np.nansum(parts, axis=0))))

    def refuse(self, bad: BoolVector, expected: str, cells: pd.Series[Any] | None = None) -> None:
        rows = np.flatnonzero(bad)
        if len(rows) == 0:
            return
        shown = ", ".join(
            f"row {row}" + ("" if cells is None else f" ({cells.iloc[[row]].tolist()[0]!r:.40})")
            for row in rows[:_SHOWN]
        )
        more = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
        raise InvalidInput(f"{self.where}: expected {expected}, but not so in {shown}{more}; mend or drop these rows")


def _sides(table: _Columns, size: FloatVector) -> tuple[FloatVector, list[Remark]]:
    """+1 or -1 for each trade, from the column of sides, the sign of the size, or prices and profit."""
    column = table.column("side")
    if column is not None:
        words = column.astype("str").str.strip().str.lower().map(plain_signed)
        if plain_name(table.found["side"]) == "isshort":
            words = words.map(
                {"true": "short", "1": "short", "10": "short", "false": "long", "0": "long", "00": "long"}
            )
        long, short = words.isin(_LONG).to_numpy(), words.isin(_SHORT).to_numpy()
        if plain_name(table.found["side"]) == "long":
            long, short = (words == "true").to_numpy() | long, (words == "false").to_numpy()
        table.refuse(~(long | short), "long or short (buy or sell, 1 or -1) in the column of sides", column)
        return np.where(long, 1.0, -1.0), []
    if np.isfinite(size).any() and (size < 0.0).any():
        return np.where(size < 0.0, -1.0, 1.0), []
    move = table.numbers("exit_price") - table.numbers("entry_price")
    gross = table.numbers("profit") + np.nan_to_num(table.costs())
    told = np.isfinite(move) & np.isfinite(gross) & (move != 0.0) & (gross != 0.0)
    side = np.where(told & (np.sign(move) != np.sign(gross)), -1.0, 1.0)
    if "units" not in table.found:
        note = "prices and profits" if told.any() else "nothing in the file: all are taken as long"
        text = f"The file names no side; it was taken from {note}."
        return side, [
            Remark(rule="side_not_stated", severity="info", text=text, remedy="Export the side of each trade.")
        ]
    return np.ones(len(size)), []  # sizes are all positive: a tool that signs them trades long only


def plain_signed(word: str) -> str:
    """A side as a plain word, the sign of a number kept."""
    return word if word.lstrip("+-").replace(".", "").isdigit() and word not in ("1", "0") else plain_name(word)


def _open_status(table: _Columns) -> BoolVector | None:
    column = table.column("status")
    if column is None:
        return None
    return column.astype("str").str.strip().str.lower().isin(_OPEN).to_numpy(dtype=np.bool_)


def _with_profits(trades: ClaimedTrades, where: str) -> tuple[ClaimedTrades, list[Remark]]:
    """Fill in what follows from the other columns: profit from prices, or units from profit and prices."""
    remarks: list[Remark] = []
    move = trades.side * (trades.exit_price - trades.entry_price)
    charged = np.nan_to_num(trades.costs)
    lacking = np.isnan(trades.units) & np.isfinite(trades.profit) & np.isfinite(move) & (move != 0.0)
    if lacking.any():
        derived = (trades.profit + charged) / np.where(lacking, move, 1.0)
        trades = trades.changed(units=np.where(lacking & (derived > 0.0), derived, trades.units))
        text = f"{int(lacking.sum())} trades have no size; it was derived from profit and prices."
        remarks.append(
            Remark(rule="size_not_stated", severity="info", text=text, remedy="Export the size of each trade.")
        )
    missing = np.isnan(trades.profit) & np.isfinite(trades.units) & np.isfinite(move)
    if missing.any():
        trades = trades.changed(profit=np.where(missing, trades.units * move - charged, trades.profit))
    if np.isnan(trades.trade_return).any() and np.isfinite(trades.profit).any():
        stake = trades.units * trades.entry_price
        trades = trades.changed(
            trade_return=np.where(np.isnan(trades.trade_return), trades.profit / stake, trades.trade_return)
        )
    if np.isnan(trades.trade_return).any():
        gross = move / trades.entry_price
        trades = trades.changed(trade_return=np.where(np.isnan(trades.trade_return), gross, trades.trade_return))
    known = np.isfinite(trades.profit) | np.isfinite(trades.trade_return) | trades.is_open
    if not known.all():
        rows = np.flatnonzero(~known)[:_SHOWN]
        raise InvalidInput(
            f"{where}: expected a profit, a return or prices for every closed trade, got none in rows {rows.tolist()}; "
            "export profit and loss, or entry price, exit price and size"
        )
    return trades, remarks
