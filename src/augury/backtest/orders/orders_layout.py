"""Where the numbers of orders stand in the matrices that the order kernel reads and writes, a row an order."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

__all__ = ["DESK", "KINDS", "ORDER_COLUMNS", "OUTCOME_COLUMNS", "OUTCOME_REASONS", "STATUSES", "Desk"]

KINDS: Final = ("market", "limit", "stop", "stop_limit")
MARKET: Final = 0
LIMIT: Final = 1
STOP_ORDER: Final = 2
STOP_LIMIT: Final = 3

# orders float64[m, ORDER_COLUMNS], sorted by ACTIVE; prices and units are restated by splits
ACTIVE: Final = 0  # first bar at which it may fill
EXPIRES: Final = 1  # last bar at which it may fill; inf: none
KIND: Final = 2  # index in KINDS
SIGNED: Final = 3  # units, above 0 to buy; NaN: a target order
WEIGHT: Final = 4  # target as a fraction of equity; NaN: an order for units
LIMIT_PRICE: Final = 5
STOP_PRICE: Final = 6
GROUP: Final = 7  # orders of one group cancel each other; -1: none
GUARDS: Final = 8  # 1: exits of its own, in the columns from LOSS on
LOSS: Final = 9  # NaN where off, as the next three
GAIN: Final = 10
TRAILING: Final = 11
HOLDING: Final = 12
AS_PRICES: Final = 13  # 1: exits are prices (trailing: a distance), 0: fractions of the entry price
ORDER_COLUMNS: Final = 14

# outcomes float64[m, OUTCOME_COLUMNS]
STATUS: Final = 0  # index in STATUSES
REASON: Final = 1  # index in OUTCOME_REASONS
DONE_UNITS: Final = 2  # filled so far, signed
DONE_VALUE: Final = 3  # sum of units times price
DONE_FEES: Final = 4
FIRST_BAR: Final = 5  # -1: never
LAST_BAR: Final = 6
TRIGGERED: Final = 7  # 1: the stop of a stop-limit order was touched
OUTCOME_COLUMNS: Final = 8

STATUSES: Final = ("waiting", "filled", "partly_filled", "expired", "cancelled", "rejected")
WAITING: Final = 0
DONE: Final = 1
PARTLY: Final = 2
EXPIRED: Final = 3
CANCELLED: Final = 4
REJECTED: Final = 5

OUTCOME_REASONS: Final = (
    "",
    "bars_ended",
    "good_for_ended",
    "buying_power",
    "short_not_allowed",
    "nothing_to_do",
    "group_filled",
    "volume",
    "delisted",
    "ruined",
)
NO_REASON: Final = 0
BARS_ENDED: Final = 1
GOOD_FOR_ENDED: Final = 2
BUYING_POWER: Final = 3
NO_SHORTS: Final = 4
NOTHING: Final = 5
GROUP_FILLED: Final = 6
VOLUME: Final = 7
GONE: Final = 8
BROKE: Final = 9

# desk float64[DESK]: what the order kernel remembers between two bars besides the account
HELD_LOSS: Final = 0  # the exits that guard the position, as in the orders
HELD_GAIN: Final = 1
HELD_TRAILING: Final = 2
HELD_HOLDING: Final = 3
HELD_AS_PRICES: Final = 4
USED_VOLUME: Final = 5  # units that this bar's fills have taken
SHORTS: Final = 6  # 1: allowed
LIVE: Final = 7  # orders in the book
NEXT: Final = 8  # first order that has not entered the book
DESK: Final = 9


class Desk(NamedTuple):
    """Orders at work inside a kernel: the orders, their outcomes, the rows in the book int64[m], and `memory`.

    `entering` float64[n] is 1 at bars at which an order enters the book, else NaN.
    """

    orders: Any
    outcomes: Any
    live: Any
    memory: Any
    entering: Any
