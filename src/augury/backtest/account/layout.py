"""Where the engine's numbers stand in the vectors that kernels share: settings, the state of an account, and fills."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from augury.arrays import FloatVector
from augury.backtest.spec import BacktestSpec

__all__ = [
    "FILLS",
    "FILL_COLUMNS",
    "REASONS",
    "SETTINGS",
    "STATE",
    "Account",
    "Book",
    "Events",
    "Market",
    "new_state",
    "settings_vector",
]

# settings float64[SETTINGS]
SLIP: Final = 0  # slippage and half spread together
RATE: Final = 1
PER_UNIT: Final = 2
MINIMUM: Final = 3
BORROW: Final = 4
CASH_INTEREST: Final = 5
MARGIN_INTEREST: Final = 6
LEVERAGE: Final = 7
MAINTENANCE: Final = 8
WHOLE: Final = 9
VOLUME_LIMIT: Final = 10  # inf: none
CARRY: Final = 11
FILL: Final = 12  # index in FILLS
DRIFT: Final = 13  # inf: never
STOP: Final = 14  # inf where off, as the next three
TAKE: Final = 15
TRAIL: Final = 16
HOLD: Final = 17
EVENTS: Final = 18  # 1: targets are events (NaN: no order), and an exit inside a bar forgets the last one
SETTINGS: Final = 19

FILLS: Final = ("next_open", "next_close", "next_typical", "same_close")

# state float64[STATE]: everything an account remembers between two bars
CASH: Final = 0
UNITS: Final = 1  # above 0 long, below 0 short
ENTRY_PRICE: Final = 2  # average price of the units held, as filled
ENTRY_BAR: Final = 3
BEST: Final = 4  # best price since the entry, up to the bar before
PENDING: Final = 5  # target waiting to be filled; NaN: none
TARGET: Final = 6  # target last ordered
PENDING_WHY: Final = 7
RUINED: Final = 8  # bar at which equity was gone; -1: never
FILLED: Final = 9  # fills written
COMMISSION: Final = 10  # totals, in money, from here on
SLIPPAGE: Final = 11
BORROWING: Final = 12
INTEREST: Final = 13  # received on cash less paid on margin
DIVIDENDS: Final = 14
AMBIGUOUS: Final = 15  # bars that held both stop and target
CLIPPED: Final = 16  # fills cut by the volume limit
LAST_CLOSE: Final = 17
STATE: Final = 18

# fills float64[m, FILL_COLUMNS], a row each
FILL_BAR: Final = 0
FILL_UNITS: Final = 1  # signed: bought above 0, sold below 0
FILL_PRICE: Final = 2
FILL_COMMISSION: Final = 3
FILL_SLIPPAGE: Final = 4
FILL_WHY: Final = 5  # index in REASONS
FILL_HELD: Final = 6  # units after it
FILL_COLUMNS: Final = 7

REASONS: Final = (
    "signal",
    "stop_loss",
    "take_profit",
    "trailing_stop",
    "time",
    "delisting",
    "margin",
    "rebalance",
    "ruin",
)
SIGNAL: Final = 0
STOPPED: Final = 1
TAKEN: Final = 2
TRAILED: Final = 3
TIMED: Final = 4
DELISTED: Final = 5
MARGIN: Final = 6
REBALANCE: Final = 7
RUIN: Final = 8


class Market(NamedTuple):
    """What the account trades in: bars float64[5, n], years float64[n] since the bar before (of 360 days), and

    actions float64[3, n] or [3, 0]: split ratio (1: none), dividend per unit, delisting price (NaN: none). For
    `run_events` years may be float64[0] where time costs nothing.
    """

    bars: Any
    years: Any
    actions: Any


class Events(NamedTuple):
    """Orders as events: bars int64[m], ascending, and targets float64[m], decided at the close of each."""

    bars: Any
    targets: Any


class Book(NamedTuple):
    """What a run writes: equity float64[n] at each close, and fills float64[m, FILL_COLUMNS]."""

    equity: Any
    fills: Any


class Account(NamedTuple):
    """An account at work inside a kernel: its state, the settings, and where fills are written."""

    state: Any
    settings: Any
    fills: Any


def _or_infinite(value: float | None) -> float:
    return np.inf if value is None else float(value)


def settings_vector(spec: BacktestSpec, *, events: bool = False) -> FloatVector:
    """The options as kernels read them, float64[SETTINGS]."""
    costs, exits = spec.costs, spec.exits
    settings = np.empty(SETTINGS)
    settings[SLIP] = costs.slippage_rate + costs.half_spread_rate
    settings[RATE] = costs.commission_rate
    settings[PER_UNIT] = costs.commission_per_unit
    settings[MINIMUM] = costs.minimum_commission
    settings[BORROW] = costs.borrow_rate
    settings[CASH_INTEREST] = costs.cash_interest_rate
    settings[MARGIN_INTEREST] = costs.margin_interest_rate
    settings[LEVERAGE] = spec.leverage
    settings[MAINTENANCE] = spec.maintenance_margin
    settings[WHOLE] = float(spec.whole_units)
    settings[VOLUME_LIMIT] = _or_infinite(spec.volume_limit)
    settings[CARRY] = float(spec.carry_unfilled)
    settings[FILL] = float(FILLS.index(spec.fill))
    settings[DRIFT] = _or_infinite(spec.rebalance_drift)
    settings[STOP] = _or_infinite(exits.stop_loss)
    settings[TAKE] = _or_infinite(exits.take_profit)
    settings[TRAIL] = _or_infinite(exits.trailing_stop)
    settings[HOLD] = _or_infinite(exits.maximum_holding_bars)
    settings[EVENTS] = float(events)
    return settings


def new_state(initial_cash: float) -> FloatVector:
    """An account with cash only, float64[STATE]."""
    state = np.zeros(STATE)
    state[CASH] = initial_cash
    state[PENDING] = np.nan
    state[RUINED] = -1.0
    state[ENTRY_BAR] = -1.0
    return state
