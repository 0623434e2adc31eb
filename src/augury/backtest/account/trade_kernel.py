"""Fills matched to trades: round trips from flat to flat, and how far each went for and against its holder."""

from __future__ import annotations

from typing import Any, Final

from augury.backtest.account.layout import (
    DELISTED,
    FILL_BAR,
    FILL_COMMISSION,
    FILL_HELD,
    FILL_PRICE,
    FILL_SLIPPAGE,
    FILL_UNITS,
    FILL_WHY,
    MARGIN,
    REBALANCE,
    RUIN,
    SIGNAL,
)
from augury.numerics.compile import inlined, kernel

__all__ = ["TRADE_COLUMNS", "excursions", "round_trips"]

# trades float64[m, TRADE_COLUMNS], a row each
ENTRY_BAR: Final = 0
EXIT_BAR: Final = 1
SIDE: Final = 2  # 1 long, -1 short
TRADED_UNITS: Final = 3  # all units entered with, above 0, as of the exit (splits applied)
ENTRY_MEAN: Final = 4  # mean entry price, as filled, per unit as of the exit
EXIT_MEAN: Final = 5  # mean exit price; an open trade's is the last close
PROFIT: Final = 6  # after commission and slippage
COMMISSIONS: Final = 7
SLIPPED: Final = 8
WHY: Final = 9  # of the exit; SIGNAL while open
IS_OPEN: Final = 10
BEST_MOVE: Final = 11  # maximum favourable excursion, fraction of the entry price
WORST_MOVE: Final = 12  # maximum adverse excursion, <= 0
TRADE_COLUMNS: Final = 13

_SAME = 1e-9
"""Prices that are apart by less than this share of them are the same one but for rounding."""


@inlined
def _open(trade: Any, bar: Any, units: Any, price: Any, costs: Any) -> Any:
    trade[ENTRY_BAR] = bar
    trade[SIDE] = 1.0 if units > 0.0 else -1.0
    trade[TRADED_UNITS] = abs(units)
    trade[ENTRY_MEAN] = abs(units) * price  # money until the trade is closed
    trade[EXIT_MEAN] = 0.0
    trade[BEST_MOVE] = price - trade[SIDE] * costs[1] / abs(units)  # the price before the slip, until `excursions`
    trade[COMMISSIONS] = costs[0]
    trade[SLIPPED] = costs[1]


@inlined
def _leave(trade: Any, units: Any, price: Any, costs: Any) -> Any:
    trade[EXIT_MEAN] += units * price
    trade[COMMISSIONS] += costs[0]
    trade[SLIPPED] += costs[1]


@inlined
def _close(trade: Any, bar: Any, why: Any, is_open: Any) -> Any:
    side, units = trade[SIDE], trade[TRADED_UNITS]
    trade[EXIT_BAR] = bar
    trade[WHY] = why
    trade[IS_OPEN] = is_open
    trade[PROFIT] = side * (trade[EXIT_MEAN] - trade[ENTRY_MEAN]) - trade[COMMISSIONS]
    trade[ENTRY_MEAN] /= units
    trade[EXIT_MEAN] /= units


@kernel("int64(float64[:, ::1], int64, float64[::1], float64, int64, float64[:, ::1])")
def round_trips(fills: Any, count: Any, factors: Any, last_close: Any, last_bar: Any, out: Any) -> Any:
    """Trades of the first `count` fills into out float64[m, TRADE_COLUMNS]; how many. The last may be open.

    A trade lasts from flat to flat; one fill that goes through flat closes a trade and opens the next, its costs shared
    by units. `factors` float64[n] are cumulative split ratios at each bar, or empty without splits. Room for count + 1.
    """
    m, held, before = 0, 0.0, 0
    for i in range(count):
        bar, price = int(fills[i, FILL_BAR]), fills[i, FILL_PRICE]
        commission, slipped = fills[i, FILL_COMMISSION], fills[i, FILL_SLIPPAGE]
        after = fills[i, FILL_HELD]
        if factors.shape[0] > 0 and held != 0.0:
            grown = factors[bar] / factors[before]
            held *= grown
            out[m, TRADED_UNITS] *= grown
        if held == 0.0:
            _open(out[m], bar, after, price, (commission, slipped))
        elif held * after < 0.0:
            part = abs(held) / abs(fills[i, FILL_UNITS])
            _leave(out[m], abs(held), price, (commission * part, slipped * part))
            _close(out[m], bar, fills[i, FILL_WHY], 0.0)
            m += 1
            _open(out[m], bar, after, price, (commission * (1.0 - part), slipped * (1.0 - part)))
        elif abs(after) > abs(held):
            out[m, TRADED_UNITS] += abs(after) - abs(held)
            out[m, ENTRY_MEAN] += (abs(after) - abs(held)) * price
            out[m, COMMISSIONS] += commission
            out[m, SLIPPED] += slipped
        else:
            _leave(out[m], abs(held) - abs(after), price, (commission, slipped))
            if after == 0.0:
                _close(out[m], bar, fills[i, FILL_WHY], 0.0)
                m += 1
        held, before = after, bar
    if held == 0.0:
        return m
    if factors.shape[0] > 0:
        grown = factors[last_bar] / factors[before]
        held *= grown
        out[m, TRADED_UNITS] *= grown
    _leave(out[m], abs(held), last_close, (0.0, 0.0))
    _close(out[m], last_bar, SIGNAL, 1.0)
    return m + 1


@inlined
def _held_through(why: Any, fill: Any) -> Any:
    """Whether a trade that ended for this reason saw its last bar whole: orders filled at closes, and ruin."""
    return why == RUIN or (fill in (1.0, 3.0) and why in (SIGNAL, MARGIN, REBALANCE))


@kernel("void(float64[:, ::1], float64[::1], float64, float64[:, ::1], int64)")
def excursions(bars: Any, factors: Any, fill: Any, trades: Any, count: Any) -> None:
    """Best and worst price while each trade was open, against its mean entry price, as fractions for its holder.

    `fill` is an index in `layout.FILLS`. The bar of the entry counts whole after an entry at its open, with its close
    alone after one inside it (limit and stop orders), and not at all when orders fill at closes; later bars whole; of
    the exit's bar the open and the exit price, what came between is not known: an exit at the close has seen the bar
    whole, a delisting none of it.
    """
    for i in range(count):
        entered, left = int(trades[i, ENTRY_BAR]), int(trades[i, EXIT_BAR])
        price, side = trades[i, ENTRY_MEAN], trades[i, SIDE]
        high = max(price, trades[i, EXIT_MEAN])
        low = min(price, trades[i, EXIT_MEAN])
        at_open = fill == 0.0 and abs(trades[i, BEST_MOVE] - bars[0, entered]) <= _SAME * bars[0, entered]
        if fill == 0.0 and not at_open and left > entered:
            close = bars[3, entered] * (factors[entered] / factors[left] if factors.shape[0] > 0 else 1.0)
            high, low = max(high, close), min(low, close)
        whole = trades[i, IS_OPEN] != 0.0 or _held_through(trades[i, WHY], fill)
        stop = left + 1 if whole else left
        for t in range(entered if at_open else entered + 1, stop):
            scale = factors[t] / factors[left] if factors.shape[0] > 0 else 1.0
            high = max(high, bars[1, t] * scale)
            low = min(low, bars[2, t] * scale)
        if stop == left and left > entered and trades[i, WHY] != DELISTED:
            high = max(high, bars[0, left])
            low = min(low, bars[0, left])
        best, worst = (high, low) if side > 0.0 else (low, high)
        trades[i, BEST_MOVE] = max(side * (best / price - 1.0), 0.0)
        trades[i, WORST_MOVE] = min(side * (worst / price - 1.0), 0.0)
