"""The engine's door for events: orders at some bars, run through the same account as targets."""

from __future__ import annotations

import numpy as np

from augury.arrays import FloatMatrix
from augury.backtest.account import layout
from augury.backtest.account.engine import EngineRun, checked_actions, run_engine, years_for
from augury.backtest.account.events import TargetEvents
from augury.backtest.account.layout import FILL_COLUMNS, Book, Events, Market, new_state, settings_vector
from augury.backtest.spec import BacktestSpec
from augury.market.bars import BarArrays

__all__ = ["run_target_events"]

_FIRST_ROOM = 256
_BARS_AN_EVENT = 4
"""With fewer bars to an event than this on average a target a bar is as fast."""


def run_target_events(
    bars: BarArrays, events: TargetEvents, spec: BacktestSpec, *, actions: FloatMatrix | None = None
) -> EngineRun:
    """As `run_engine(bars, events.dense(), spec, actions=actions, events=True)`, to the bit, and faster."""
    n, actions = len(bars), checked_actions(actions, len(bars))
    if actions.shape[1] > 0 or len(events) * _BARS_AN_EVENT > n:
        return run_engine(bars, events.dense(), spec, actions=actions, events=True)
    from augury.backtest.account.event_kernel import run_events  # takes seconds to compile

    events = events.later(spec.delay_bars)
    state, settings = new_state(spec.initial_cash), settings_vector(spec, events=True)
    market, equity = Market(bars.matrix, years_for(bars, spec.costs), actions), np.empty(n)
    fills, start = np.empty((_FIRST_ROOM, FILL_COLUMNS)), 0
    while True:
        start = run_events(market, Events(events.bars, events.targets), settings, state, Book(equity, fills), start)
        if start == n:
            break
        fills = np.vstack([fills, np.empty((3 * fills.shape[0], FILL_COLUMNS))])
    fills = np.ascontiguousarray(fills[: int(state[layout.FILLED])])
    return EngineRun(bars=bars, spec=spec, ordered=events, equity=equity, fills=fills, state=state, actions=actions)
