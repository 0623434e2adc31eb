"""The compiled portfolio against a slow readable one, on random panels with gaps, listings, delistings and actions."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.backtest.portfolio.panel import Panel
from augury.backtest.portfolio.panel_actions import PanelAction
from augury.backtest.portfolio.portfolio_spec import PortfolioSpec, RebalanceSpec
from augury.backtest.portfolio.portfolio_weights import WeightTable
from augury.backtest.portfolio.running import run_portfolio_engine
from augury.backtest.spec import BacktestSpec, CostSpec, ExitSpec
from augury.market.bars import BarArrays

DAY = 86_400 * 10**9
START = np.int64(1_577_836_800) * 10**9


@dataclass
class Position:
    """One symbol in the reference."""

    units: float = 0.0
    entry: float = 0.0
    best: float = 0.0
    entered: int = -1
    mark: float | None = None
    gone: bool = False
    out: bool = False
    target: float = 0.0
    order: tuple[float, str] | None = None


@dataclass
class Reference:
    """The rules of `run_portfolio`, written down once more, in plain loops and with a search instead of a formula."""

    spec: PortfolioSpec
    symbols: int
    cash: float = 0.0
    ruined: bool = False
    seen: int = -1
    fresh: bool = False
    fills: list[tuple[int, int, float, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cash = self.spec.backtest.initial_cash
        self.positions = [Position() for _ in range(self.symbols)]
        costs = self.spec.backtest.costs
        self.slip = costs.slippage_rate + costs.half_spread_rate

    def fee(self, units: float, price: float) -> float:
        costs = self.spec.backtest.costs
        return max(
            costs.minimum_commission,
            abs(units) * price * costs.commission_rate + abs(units) * costs.commission_per_unit,
        )

    def trade(self, t: int, s: int, units: float, reference: float, slip: float, why: str) -> None:
        p = self.positions[s]
        traded = units - p.units
        price = reference * (1 + slip) if traded > 0 else reference * (1 - slip)
        self.cash -= traded * price + self.fee(traded, price)
        if p.units == 0 or p.units * units < 0:
            p.entry, p.best, p.entered = price, price, t
        elif abs(units) > abs(p.units):
            p.entry = (p.units * p.entry + traded * price) / units
        p.units = units
        self.fills.append((t, s, traded, why))

    def closed_out(self, s: int, side: float) -> None:
        p = self.positions[s]
        p.out = True
        if p.order is not None and p.order[0] * side > 0:
            p.order = None

    def value(self) -> float:
        return self.cash + sum(p.units * (p.mark or 0.0) for p in self.positions)

    def accrue(self, years: float) -> None:
        costs = self.spec.backtest.costs
        values = [p.units * (p.mark or 0.0) for p in self.positions]
        self.cash -= sum(-v * costs.borrow_rate * years for v in values if v < 0)
        free = self.cash + sum(v for v in values if v < 0)
        if free >= 0:
            self.cash += free * costs.cash_interest_rate * years
        elif -free > 1e-6 * sum(abs(v) for v in values):
            self.cash += free * costs.margin_interest_rate * years

    def act(self, t: int, actions: list[tuple[int, int, PanelAction]]) -> None:
        for bar, s, action in actions:
            p = self.positions[s]
            if bar != t:
                continue
            p.units *= action.split_ratio
            p.entry /= action.split_ratio
            p.best /= action.split_ratio
            p.mark = None if p.mark is None else p.mark / action.split_ratio
            self.cash += p.units * action.dividend
            if action.delisted and not p.gone:
                if p.units:
                    price = p.mark if action.price is None else action.price
                    assert price is not None
                    self.trade(t, s, 0.0, price, self.spec.delisting_cost_rate, "delisting")
                p.order, p.gone, self.fresh = None, True, True

    def limits(self, t: int, bar: Any) -> None:
        hold = self.spec.backtest.exits.maximum_holding_bars
        for s, p in enumerate(self.positions):
            if hold is not None and p.units and not math.isnan(bar[0, s]) and t - p.entered >= hold:
                side = p.units
                self.trade(t, s, 0.0, bar[0, s], self.slip, "time")
                self.closed_out(s, side)

    def exits(self, t: int, bar: Any, at_open: bool) -> None:
        exits = self.spec.backtest.exits
        for s, p in enumerate(self.positions):
            first, high, low = bar[0, s], bar[1, s], bar[2, s]
            if not p.units or math.isnan(first):
                continue
            side = 1.0 if p.units > 0 else -1.0
            levels = [(p.entry * (1 - side * exits.stop_loss), "stop_loss")] if exits.stop_loss else []
            levels += [(p.best * (1 - side * exits.trailing_stop), "trailing_stop")] if exits.trailing_stop else []
            stop, why = max(levels, key=lambda level: side * level[0]) if levels else (-side * math.inf, "")
            target = p.entry * (1 + side * exits.take_profit) if exits.take_profit else side * math.inf
            worst, finest = (low, high) if side > 0 else (high, low)
            entered = at_open and p.entered == t
            if side * first <= side * stop:
                self.trade(t, s, 0.0, first, self.slip, why)
            elif not entered and side * first >= side * target:
                self.trade(t, s, 0.0, first, 0.0, "take_profit")
            elif side * worst <= side * stop:
                self.trade(t, s, 0.0, stop, self.slip, why)
            elif side * finest > side * target:
                self.trade(t, s, 0.0, target, 0.0, "take_profit")
            else:
                p.best = max(p.best, high) if side > 0 else min(p.best, low)
                continue
            self.closed_out(s, side)

    def size(self, orders: dict[int, tuple[float, float]], frozen: dict[int, float]) -> dict[int, float]:
        """Units for symbol -> (weight, price), by bisection on the equity that is left after all costs."""
        p = self.positions
        equity = self.cash + sum(p[s].units * price for s, price in frozen.items())
        equity += sum(p[s].units * price for s, (_, price) in orders.items())
        if equity <= 0:
            return {s: 0.0 if weight == 0 else p[s].units for s, (weight, _) in orders.items()}

        def left(guess: float) -> float:
            return equity - sum(
                self.fee(weight * guess / price - p[s].units, price) for s, (weight, price) in orders.items()
            )

        low, high = -equity, 2 * equity
        for _ in range(200):
            middle = (low + high) / 2
            low, high = (middle, high) if left(middle) > middle else (low, middle)
        return {s: weight * low / price for s, (weight, price) in orders.items()}

    def fill(self, t: int, references: Any, volumes: Any) -> None:
        account, p = self.spec.backtest, self.positions
        ready = {}
        for s, one in enumerate(p):
            if one.order is not None and not one.gone and not math.isnan(references[s]):
                ready[s] = one.order[0]
            elif one.order is not None and not account.carry_unfilled:
                one.order = None
        if not ready:
            return
        known = {
            s: references[s] if not math.isnan(references[s]) and not p[s].gone else p[s].mark or 0.0
            for s in range(len(p))
        }
        equity = self.cash + sum(one.units * known[s] for s, one in enumerate(p))
        sides = {s: 1 if weight * equity > p[s].units * known[s] else -1 for s, weight in ready.items()}
        prices = {s: known[s] * (1 + sides[s] * self.slip) for s in ready}
        plan: dict[int, float] = {}
        for _ in range(8):
            frozen = {s: known[s] for s in range(len(p)) if s not in ready}
            plan = self.size({s: (weight, prices[s]) for s, weight in ready.items()}, frozen)
            if account.whole_units:
                plan = {s: float(math.trunc(units)) for s, units in plan.items()}
            idle = []
            for s, units in plan.items():
                grows = p[s].order[1] == "margin" and abs(units) > abs(p[s].units)  # type: ignore[index]
                moves = (units - p[s].units) * sides[s] > 0 and units * ready[s] >= 0
                moves = moves and abs(units - p[s].units) * prices[s] > 1e-12 * abs(equity)
                if grows or units == p[s].units or (ready[s] != 0 and not moves):
                    idle.append(s)
            for s in idle:
                p[s].order = None
                del ready[s], plan[s]
            if not idle:
                break
        whys = {s: p[s].order[1] for s in plan}  # type: ignore[index]
        for s, units in plan.items():
            most = math.inf if account.volume_limit is None else account.volume_limit * volumes[s]
            waits = False
            if abs(units - p[s].units) > most:
                most = math.floor(most) if account.whole_units else most
                plan[s] = p[s].units + math.copysign(most, units - p[s].units)
                waits = account.carry_unfilled
            if not waits:
                p[s].order = None
        self.within_cap(plan, {s: prices.get(s, known[s]) if s in plan else known[s] for s in range(len(p))})
        for side in (-1, 1):
            for s, units in sorted(plan.items()):
                if (units - p[s].units) * side > 0:
                    self.trade(t, s, units, references[s], self.slip, whys[s])
                    p[s].out = p[s].out and units == 0

    def within_cap(self, plan: dict[int, float], prices: dict[int, float]) -> None:
        p = self.positions
        equity = self.cash + sum(one.units * prices[s] for s, one in enumerate(p))
        equity -= sum(self.fee(u - p[s].units, prices[s]) for s, u in plan.items() if u != p[s].units)
        gross = sum(abs(plan.get(s, one.units)) * prices[s] for s, one in enumerate(p))
        base = {s: p[s].units if u * p[s].units > 0 else 0.0 for s, u in plan.items()}
        grown = {s: (abs(u) - abs(base[s])) * prices[s] for s, u in plan.items() if abs(u) > abs(base[s])}
        excess = gross - self.spec.backtest.leverage * max(equity, 0.0)
        if excess <= 1e-9 * max(equity, 0.0) * self.spec.backtest.leverage or not sum(grown.values()):
            return
        share = max(0.0, 1 - excess / sum(grown.values()))
        for s in grown:
            plan[s] = base[s] + share * (plan[s] - base[s])
            if self.spec.backtest.whole_units:
                plan[s] = float(math.trunc(plan[s]))

    def guard(self, t: int) -> float:
        account, p = self.spec.backtest, self.positions
        equity = self.value()
        gross = sum(abs(one.units) * (one.mark or 0.0) for one in p)
        if equity <= 0:
            for s, one in enumerate(p):
                if one.units:
                    self.trade(t, s, 0.0, one.mark or 0.0, self.slip, "ruin")
                one.order = None
            self.ruined = True
            return self.cash
        if (self.cash < 0 or any(one.units < 0 for one in p)) and equity < account.maintenance_margin * gross:
            cap = account.leverage
            held = [one for one in p if one.units]
            wanted = [
                math.copysign(cap * abs(one.units) * (one.mark or 0.0) / gross, one.units)
                if one.order is None
                else one.order[0]
                for one in held
            ]
            total = sum(map(abs, wanted))
            for one, weight in zip(held, wanted, strict=True):
                one.order = (weight * min(1.0, cap / total) if total > cap * (1 + 1e-12) else weight, "margin")
        return equity

    def decide(self, row: int, weights: Any, due: bool, equity: float) -> None:
        if row < 0:
            return
        rule, p = self.spec.rebalance, self.positions
        follows = rule.when in ("on_change", "threshold")
        aims = [
            float(w) if one.mark is not None and not one.gone else 0.0 for w, one in zip(weights[row], p, strict=True)
        ]
        if self.spec.max_weight is not None:
            aims = [math.copysign(min(abs(w), self.spec.max_weight), w) for w in aims]
        most = self.spec.backtest.leverage - self.spec.cash_buffer
        if self.spec.cash_buffer and sum(map(abs, aims)) > most:
            gross = sum(map(abs, aims))
            aims = [w * most / gross for w in aims]
        everything = due or self.seen < 0
        looked = everything or (follows and (row != self.seen or self.fresh))
        self.seen, self.fresh = row, False
        changed = [aim != one.target for aim, one in zip(aims, p, strict=True)]
        if looked and (everything or any(changed)):
            for one, aim, new in zip(p, aims, changed, strict=True):
                if everything or new or (rule.scope == "all" and not one.out):
                    self.ask(one, aim)
            return
        if rule.threshold is None or equity <= 0:
            return
        drifts = [
            abs(one.units * (one.mark or 0.0) / equity - one.target) if one.units and one.order is None else 0.0
            for one in p
        ]
        if (sum(drifts) / 2 if rule.total_drift else max(drifts)) > rule.threshold:
            for one, drift in zip(p, drifts, strict=True):
                if not one.out and (rule.total_drift or rule.scope == "all" or drift > rule.threshold):
                    self.ask(one, one.target)

    @staticmethod
    def ask(one: Position, aim: float) -> None:
        if aim or one.units or one.order is not None:
            one.order = (aim, "rebalance" if aim == one.target else "signal")
        one.target = aim


def reference_run(panel: Panel, table: WeightTable, spec: PortfolioSpec, actions: Any) -> tuple[Any, Reference]:
    n, k = len(panel), len(panel.symbols)
    values = next(panel.blocks(n)).values
    book = Reference(spec, k)
    fill, rule = spec.backtest.fill, spec.rebalance
    equity = []
    months = panel.opened_at.view("datetime64[ns]").astype("datetime64[M]")
    for t in range(n):
        bar = values[:, t]
        book.accrue((panel.opened_at[t] - panel.opened_at[t - 1]) / (360 * DAY) if t else 0.0)
        book.act(t, actions)
        if book.ruined:
            equity.append(book.cash)
            continue
        book.limits(t, bar)
        if fill == "next_open":
            book.fill(t, bar[0], bar[4])
        if spec.backtest.exits.any:
            book.exits(t, bar, fill == "next_open")
        for s, p in enumerate(book.positions):
            if not math.isnan(bar[3, s]):
                book.fresh = book.fresh or p.mark is None
                p.mark = bar[3, s]
        late = t - spec.backtest.delay_bars
        row = -1 if late < 0 else int(np.searchsorted(table.known_at, panel.closed_at[late], side="right")) - 1
        due = late >= 0 and rule.when == "every_n_bars" and late % rule.every_bars == 0
        if rule.when == "monthly" and fill == "same_close":
            due = late >= 1 and months[late] != months[late - 1]
        elif rule.when == "monthly":
            due = 0 <= late < n - 1 and months[late + 1] != months[late]
        if fill == "same_close":
            book.decide(row, table.rows, bool(due), book.value())
        if fill != "next_open":
            book.fill(t, bar[:4].mean(axis=0) if fill == "next_typical" else bar[3], bar[4])
        equity.append(book.guard(t))
        if fill != "same_close" and not book.ruined:
            book.decide(row, table.rows, bool(due), equity[-1])
    return np.array(equity), book


def random_panel(rng: np.random.Generator, n: int, k: int) -> tuple[Panel, Any]:
    scale = float(rng.choice([0.01, 0.04, 0.12]))
    bars: dict[str, BarArrays] = {}
    times = START + 5 * DAY * np.arange(n)
    for s in range(k):
        close = 50.0 * np.exp(np.cumsum(rng.normal(0.0, scale, n)))
        first = np.concatenate([[50.0], close[:-1]]) * np.exp(rng.normal(0.0, scale / 3, n))
        spread = np.exp(np.abs(rng.normal(0.0, scale / 2, (2, n))))
        matrix = np.stack(
            [
                first,
                np.maximum(first, close) * spread[0],
                np.minimum(first, close) / spread[1],
                close,
                rng.integers(0, 900, n),
            ]
        )
        there = rng.random(n) > (0.1 if rng.random() < 0.5 else 0.0)
        begin, end = (0, n) if s == 0 else sorted(rng.choice(n, 2, replace=False))
        if rng.random() < 0.4:
            begin, end = 0, n
        there[:begin], there[end + 1 :] = False, False
        there[[begin, min(end, n - 1)]] = True
        bars[f"S{s}"] = BarArrays(times[there], np.ascontiguousarray(matrix[:, there]))
    some = [
        PanelAction(symbol=f"S{rng.integers(k)}", at=int(times[rng.integers(n)]), split_ratio=2.0, dividend=0.5)
        for _ in range(rng.integers(0, 3))
    ]
    panel = Panel.of(bars, timeframe="5D", actions=some)
    listed = [(int(np.searchsorted(panel.opened_at, a.at)), panel.symbols.index(a.symbol), a) for a in some]
    for s, last in enumerate(panel.last):
        if last < len(panel) - 1:
            gone = PanelAction(symbol=f"S{s}", at=int(panel.opened_at[last + 1]), delisted=True)
            listed.append((int(last) + 1, s, gone))
    return panel, sorted(listed, key=lambda one: (one[0], one[2].delisted))


@st.composite
def specs(draw: Any) -> PortfolioSpec:
    costs = CostSpec(
        commission_rate=draw(st.sampled_from([0.0, 0.001, 0.03])),
        commission_per_unit=draw(st.sampled_from([0.0, 0.02])),
        slippage_rate=draw(st.sampled_from([0.0, 0.001, 0.01])),
        borrow_rate=0.03,
        cash_interest_rate=draw(st.sampled_from([0.0, 0.02])),
    )
    exits = ExitSpec(
        stop_loss=draw(st.sampled_from([None, None, 0.05])),
        take_profit=draw(st.sampled_from([None, 0.08])),
        trailing_stop=draw(st.sampled_from([None, 0.06])),
        maximum_holding_bars=draw(st.sampled_from([None, None, 9])),
    )
    account = BacktestSpec(
        fill=draw(st.sampled_from(["next_open", "next_close", "next_typical", "same_close"])),
        delay_bars=draw(st.sampled_from([0, 0, 2])),
        costs=costs,
        exits=exits,
        leverage=draw(st.sampled_from([1.0, 2.5])),
        whole_units=draw(st.booleans()),
        volume_limit=draw(st.sampled_from([None, None, 0.1])),
        carry_unfilled=draw(st.booleans()),
        maintenance_margin=draw(st.sampled_from([0.3, 0.6])),
    )
    rebalance = draw(
        st.sampled_from(
            [
                RebalanceSpec(),
                RebalanceSpec(scope="affected"),
                RebalanceSpec(when="once"),
                RebalanceSpec(when="monthly"),
                RebalanceSpec(when="every_n_bars", every_bars=3),
                RebalanceSpec(when="threshold", threshold=0.05),
                RebalanceSpec(when="threshold", threshold=0.04, scope="affected"),
                RebalanceSpec(when="threshold", threshold=0.05, total_drift=True),
            ]
        )
    )
    return PortfolioSpec(
        backtest=account,
        rebalance=rebalance,
        max_weight=draw(st.sampled_from([None, 0.25])),
        cash_buffer=draw(st.sampled_from([0.0, 0.05])),
        delisting_cost_rate=draw(st.sampled_from([0.0, 0.3])),
        block_bars=draw(st.sampled_from([5, 1000])),
    )


@settings(max_examples=250)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5), specs())
def test_the_compiled_portfolio_agrees_with_the_readable_one(seed: int, k: int, spec: PortfolioSpec) -> None:
    rng = np.random.default_rng(seed)
    panel, actions = random_panel(rng, 60, k)
    rows = rng.uniform(-0.3 if rng.random() < 0.5 else 0.0, 1.0, (6, k))
    rows *= rng.choice([0.5, 1.0, spec.backtest.leverage], (6, 1)) / np.abs(rows).sum(axis=1, keepdims=True)
    rows = np.trunc(rows * 1000.0) / 1000.0
    table = WeightTable(known_at=np.sort(rng.choice(panel.closed_at, 6, replace=False)), rows=rows)
    run = run_portfolio_engine(panel, table, spec)
    equity, book = reference_run(panel, table, spec, actions)
    names = run.fills_frame()["why"].tolist()
    got = [(int(f[0]), int(f[-1]), float(f[1]), why) for f, why in zip(run.fills, names, strict=True)]
    assert [(t, s, why) for t, s, _, why in got] == [(t, s, why) for t, s, _, why in book.fills]
    np.testing.assert_allclose([f[2] for f in got], [f[2] for f in book.fills], rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(run.equity, equity, rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(run.cash + run.net, run.equity, rtol=1e-12, atol=1e-7)
