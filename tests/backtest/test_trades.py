"""Trades matched from fills: against a slow matcher, the account's own books, and prices read bar by bar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.backtest import BacktestSpec, CostSpec, ExitSpec, Order, run_backtest, run_engine, run_orders
from augury.backtest.account import layout as at
from augury.backtest.account.trades import traded_notional, trades_of

CLOSING = {"next_close", "same_close"}


@dataclass
class Lot:
    """One unit-weighted round trip, kept as people would: a list of entries and a list of exits."""

    side: float
    entries: list[tuple[int, float, float]]  # bar, units, price
    exits: list[tuple[int, float, float]]
    commission: float = 0.0
    slippage: float = 0.0
    why: str = "open"

    def split(self, ratio: float) -> None:
        self.entries = [(t, units * ratio, price / ratio) for t, units, price in self.entries]
        self.exits = [(t, units * ratio, price / ratio) for t, units, price in self.exits]

    @property
    def held(self) -> float:
        return sum(units for _, units, _ in self.entries) - sum(units for _, units, _ in self.exits)

    def profit(self) -> float:
        bought = sum(units * price for _, units, price in self.entries)
        sold = sum(units * price for _, units, price in self.exits)
        return self.side * (sold - bought) - self.commission


def matched(run: Any) -> list[Lot]:
    """Round trips from flat to flat, one fill at a time, splits applied at their bars."""
    lots: list[Lot] = []
    lot: Lot | None = None
    fills = run.fills.tolist()
    for t in range(len(run.bars)):
        if run.actions.shape[1] and lot is not None:
            lot.split(run.actions[0, t])
        while fills and fills[0][at.FILL_BAR] == t:
            _, traded, price, fee, slipped, why, held = fills.pop(0)
            size, side = abs(traded), 1.0 if traded > 0 else -1.0
            if lot is not None and side != lot.side:
                units = min(size, lot.held) if held * lot.side < 0.0 else (lot.held if held == 0.0 else size)
                lot.exits.append((t, units, price))
                lot.commission += fee * (units / size if held * lot.side < 0.0 else 1.0)
                lot.slippage += slipped * (units / size if held * lot.side < 0.0 else 1.0)
                if held * lot.side <= 0.0:
                    lot.why = at.REASONS[int(why)]
                    lots.append(lot)
                    lot = None
                    if held != 0.0:
                        share = 1.0 - units / size
                        lot = Lot(side, [(t, abs(held), price)], [], fee * share, slipped * share)
            elif lot is not None:
                lot.entries.append((t, size, price))
                lot.commission, lot.slippage = lot.commission + fee, lot.slippage + slipped
            else:
                lot = Lot(side, [(t, size, price)], [], fee, slipped)
    if lot is not None:
        lot.exits.append((len(run.bars) - 1, lot.held, float(run.bars.matrix[3, -1])))
        lots.append(lot)
    return lots


def slow_excursions(run: Any, lot: Lot) -> tuple[float, float]:
    """Best and worst price while the trade was open, as fractions of its mean entry price, for its holder."""
    entered, left, fill = lot.entries[0][0], lot.exits[-1][0], run.spec.fill
    units = sum(units for _, units, _ in lot.entries)
    entry = sum(units * price for _, units, price in lot.entries) / units
    seen = [entry, sum(units * price for _, units, price in lot.exits) / units]
    for t in range(entered, left + 1):
        o, h, low, _, _ = run.bars.matrix[:, t] * (
            np.prod(1.0 / run.actions[0, t + 1 : left + 1]) if run.actions.shape[1] else 1.0
        )
        ordered = lot.why in ("signal", "margin", "rebalance")
        if t == left and lot.why != "open":
            if lot.why == "ruin" or (fill in CLOSING and ordered):
                seen += [h, low]
            elif t > entered and lot.why != "delisting":
                seen.append(o)
        elif t > entered or fill == "next_open":
            seen += [h, low]
    moves = [lot.side * (price / entry - 1.0) for price in seen]
    return max(max(moves), 0.0), min(min(moves), 0.0)


@st.composite
def specs(draw: Any) -> BacktestSpec:
    optional = st.sampled_from([None, 0.04, 0.15])
    return BacktestSpec(
        costs=CostSpec(minimum_commission=draw(st.sampled_from([0.0, 3.0])), cash_interest_rate=0.03, borrow_rate=0.04),
        fill=draw(st.sampled_from(["next_open", "next_close", "next_typical", "same_close"])),
        leverage=draw(st.sampled_from([1.0, 3.0])),
        exits=ExitSpec(
            stop_loss=draw(optional),
            take_profit=draw(optional),
            trailing_stop=draw(optional),
            maximum_holding_bars=draw(st.sampled_from([None, 4])),
        ),
        rebalance_drift=draw(st.sampled_from([None, 0.02])),
        volume_limit=draw(st.sampled_from([None, 0.4])),
    )


def some_run(data: Any, make_random_bars: Any) -> Any:
    spec = data.draw(specs())
    bars = make_random_bars(data.draw(st.integers(0, 10**6)), data.draw(st.integers(2, 90)), 0.04)
    rng, n = np.random.default_rng(data.draw(st.integers(0, 10**6))), len(bars)
    levels = rng.choice([0.0, 1.0, -1.0, 0.5, -0.4], n) * spec.leverage
    targets = levels[np.maximum.accumulate(np.where(rng.random(n) < 0.3, np.arange(n), 0))]
    actions = None
    if data.draw(st.booleans()):
        actions = np.ones((3, n))
        actions[1], actions[2] = 0.0, np.nan
        actions[0, rng.integers(1, n, 2)] = rng.choice([2.0, 1.5, 0.1, 3.0], 2)
        actions[1, rng.integers(1, n, 2)] = 0.3
        if data.draw(st.booleans()):
            actions[2, -1] = 20.0
    return run_engine(bars, targets, spec, actions=actions)


@given(data=st.data())
@settings(max_examples=250)
def test_trades_are_those_of_a_slow_matcher(data: Any, make_random_bars: Any) -> None:
    run = some_run(data, make_random_bars)
    frame, lots = trades_of(run).to_frame(run.bars.opened_at), matched(run)
    assert len(frame) == len(lots)
    times = run.bars.opened_at
    for row, lot in zip(frame.to_dict("records"), lots, strict=True):
        units = sum(units for _, units, _ in lot.entries)
        assert row["side"] == ("long" if lot.side > 0 else "short")
        assert row["entry_time"].value == times[lot.entries[0][0]]
        assert row["exit_time"].value == times[lot.exits[-1][0]]
        assert row["holding_bars"] == lot.exits[-1][0] - lot.entries[0][0]
        assert row["exit_reason"] == lot.why
        assert row["is_open"] == (lot.why == "open")
        scale = max(run.spec.initial_cash, units * row["entry_price"])
        best, worst = slow_excursions(run, lot)
        for name, value, size in (
            ("units", units, units),
            ("entry_price", sum(u * p for _, u, p in lot.entries) / units, 1.0),
            ("exit_price", sum(u * p for _, u, p in lot.exits) / units, 1.0),
            ("profit_and_loss", lot.profit(), scale),
            ("commission", lot.commission, scale),
            ("slippage", lot.slippage, scale),
            ("costs", lot.commission + lot.slippage, scale),
            ("maximum_favourable_excursion", best, 1.0),
            ("maximum_adverse_excursion", worst, 1.0),
        ):
            assert row[name] == pytest.approx(value, rel=1e-7, abs=1e-9 * size), name


@given(data=st.data())
@settings(max_examples=150)
def test_profits_add_up_to_the_change_of_equity_less_financing_and_dividends(data: Any, make_random_bars: Any) -> None:
    run = some_run(data, make_random_bars)
    trades, state = trades_of(run), run.state
    financing = state[at.INTEREST] - state[at.BORROWING]
    change = run.equity[-1] - run.spec.initial_cash
    profit = trades.profit_and_loss.sum()
    money = run.spec.initial_cash + float(traded_notional(run).sum())
    assert profit + financing + state[at.DIVIDENDS] == pytest.approx(change, abs=1e-9 * money)
    assert trades.column(7).sum() == pytest.approx(state[at.COMMISSION], rel=1e-9)
    assert trades.column(8).sum() == pytest.approx(state[at.SLIPPAGE], rel=1e-9)


def test_a_trade_by_hand(make_bars: Any) -> None:
    """Buy 100 at 10, twice as many at 12, half out at 15, the rest reversed at 9: a textbook's columns."""
    closes = np.array([10.0, 10.0, 12.0, 12.0, 15.0, 15.0, 9.0, 9.0])
    bars = make_bars(closes, closes)
    free = CostSpec(commission_rate=0.0, slippage_rate=0.0, borrow_rate=0.0, margin_interest_rate=0.0)
    spec = BacktestSpec(initial_cash=1_000.0, costs=free, whole_units=True)
    result = run_backtest(np.array([0.2, 1.0, 1.0, 0.5, 0.5, -0.5, -0.5, -0.5]), bars, spec=spec)
    first, second = result.trades.to_dict("records")
    held = 20 + 66  # 200 of cash at 10; then 1,000 + 20 * 2 = 1,040 of equity at 12
    left = 43  # half of 1,040 + 86 * 3 = 1,298 at 15
    bought, sold = 20 * 10 + 66 * 12, 43 * 15 + 43 * 9
    assert first["units"] == held
    assert first["entry_price"] == pytest.approx(bought / held)
    assert first["exit_price"] == pytest.approx(sold / held)
    assert first["profit_and_loss"] == pytest.approx(sold - bought)
    assert first["return"] == pytest.approx((sold - bought) / bought)
    assert first["maximum_favourable_excursion"] == pytest.approx(15 / (bought / held) - 1)
    assert first["maximum_adverse_excursion"] == pytest.approx(9 / (bought / held) - 1)
    assert (second["side"], second["is_open"], second["exit_reason"]) == ("short", True, "open")
    assert held - left == 43


def test_an_exit_at_the_stop_still_counts_the_open_it_came_from(make_bars: Any) -> None:
    closes = np.array([10.0, 10.0, 10.0, 9.0])
    opens = np.array([10.0, 10.0, 10.0, 11.0])
    spec = BacktestSpec(costs=CostSpec(commission_rate=0.0, slippage_rate=0.0), exits=ExitSpec(stop_loss=0.05))
    row = run_backtest(np.ones(4), make_bars(closes, opens), spec=spec).trades.iloc[0]
    assert row["exit_reason"] == "stop_loss"
    assert row["maximum_favourable_excursion"] == pytest.approx(0.1)
    assert row["maximum_adverse_excursion"] == pytest.approx(-0.05)


def test_an_order_filled_at_the_close_has_seen_its_last_bar_whole(make_bars: Any) -> None:
    closes, reach = np.full(4, 10.0), np.zeros((2, 4))
    reach[1, 2] = 0.3
    bars = make_bars(closes, closes, reach)
    targets = np.array([1.0, 0.0, 0.0, 0.0])
    free = CostSpec(commission_rate=0.0, slippage_rate=0.0)
    at_close = run_backtest(targets, bars, spec=BacktestSpec(fill="next_close", costs=free)).trades.iloc[0]
    assert at_close["maximum_adverse_excursion"] == pytest.approx(-0.3)
    at_open = run_backtest(targets, bars, spec=BacktestSpec(costs=free)).trades.iloc[0]
    assert at_open["maximum_adverse_excursion"] == 0.0


@pytest.mark.parametrize("slip", [0.0, 0.01])
def test_of_the_bar_of_an_entry_inside_it_only_the_close_is_known_to_come_after(slip: float, make_bars: Any) -> None:
    closes = np.array([10.0, 10.0, 9.8, 10.1, 10.1])
    opens = np.array([10.0, 10.0, 10.0, 9.8, 10.1])
    bars = make_bars(closes, opens)
    bars.matrix[1, 2], bars.matrix[2, 2] = 13.0, 9.0  # before or after the fill: nobody knows
    spec = BacktestSpec(costs=CostSpec(commission_rate=0.0, slippage_rate=slip))
    leave = Order(bar=3, side="sell", units=1)

    def moves(**options: Any) -> tuple[float, float]:
        run = run_orders(bars, [Order(bar=1, side="buy", units=1, **options), leave], spec).run
        row = trades_of(run).to_frame(bars.opened_at).iloc[0]
        assert row["holding_bars"] == 2
        price = row["entry_price"]
        return (
            (1.0 + row["maximum_favourable_excursion"]) * price,
            (1.0 + row["maximum_adverse_excursion"]) * price,
        )

    assert moves(kind="limit", limit_price=9.5) == pytest.approx((10.1, 9.5))
    assert moves(kind="stop", stop_price=12.0) == pytest.approx((12.0 * (1.0 + slip), 9.8))
    assert moves(kind="limit", limit_price=10.5) == pytest.approx((13.0, 9.0))  # at the open, which was better
    assert moves() == pytest.approx((13.0, 9.0))


def test_without_fills_there_are_no_trades_and_no_measures_of_them(make_random_bars: Any) -> None:
    result = run_backtest(np.zeros(60), make_random_bars(1, 60))
    assert len(result.trades) == len(result.trade_list) == 0
    assert result.metrics["trades"].value == 0.0
    assert np.isnan(result.metrics["win_rate"].value)
    assert result.metrics["win_rate"].reason
