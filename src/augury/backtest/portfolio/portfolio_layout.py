"""Where a portfolio's numbers stand in the arrays of its kernel: the shared account, its symbols, a block of bars."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from augury.arrays import FloatMatrix
from augury.backtest.account.layout import FILL_COLUMNS, STATE, new_state, settings_vector
from augury.backtest.portfolio.portfolio_spec import PortfolioSpec

__all__ = ["ACTION_COLUMNS", "Bars", "Curves", "SharedBook", "new_book"]

# account float64[ACCOUNT]: what the symbols share
SHARED_CASH: Final = 0
NOW: Final = 1  # bar at work, counted over the whole panel
WRITTEN: Final = 2  # fills in the buffer
WAITING: Final = 3  # 1 while a symbol may have an order waiting
RUIN_BAR: Final = 4  # bar at which equity was gone; -1: never
EARNED: Final = 5  # interest received on cash less paid on margin
SHORTS: Final = 6  # value of the units sold short at the last mark, never above 0
GROSS: Final = 7  # value of all positions at the last mark, signs left out
NET: Final = 8
STALE: Final = 9  # symbols held without a bar now
LISTINGS: Final = 10  # symbols that have had a bar or are gone, counted as they come and go
SEEN_LISTINGS: Final = 11  # of them at the last decision
LAST_ROW: Final = 12  # row of weights at the last decision; -1: none yet
NEXT_ACTION: Final = 13  # the first corporate action not done yet
CUT_SHORT: Final = 14  # bars at which purchases were scaled down to what the account may carry
REBALANCES: Final = 15
ACCOUNT: Final = 16

# rules float64[RULES]: the portfolio's options as the kernel reads them
FOLLOW: Final = 0  # 1: a change of the targets is an order
THRESHOLD: Final = 1  # inf: never
TOTAL: Final = 2  # 1: the threshold is for half the sum of all drifts
AFFECTED: Final = 3  # 1: only the symbols that changed or drifted get orders
MAX_WEIGHT: Final = 4
BUFFER: Final = 5
DELISTING_COST: Final = 6
BEFORE_COSTS: Final = 7
RULES: Final = 8

# own float64[k, OWN]: a symbol's own totals, beside its float64[STATE]
FLOW: Final = 0  # money that came from the symbol less what went into it
TRADED: Final = 1  # value traded
GONE: Final = 2  # 1: delisted
OUT: Final = 3  # 1: closed by an exit, until it is asked for again
OWN: Final = 4

# scratch float64[SCRATCH, k]: the orders that are filled together
REFERENCE: Final = 0
PRICE: Final = 1
SIDE: Final = 2
PLAN: Final = 3  # units to hold
WEIGHT: Final = 4
KIND: Final = 5
SCRATCH: Final = 6

IDLE: Final = 0.0  # kinds of orders: none
RATED: Final = 1.0  # commission in proportion to what is traded
LEAST: Final = 2.0  # the minimum commission binds

FILL_SYMBOL: Final = FILL_COLUMNS
PORTFOLIO_FILL_COLUMNS: Final = FILL_COLUMNS + 1

# actions float64[e, ACTION_COLUMNS], by bar
ACTION_BAR: Final = 0
ACTION_SYMBOL: Final = 1
ACTION_RATIO: Final = 2
ACTION_DIVIDEND: Final = 3
ACTION_GONE: Final = 4  # 1: delisted from this bar on
ACTION_PRICE: Final = 5  # what a unit brings then; NaN: its last close
ACTION_COLUMNS: Final = 6

FILLS_PER_SYMBOL: Final = 6
"""No symbol has more fills within a bar than this."""


class SharedBook(NamedTuple):
    """A portfolio between two bars: everything that the kernel remembers, its settings, and room for fills."""

    account: Any  # float64[ACCOUNT]
    rows: Any  # float64[k, STATE]
    units: Any  # float64[k]
    marks: Any  # float64[k], last close known; 0 before the first bar
    own: Any  # float64[k, OWN]
    scratch: Any  # float64[SCRATCH, k]
    fills: Any  # float64[room, PORTFOLIO_FILL_COLUMNS]
    settings: Any  # float64[SETTINGS]
    rules: Any  # float64[RULES]
    actions: Any  # float64[e, ACTION_COLUMNS]


class Bars(NamedTuple):
    """A block of m bars as the kernel reads it."""

    values: Any  # float64[5, m, k]; NaN where a symbol has no bar
    years: Any  # float64[m], time since the bar before
    row: Any  # int64[m], row of weights known at the close; -1: none yet
    due: Any  # bool[m], the calendar asks for a rebalance at the close
    weights: Any  # float64[r, k]
    first_row: Any  # int64, number of weights[0]
    first_bar: Any  # int64, number of values[:, 0]


class Curves(NamedTuple):
    """What the kernel writes for each of m bars, at the close."""

    equity: Any  # float64[m]
    cash: Any  # float64[m]
    gross: Any  # float64[m], value of all positions, signs left out
    net: Any  # float64[m], value of all positions
    stale: Any  # int64[m], symbols held that have no bar


def new_book(spec: PortfolioSpec, symbols: int, actions: FloatMatrix) -> SharedBook:
    """A portfolio with cash only."""
    account = np.zeros(ACCOUNT)
    account[SHARED_CASH] = spec.backtest.initial_cash
    account[RUIN_BAR] = -1.0
    account[LAST_ROW] = -1.0
    rows = np.empty((symbols, STATE))
    rows[:] = new_state(0.0)
    rules = np.zeros(RULES)
    rebalance = spec.rebalance
    rules[FOLLOW] = float(rebalance.when in ("on_change", "threshold"))
    rules[THRESHOLD] = np.inf if rebalance.threshold is None else rebalance.threshold
    rules[TOTAL] = float(rebalance.total_drift)
    rules[AFFECTED] = float(rebalance.scope == "affected")
    rules[MAX_WEIGHT] = np.inf if spec.max_weight is None else spec.max_weight
    rules[BUFFER] = spec.cash_buffer
    rules[DELISTING_COST] = spec.delisting_cost_rate
    rules[BEFORE_COSTS] = float(spec.sizing == "before_costs")
    return SharedBook(
        account=account,
        rows=rows,
        units=np.zeros(symbols),
        marks=np.zeros(symbols),
        own=np.zeros((symbols, OWN)),
        scratch=np.zeros((SCRATCH, symbols)),
        fills=np.empty((max(2048, 2 * FILLS_PER_SYMBOL * symbols), PORTFOLIO_FILL_COLUMNS)),
        settings=settings_vector(spec.backtest),
        rules=rules,
        actions=np.ascontiguousarray(actions),
    )
