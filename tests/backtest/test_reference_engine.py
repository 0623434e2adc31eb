"""The compiled engine against a slow one written from the documented rules, on random bars, costs and options."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from augury.backtest import BacktestSpec, CostSpec, ExitSpec, run_engine
from augury.backtest.account import layout as at
from augury.market.bars import BarArrays

DAYS_A_YEAR_NS = 360 * 86_400 * 10**9


@dataclass
class SlowAccount:
    """One instrument, one bar at a time, in plain Python. Slow on purpose: every rule stands where it is applied."""

    spec: BacktestSpec
    events: bool = False
    cash: float = 0.0
    units: float = 0.0
    entry: float = 0.0
    entered_at: int = -1
    best: float = 0.0
    asked: float = 0.0
    waiting: float | None = None
    waiting_why: str = ""
    ruined: bool = False
    last_close: float = 0.0
    ambiguous: int = 0
    fills: list[tuple[int, float, float, float, str]] = field(default_factory=list)

    def run(self, bars: BarArrays, targets: Any, actions: Any = None) -> list[float]:
        self.cash = self.spec.initial_cash
        equity = []
        for t in range(len(bars)):
            years = (bars.opened_at[t] - bars.opened_at[t - 1]) / DAYS_A_YEAR_NS if t else 0.0
            decided = t - self.spec.delay_bars
            target = float(targets[decided]) if decided >= 0 else (math.nan if self.events else 0.0)
            action = (1.0, 0.0, math.nan) if actions is None else tuple(actions[:, t])
            equity.append(self.bar(t, bars.matrix[:, t].tolist(), float(years), target, action))
            self.last_close = float(bars.matrix[3, t])
        return equity

    def bar(self, t: int, bar: list[float], years: float, target: float, action: tuple[float, ...]) -> float:
        first, high, low, close, volume = bar
        self.pass_time(years)
        ratio, dividend, delisted_at = action
        self.units, self.entry, self.best = self.units * ratio, self.entry / ratio, self.best / ratio
        self.cash += self.units * dividend
        if not math.isnan(delisted_at):
            self.trade(t, -self.units, delisted_at, 0.0, "delisting")
            self.waiting = None
            return self.cash
        if self.ruined:
            return self.cash
        limit = self.spec.exits.maximum_holding_bars
        if self.units and limit is not None and t - self.entered_at >= limit:
            self.close_out(t, first, self.slip, "time")
        if self.spec.fill == "next_open":
            self.fill_waiting(t, first, volume)
        if self.units:
            self.exit_inside(t, first, high, low)
        if self.spec.fill == "same_close":
            self.decide(target, self.cash + self.units * close, close)
        if self.spec.fill in ("next_close", "same_close"):
            self.fill_waiting(t, close, volume)
        elif self.spec.fill == "next_typical":
            self.fill_waiting(t, (first + high + low + close) / 4.0, volume)
        equity = self.mark(t, close)
        if self.spec.fill != "same_close" and not self.ruined:
            self.decide(target, equity, close)
        return equity

    @property
    def slip(self) -> float:
        return self.spec.costs.slippage_rate + self.spec.costs.half_spread_rate

    def fee(self, units: float, price: float) -> float:
        costs = self.spec.costs
        usual = abs(units) * price * costs.commission_rate + abs(units) * costs.commission_per_unit
        return max(usual, costs.minimum_commission)

    def pass_time(self, years: float) -> None:
        costs = self.spec.costs
        short = max(0.0, -self.units * self.last_close)
        self.cash -= short * costs.borrow_rate * years
        free = self.cash - short
        if free > 0.0:
            self.cash += free * costs.cash_interest_rate * years
        elif -free > 1e-6 * abs(self.units * self.last_close):
            self.cash += free * costs.margin_interest_rate * years

    def trade(self, t: int, change: float, reference: float, slip: float, why: str) -> None:
        if change == 0.0:
            return
        price = reference * (1.0 + slip if change > 0.0 else 1.0 - slip)
        held, self.units = self.units, self.units + change
        if abs(self.units) < 1e-12 * abs(held):
            self.units = 0.0
        fee = self.fee(change, price)
        self.cash -= change * price + fee
        self.fills.append((t, change, price, fee, why))
        if held == 0.0 or held * self.units < 0.0:
            self.entry, self.best, self.entered_at = price, price, t
        elif abs(self.units) > abs(held):
            self.entry = (abs(held) * self.entry + abs(change) * price) / abs(self.units)

    def close_out(self, t: int, reference: float, slip: float, why: str) -> None:
        """Close the position; an order for more of the same side is void, and an event may ask for it again."""
        side = math.copysign(1.0, self.units)
        self.trade(t, -self.units, reference, slip, why)
        if self.waiting is None or self.waiting * side > 0.0:
            self.waiting = None
            if self.events:
                self.asked = 0.0

    def wanted_units(self, weight: float, reference: float) -> float:
        """Units worth `weight` of the equity that is left once they are paid for, found by bisection."""
        held, cap = self.units, self.spec.leverage
        weight = min(max(weight, -cap), cap)
        if weight == 0.0:
            return 0.0
        buys = weight * (self.cash + held * reference) > held * reference
        price = reference * (1.0 + self.slip if buys else 1.0 - self.slip)
        equity = self.cash + held * price
        if equity <= 0.0:
            return held

        costs = self.spec.costs
        lost = abs(weight) * (costs.commission_rate + costs.commission_per_unit / price)
        if buys != (weight > 0.0) and lost >= 1.0:  # the smaller the position, the higher its leverage
            return held

        def too_many(units: float) -> bool:
            return units * price > weight * (equity - self.fee(units - held, price))

        if too_many(held) == buys:
            return held
        low, high = (
            (held, abs(weight) * equity / price + abs(held)) if buys else (-(cap * equity / price + abs(held)), held)
        )
        for _ in range(200):
            middle = (low + high) / 2.0
            low, high = (low, middle) if too_many(middle) else (middle, high)
        units = math.trunc(low) if self.spec.whole_units else low
        right_way = units > held if buys else units < held
        return float(units) if right_way and units * weight >= 0.0 else held

    def fill_waiting(self, t: int, reference: float, volume: float) -> None:
        if self.waiting is None:
            return
        change = self.wanted_units(self.waiting, reference) - self.units
        if self.waiting_why == "margin" and abs(self.units + change) > abs(self.units):
            change = 0.0
        most = math.inf if self.spec.volume_limit is None else self.spec.volume_limit * volume
        waits = abs(change) > most and self.spec.carry_unfilled
        if abs(change) > most:
            change = math.copysign(math.floor(most) if self.spec.whole_units else most, change)
        why, self.waiting = self.waiting_why, self.waiting if waits else None
        self.trade(t, change, reference, self.slip, why)

    def exit_inside(self, t: int, first: float, high: float, low: float) -> None:
        exits, side = self.spec.exits, math.copysign(1.0, self.units)
        new = self.entered_at == t
        stops = []
        if exits.trailing_stop is not None:
            stops.append((side * self.best * (1.0 - side * exits.trailing_stop), "trailing_stop"))
        if exits.stop_loss is not None:
            stops.append((side * self.entry * (1.0 - side * exits.stop_loss), "stop_loss"))
        nearest, why = max(stops, key=lambda level: level[0]) if stops else (-math.inf, "")
        stop, worst, good = side * nearest, (low if side > 0 else high), (high if side > 0 else low)
        target = math.inf if exits.take_profit is None else side * self.entry * (1.0 + side * exits.take_profit)
        if side * first <= side * stop:
            self.close_out(t, first, self.slip, why)
        elif not new and side * first >= target:
            self.close_out(t, first, 0.0, "take_profit")
        elif side * worst <= side * stop:
            self.ambiguous += side * good > target
            self.close_out(t, stop, self.slip, why)
        elif side * good > target:
            self.close_out(t, side * target, 0.0, "take_profit")
        elif stops or exits.take_profit is not None:
            self.best = max(self.best, high) if side > 0 else min(self.best, low)

    def mark(self, t: int, close: float) -> float:
        equity, value = self.cash + self.units * close, abs(self.units * close)
        if equity <= 0.0:
            self.trade(t, -self.units, close, self.slip, "ruin")
            self.ruined, self.waiting = True, None
            return self.cash
        borrowed = self.units < 0.0 or self.cash < 0.0
        if borrowed and equity < self.spec.maintenance_margin * value:
            cap = self.spec.leverage
            wanted = math.copysign(cap, self.units) if self.waiting is None else self.waiting
            self.waiting, self.waiting_why = min(max(wanted, -cap), cap), "margin"
        return equity

    def decide(self, target: float, equity: float, close: float) -> None:
        drift = self.spec.rebalance_drift
        if not math.isnan(target) and target != self.asked:
            self.waiting, self.waiting_why, self.asked = target, "signal", target
        elif drift is None or not self.units or self.waiting is not None or equity <= 0.0:
            return
        elif abs(self.units * close / equity - self.asked) > max(drift, 1e-9):
            self.waiting, self.waiting_why = self.asked, "rebalance"


maybe = st.none
costs = st.builds(
    CostSpec,
    commission_rate=st.sampled_from([0.0, 0.001, 0.02, 0.2]),
    commission_per_unit=st.sampled_from([0.0, 0.005, 1.0]),
    minimum_commission=st.sampled_from([0.0, 1.0, 40.0]),
    slippage_rate=st.sampled_from([0.0, 0.0005, 0.05]),
    half_spread_rate=st.sampled_from([0.0, 0.001]),
    borrow_rate=st.sampled_from([0.0, 0.005, 1.0]),
    cash_interest_rate=st.sampled_from([0.0, 0.04, -0.01]),
    margin_interest_rate=st.sampled_from([0.0, 0.06]),
)
exits = st.builds(
    ExitSpec,
    stop_loss=maybe() | st.sampled_from([0.01, 0.05, 0.3]),
    take_profit=maybe() | st.sampled_from([0.01, 0.1, 1.5]),
    trailing_stop=maybe() | st.sampled_from([0.02, 0.1]),
    maximum_holding_bars=maybe() | st.sampled_from([1, 2, 7]),
)
specs = st.builds(
    BacktestSpec,
    initial_cash=st.sampled_from([100.0, 10_000.0]),
    fill=st.sampled_from(at.FILLS),
    delay_bars=st.sampled_from([0, 0, 1, 3]),
    costs=costs,
    exits=st.just(ExitSpec()) | exits,
    leverage=st.sampled_from([0.5, 1.0, 2.0, 6.0]),
    maintenance_margin=st.sampled_from([0.0, 0.3, 0.6]),
    whole_units=st.booleans(),
    volume_limit=maybe() | st.sampled_from([0.01, 0.5]),
    carry_unfilled=st.booleans(),
    rebalance_drift=maybe() | st.sampled_from([0.0, 0.02, 0.2]),
)


def random_targets(rng: np.random.Generator, n: int, leverage: float, *, events: bool) -> np.ndarray:
    levels = rng.choice([-1.0, 0.0, 1.0, 0.5, -0.25, rng.uniform(-1.0, 1.0)], n) * leverage
    stays = rng.random(n) < 0.7
    if events:
        return np.where(stays, np.nan, levels)
    starts = np.maximum.accumulate(np.where(stays, 0, np.arange(n)))
    return levels[starts]


def random_actions(rng: np.random.Generator, n: int) -> np.ndarray:
    actions = np.ones((3, n))
    actions[0, rng.random(n) < 0.1] = rng.choice([2.0, 0.1, 1.5])
    actions[1] = rng.uniform(0.0, 2.0, n) * (rng.random(n) < 0.1)
    actions[2] = np.nan
    if rng.random() < 0.3:
        actions[2, -1] = rng.choice([0.0, 33.0])
    return actions


@settings(max_examples=250)
@given(
    spec=specs,
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 60),
    swing=st.sampled_from([0.005, 0.03, 0.2]),
    events=st.booleans(),
    acting=st.booleans(),
)
@example(spec=BacktestSpec(leverage=6.0), seed=5, n=60, swing=0.2, events=False, acting=False)
def test_the_compiled_engine_agrees_with_the_slow_one(
    make_random_bars: Callable[..., BarArrays],
    spec: BacktestSpec,
    seed: int,
    n: int,
    swing: float,
    events: bool,
    acting: bool,
) -> None:
    rng = np.random.default_rng(seed)
    bars = make_random_bars(seed, n, swing)
    targets = random_targets(rng, n, spec.leverage, events=events)
    actions = random_actions(rng, n) if acting else None
    slow = SlowAccount(spec, events=events)
    expected = np.array(slow.run(bars, targets, actions))
    run = run_engine(bars, targets, spec, actions=actions, events=events)
    got = [(int(row[at.FILL_BAR]), at.REASONS[int(row[at.FILL_WHY])]) for row in run.fills]
    assert got == [(fill[0], fill[-1]) for fill in slow.fills]
    scale = max(spec.initial_cash, float(np.abs(expected).max()))
    np.testing.assert_allclose(run.equity, expected, rtol=1e-9, atol=1e-9 * scale)
    for row, fill in zip(run.fills, slow.fills, strict=True):
        numbers = row[[at.FILL_UNITS, at.FILL_PRICE, at.FILL_COMMISSION]]
        np.testing.assert_allclose(numbers, fill[1:4], rtol=1e-7, atol=1e-9 * scale)
    assert run.state[at.AMBIGUOUS] == slow.ambiguous
    assert run.state[at.CASH] == pytest.approx(slow.cash, rel=1e-9, abs=1e-9 * scale)
    assert (run.state[at.RUINED] >= 0.0) == slow.ruined


def test_the_examples_reach_every_reason_to_trade(make_random_bars: Callable[..., BarArrays]) -> None:
    """The comparison above is worth what its runs visit: the same generators visit every reason within 300 runs."""
    seen: set[str] = set()
    for seed in range(300):
        rng = np.random.default_rng(seed)
        exit_spec = ExitSpec(stop_loss=0.05, take_profit=0.1, trailing_stop=0.08, maximum_holding_bars=7)
        spec = BacktestSpec(leverage=2.0, exits=exit_spec if seed % 2 else ExitSpec(), rebalance_drift=0.3)
        bars = make_random_bars(seed, 60, (0.02, 0.2)[seed % 3 == 0])
        run = run_engine(bars, random_targets(rng, 60, 2.0, events=False), spec, actions=random_actions(rng, 60))
        seen |= {at.REASONS[int(why)] for why in run.fills[:, at.FILL_WHY]}
    assert seen == set(at.REASONS)
