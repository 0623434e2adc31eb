"""The bar loop for plain runs: no exits inside the bar, no drift, no volume limit; the same bits as `run_targets`.

Between two orders units and cash stand still, so the equity of a whole stretch of bars is one vectorised expression.
Where holding costs something (shorts, debt, interest) the stretch is walked bar by bar through the same `accrue`.
"""

from __future__ import annotations

import math
from typing import Any

from numba import types

from augury.backtest.account.book_keeping import accrue, note_fill, paid_for
from augury.backtest.account.fills import units_for_target
from augury.backtest.account.layout import (
    CASH,
    CASH_INTEREST,
    DRIFT,
    FILL,
    HOLD,
    LAST_CLOSE,
    LEVERAGE,
    MAINTENANCE,
    PENDING,
    PENDING_WHY,
    SIGNAL,
    SLIP,
    STOP,
    TAKE,
    TARGET,
    TRAIL,
    UNITS,
    VOLUME_LIMIT,
    Account,
)
from augury.backtest.account.records import BOOK, MARKET, VECTOR
from augury.numerics.compile import inlined, kernel

__all__ = ["is_plain", "run_plain"]

_NO_DEBT = 1e-12
"""Debt of at most this share of the position is a rounding error; `accrue` charges nothing below 1e-6."""


@inlined
def is_plain(settings: Any) -> Any:
    """Whether `run_plain` covers these settings."""
    exits = min(min(settings[STOP], settings[TAKE]), min(settings[TRAIL], settings[HOLD]))
    limits = min(settings[DRIFT], settings[VOLUME_LIMIT])
    return exits == math.inf and limits == math.inf and settings[FILL] == 0.0


@inlined
def _still(cash: Any, units: Any, closes: Any, equity: Any) -> Any:
    """Equity of these bars while nothing changes; four at a time, since most stretches are short."""
    whole = equity.shape[0] - equity.shape[0] % 4
    for t in range(0, whole, 4):
        equity[t] = cash + units * closes[t]
        equity[t + 1] = cash + units * closes[t + 1]
        equity[t + 2] = cash + units * closes[t + 2]
        equity[t + 3] = cash + units * closes[t + 3]
    for t in range(whole, equity.shape[0]):
        equity[t] = cash + units * closes[t]


@inlined
def _walked(state: Any, settings: Any, closes: Any, years: Any, equity: Any) -> Any:
    """Equity of these bars while holding costs something; False when the account would have to act."""
    for t in range(equity.shape[0]):
        if t > 0:  # the first bar's time was charged before its open
            accrue(state, settings, years[t])
        equity[t] = state[CASH] + state[UNITS] * closes[t]
        state[LAST_CLOSE] = closes[t]
        value = abs(state[UNITS] * closes[t])
        if equity[t] <= 0.0 or equity[t] < settings[MAINTENANCE] * value:
            return False
    return True


@inlined
def _changes(targets: Any, first: Any, at: Any) -> Any:
    """Bars at which the target changes, into `at` int64[n + 1]; how many. Written without a branch to mispredict."""
    count = 0
    before = first
    for t in range(targets.shape[0]):
        at[count] = t
        count += 1 if targets[t] != before else 0
        before = targets[t]
    return count


@kernel(types.boolean(MARKET, VECTOR, VECTOR, VECTOR, BOOK, types.int64[::1]))
def run_plain(market: Any, targets: Any, settings: Any, state: Any, book: Any, changes: Any) -> Any:
    """As `run_targets` over all bars, without corporate actions; False when the run needs the full loop after all.

    That is when a target is NaN or beyond the leverage cap, or when margin or ruin would make the account act. Fills
    need room for one a bar; `changes` int64[n + 1] is scratch.
    """
    opens, closes, years, equity = market.bars[0], market.bars[3], market.years, book.equity
    account = Account(state, settings, book.fills)
    n = closes.shape[0]
    cap, interest = settings[LEVERAGE], settings[CASH_INTEREST]
    count = _changes(targets, state[TARGET], changes)
    cash, units, start = state[CASH], state[UNITS], 0
    for change in range(count + 1):
        stop = min(changes[change] + 1, n) if change < count else n
        free = units >= 0.0 and cash >= -_NO_DEBT * units * closes[start] and (interest == 0.0 or cash <= 0.0)
        if free:
            _still(cash, units, closes[start:stop], equity[start:stop])
        else:
            state[CASH], state[UNITS] = cash, units
            if not _walked(state, settings, closes[start:stop], years[start:stop], equity[start:stop]):
                return False
            cash = state[CASH]
        if change == count:
            break
        wanted = targets[stop - 1]
        if not -cap <= wanted <= cap:
            return False
        state[TARGET] = wanted
        if stop == n:
            state[PENDING], state[PENDING_WHY] = wanted, SIGNAL
            break
        if not free:
            state[LAST_CLOSE] = closes[stop - 1]
            accrue(state, settings, years[stop])
            cash = state[CASH]
        held, reference = units, opens[stop]
        units = units_for_target(wanted, cash, held, reference, settings)
        if units != held:
            paid = paid_for(held, units, reference, settings[SLIP], settings)
            cash -= (units - held) * paid[0] + paid[1]
            note_fill(account, stop, held, units, paid, SIGNAL)
        start = stop
    state[CASH], state[UNITS], state[LAST_CLOSE] = cash, units, closes[n - 1]
    return True
