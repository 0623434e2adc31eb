"""The engine's door for arrays: targets or events over one instrument's bars, run through the account."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from augury.arrays import FloatMatrix, FloatVector
from augury.backtest.account import layout
from augury.backtest.account.events import TargetEvents
from augury.backtest.account.layout import FILL_COLUMNS, Book, Market, new_state, settings_vector
from augury.backtest.account.plain_kernel import run_plain
from augury.backtest.spec import BacktestSpec, CostSpec
from augury.errors import InvalidInput
from augury.market.bars import BarArrays
from augury.market.times import iso

__all__ = ["EngineRun", "check_targets", "checked_actions", "run_engine", "years_between", "years_for"]

_NO_ACTIONS = np.empty((3, 0))
_FIRST_ROOM = 256
_YEAR_NS = 360 * 86_400 * 10.0**9
_MANY_BARS = 16_384


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class EngineRun:
    """What the engine did: equity float64[n] at each close, fills float64[m, FILL_COLUMNS], the account's last state.

    `equity` does not hold the initial cash, which is the value before the first bar.
    """

    bars: BarArrays
    spec: BacktestSpec
    ordered: FloatVector | TargetEvents
    equity: FloatVector
    fills: FloatMatrix
    state: FloatVector
    actions: FloatMatrix

    def __repr__(self) -> str:
        return (
            f"<EngineRun: {len(self.bars):,} bars, {len(self.fills):,} fills, {self.spec.initial_cash:,.0f} became "
            f"{self.equity[-1] if self.equity.size else self.spec.initial_cash:,.0f}, not proven>"
        )

    @property
    def targets(self) -> FloatVector:
        """The targets as they were ordered, after any delay, float64[n]; of events NaN where there is none."""
        return self.ordered.dense() if isinstance(self.ordered, TargetEvents) else self.ordered

    @property
    def units(self) -> FloatVector:
        """Units held at each close, float64[n], in the units of that day (splits applied)."""
        at = self.fills[:, layout.FILL_BAR].astype(np.int64)
        lengths = np.diff(np.concatenate(([0], at, [len(self.bars)])))  # of the stretches before, between, after fills
        held = np.repeat(np.concatenate(([0.0], self.fills[:, layout.FILL_HELD])), lengths)
        if self.actions.shape[1] == 0:
            return held
        factors = np.cumprod(self.actions[0])
        return np.asarray(held * factors / np.repeat(np.concatenate(([1.0], factors[at])), lengths))


def years_between(bars: BarArrays) -> FloatVector:
    """Time from each bar's predecessor in years of 360 days, float64[n], 0 for the first."""
    if len(bars) >= _MANY_BARS:
        from augury.backtest.account.year_kernel import fill_years  # compiled code that short histories do not need

        years = np.empty(len(bars))
        fill_years(np.ascontiguousarray(bars.opened_at), years)
        return years
    years = np.zeros(len(bars))
    np.subtract(bars.opened_at[1:], bars.opened_at[:-1], out=years[1:], casting="unsafe")
    years /= _YEAR_NS
    return years


def years_for(bars: BarArrays, costs: CostSpec) -> FloatVector:
    """The same, or float64[0] where time costs and pays nothing, so that nobody needs it."""
    timed = costs.borrow_rate != 0.0 or costs.cash_interest_rate != 0.0 or costs.margin_interest_rate != 0.0
    return years_between(bars) if timed else np.empty(0)


def check_targets(targets: FloatVector, bars: BarArrays, spec: BacktestSpec) -> None:
    """Refuse targets that are not one finite number a bar within the leverage cap; InvalidInput names the first bar."""
    if targets.shape != (len(bars),):
        raise InvalidInput(f"expected {len(bars)} target positions, one a bar; got shape {targets.shape}")
    low = -spec.leverage if spec.allow_short else 0.0
    if targets.size and targets.min() >= low and targets.max() <= spec.leverage:
        return
    wrong = ~(np.isfinite(targets) & (targets >= low) & (targets <= spec.leverage))
    at = int(np.argmax(wrong))
    value, moment = float(targets[at]), iso(int(bars.opened_at[at]))
    if np.isnan(value):
        raise InvalidInput(
            f"target positions should be numbers, 0 while nothing is known; got NaN at bar {at} ({moment}) and "
            f"{int(np.isnan(targets).sum())} in all"
        )
    remedy = "scale them, or raise `leverage`" if abs(value) > spec.leverage else "`allow_short` is off"
    raise InvalidInput(
        f"target positions should lie in [{low:g}, {spec.leverage:g}]; got {value:.15g} at bar {at} ({moment}): "
        f"{remedy}"
    )


def _delayed(targets: FloatVector, delay_bars: int, first: float) -> FloatVector:
    if delay_bars == 0:
        return targets
    late = np.full_like(targets, first)
    late[delay_bars:] = targets[:-delay_bars] if delay_bars < targets.size else []
    return late


def checked_actions(actions: FloatMatrix | None, n: int) -> FloatMatrix:
    """Corporate actions as kernels read them, float64[3, n], or [3, 0] for None; InvalidInput for another shape."""
    if actions is None or actions.shape == (3, 0):
        return _NO_ACTIONS
    if actions.shape != (3, n):
        raise InvalidInput(f"actions should be float64[3, {n}], see `action_matrix`; got shape {actions.shape}")
    return np.ascontiguousarray(actions, dtype=np.float64)


def _plain(spec: BacktestSpec) -> bool:
    """Whether the plain loop covers these options."""
    return (
        spec.fill == "next_open" and not spec.exits.any and spec.rebalance_drift is None and spec.volume_limit is None
    )


def run_engine(
    bars: BarArrays,
    targets: FloatVector,
    spec: BacktestSpec,
    *,
    actions: FloatMatrix | None = None,
    events: bool = False,
) -> EngineRun:
    """Run targets float64[n], decided at each close, through the account. With `events` NaN means no new order.

    `actions` float64[3, n]: split ratio, dividend per unit, delisting price; see `action_matrix`. Nothing is checked
    but the shapes; `check_targets` does that.
    """
    n = len(bars)
    if targets.shape != (n,):
        raise InvalidInput(f"expected {n} target positions, one a bar; got shape {targets.shape}")
    targets = np.ascontiguousarray(_delayed(targets, spec.delay_bars, np.nan if events else 0.0), dtype=np.float64)
    actions = checked_actions(actions, n)
    state, settings = new_state(spec.initial_cash), settings_vector(spec, events=events)
    market, equity, fills = Market(bars.matrix, years_between(bars), actions), np.empty(n), None
    if not events and actions.shape[1] == 0 and _plain(spec):
        fills = _run_plainly(market, targets, settings, state, equity)
        if fills is None:
            state = new_state(spec.initial_cash)
    if fills is None:
        fills = _run_fully(market, targets, settings, state, equity)
    fills = np.ascontiguousarray(fills[: int(state[layout.FILLED])])
    return EngineRun(bars=bars, spec=spec, ordered=targets, equity=equity, fills=fills, state=state, actions=actions)


def _run_plainly(
    market: Market, targets: FloatVector, settings: FloatVector, state: FloatVector, equity: FloatVector
) -> FloatMatrix | None:
    """Fills by the plain loop, None when the run needs the full one."""
    room = int(np.count_nonzero(targets[1:] != targets[:-1])) + 2
    fills, changes = np.empty((room, FILL_COLUMNS)), np.empty(targets.size + 1, dtype=np.int64)
    covered = run_plain(market, targets, settings, state, Book(equity, fills), changes)
    return fills if covered else None


def _run_fully(
    market: Market, targets: FloatVector, settings: FloatVector, state: FloatVector, equity: FloatVector
) -> FloatMatrix:
    """Fills by the full loop, which takes seconds to compile and so is loaded when it is needed."""
    from augury.backtest.account.target_kernel import run_targets

    fills, start = np.empty((_FIRST_ROOM, FILL_COLUMNS)), 0
    while True:
        start = run_targets(market, targets, settings, state, Book(equity, fills), start)
        if start == targets.size:
            return fills
        fills = np.vstack([fills, np.empty((3 * fills.shape[0], FILL_COLUMNS))])
