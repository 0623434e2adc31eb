"""Single orders: when they fill, at which price, in which order inside a bar, and what becomes of those that do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from augury.backtest import BacktestSpec, CostSpec, ExitSpec, run_engine
from augury.backtest.account import layout as at
from augury.backtest.actions.corporate_actions import CorporateAction, action_matrix
from augury.backtest.orders.order import AttachedExits, Order
from augury.backtest.orders.order_engine import OrdersRun, run_order_engine
from augury.errors import InvalidInput
from augury.market.bars import BarArrays

FREE = CostSpec(
    commission_rate=0.0, slippage_rate=0.0, borrow_rate=0.0, cash_interest_rate=0.0, margin_interest_rate=0.0
)
SLIPPING = FREE.replace(slippage_rate=0.01)
PLAIN = BacktestSpec(initial_cash=10_000.0, costs=FREE)
SLIPS = PLAIN.replace(costs=SLIPPING)


def bars_of(*rows: tuple[float, float, float, float]) -> BarArrays:
    """Bars from (open, high, low, close), after one quiet bar at 100 at whose close orders are submitted."""
    table = np.array([(100.0, 100.0, 100.0, 100.0), *rows])
    matrix = np.ascontiguousarray(np.vstack([table.T, np.full(len(table), 1000.0)]))
    return BarArrays(np.arange(len(table), dtype=np.int64) * 86_400 * 10**9, matrix)


def buy(**options: Any) -> Order:
    return Order(**{"bar": 0, "side": "buy", "units": 10.0} | options)


def sell(**options: Any) -> Order:
    return Order(**{"bar": 0, "side": "sell", "units": 10.0} | options)


def told(done: OrdersRun) -> list[tuple[int, float, float, str]]:
    """Fills as (bar, units, price, reason)."""
    columns = (at.FILL_BAR, at.FILL_UNITS, at.FILL_PRICE, at.FILL_WHY)
    return [(int(b), u, round(float(p), 9), at.REASONS[int(w)]) for b, u, p, w in done.run.fills[:, columns].tolist()]


@pytest.mark.parametrize(
    ("order", "row", "price"),
    [
        (buy(), (101.0, 103.0, 97.0, 99.0), 101.0 * 1.01),
        (sell(), (101.0, 103.0, 97.0, 99.0), 101.0 * 0.99),
        (buy(kind="limit", limit_price=98.0), (101.0, 103.0, 97.0, 99.0), 98.0),
        (buy(kind="limit", limit_price=98.0), (96.0, 103.0, 95.0, 99.0), 96.0),  # gap: the better open
        (buy(kind="limit", limit_price=98.0), (101.0, 103.0, 98.0, 99.0), None),  # a touch is not enough
        (sell(kind="limit", limit_price=102.0), (101.0, 103.0, 97.0, 99.0), 102.0),
        (sell(kind="limit", limit_price=102.0), (104.0, 105.0, 97.0, 99.0), 104.0),
        (sell(kind="limit", limit_price=103.0), (101.0, 103.0, 97.0, 99.0), None),
        (buy(kind="stop", stop_price=103.0), (101.0, 103.0, 97.0, 99.0), 103.0 * 1.01),  # a touch trips it
        (buy(kind="stop", stop_price=103.0), (104.0, 105.0, 97.0, 99.0), 104.0 * 1.01),  # gap: the worse open
        (buy(kind="stop", stop_price=103.1), (101.0, 103.0, 97.0, 99.0), None),
        (sell(kind="stop", stop_price=97.0), (101.0, 103.0, 97.0, 99.0), 97.0 * 0.99),
        (sell(kind="stop", stop_price=97.0), (95.0, 96.0, 94.0, 95.0), 95.0 * 0.99),
        (buy(kind="stop_limit", stop_price=102.0, limit_price=105.0), (101.0, 103.0, 97.0, 99.0), 102.0 * 1.01),
        (buy(kind="stop_limit", stop_price=102.0, limit_price=102.5), (101.0, 103.0, 97.0, 99.0), 102.5),
        (buy(kind="stop_limit", stop_price=102.0, limit_price=102.0), (101.0, 103.0, 97.0, 99.0), None),
        (
            buy(kind="stop_limit", stop_price=100.0, limit_price=98.0),
            (101.0, 103.0, 97.0, 99.0),
            98.0,
        ),  # tripped at open
        (buy(kind="stop_limit", stop_price=102.0, limit_price=98.0), (101.0, 103.0, 97.0, 99.0), None),
        (sell(kind="stop_limit", stop_price=98.0, limit_price=90.0), (101.0, 103.0, 97.0, 99.0), 98.0 * 0.99),
        (sell(kind="stop_limit", stop_price=98.0, limit_price=97.5), (101.0, 103.0, 97.0, 99.0), 97.5),
        (sell(kind="stop_limit", stop_price=98.0, limit_price=97.5), (96.0, 96.5, 95.0, 96.0), None),
    ],
)
def test_an_order_fills_at_the_price_its_kind_allows(order: Order, row: tuple[float, ...], price: float | None) -> None:
    done = run_order_engine(bars_of(row), [order], SLIPS)
    assert [fill[2] for fill in told(done)] == ([] if price is None else [pytest.approx(price)])
    assert done.outcomes[0].status == ("waiting" if price is None else "filled")
    assert done.outcomes[0].average_price == (None if price is None else pytest.approx(price))


def test_a_stop_limit_order_that_tripped_waits_as_a_limit_order() -> None:
    bars = bars_of((101.0, 103.0, 97.0, 99.0), (99.0, 100.0, 97.5, 99.0))
    order = buy(kind="stop_limit", stop_price=102.0, limit_price=98.0)
    assert told(run_order_engine(bars, [order], SLIPS)) == [(2, 10.0, 98.0, "signal")]


@pytest.mark.parametrize(
    ("exits", "rows", "fills"),
    [
        (AttachedExits(stop_loss=0.05), [(100, 101, 94, 100)], [(1, -10, 95.0, "stop_loss")]),
        (AttachedExits(stop_loss=95.0, as_prices=True), [(100, 101, 94, 100)], [(1, -10, 95.0, "stop_loss")]),
        (AttachedExits(stop_loss=0.05), [(100, 101, 99, 100), (90, 91, 89, 90)], [(2, -10, 90, "stop_loss")]),
        (AttachedExits(take_profit=0.1), [(100, 111, 99, 100)], [(1, -10, 110.0, "take_profit")]),
        (AttachedExits(take_profit=0.1), [(100, 110, 99, 100)], []),
        (AttachedExits(take_profit=0.1), [(100, 101, 99, 100), (115, 116, 90, 95)], [(2, -10, 115.0, "take_profit")]),
        (AttachedExits(stop_loss=0.05, take_profit=0.1), [(100, 111, 94, 100)], [(1, -10, 95, "stop_loss")]),
        (
            AttachedExits(trailing_stop=0.1),
            [(100, 120, 99, 119), (119, 119, 107, 110)],
            [(2, -10, 108, "trailing_stop")],
        ),
        (
            AttachedExits(trailing_stop=5.0, as_prices=True),
            [(100, 120, 99, 119), (119, 119, 107, 110)],
            [(2, -10, 115, "trailing_stop")],
        ),
        (AttachedExits(maximum_holding_bars=2), [(100, 101, 99, 100)] * 4, [(3, -10, 100.0, "time")]),
    ],
)
def test_attached_exits_guard_the_position_from_the_bar_of_the_fill_on(
    exits: AttachedExits, rows: list[tuple[float, ...]], fills: list[tuple[Any, ...]]
) -> None:
    done = run_order_engine(bars_of(*rows), [buy(exits=exits)], PLAIN)
    assert told(done)[1:] == [(bar, units, pytest.approx(price), why) for bar, units, price, why in fills]


def test_stops_and_time_exits_slip_and_targets_do_not() -> None:
    for exits, price in (
        (AttachedExits(stop_loss=95.0, as_prices=True), 95.0 * 0.99),
        (AttachedExits(take_profit=108.0, as_prices=True), 108.0),
        (AttachedExits(maximum_holding_bars=1), 100.0 * 0.99),
    ):
        up = exits.take_profit is not None
        rows = ((100, 109, 99, 100) if up else (100, 101, 99, 100)), ((100, 101, 94, 100))
        assert told(run_order_engine(bars_of(*rows), [buy(exits=exits)], SLIPS))[1][2] == pytest.approx(price)


def test_the_exits_of_the_spec_guard_what_has_none_of_its_own() -> None:
    spec = PLAIN.replace(exits=ExitSpec(stop_loss=0.05))
    done = run_order_engine(bars_of((100, 101, 94, 100)), [buy()], spec)
    assert told(done)[1] == (1, -10.0, 95.0, "stop_loss")


def test_an_order_that_fills_inside_the_bar_may_be_stopped_in_it_but_not_reach_its_target() -> None:
    bars = bars_of((105, 112, 97, 111), (111, 112, 110, 111))
    entry = buy(kind="limit", limit_price=100.0, exits=AttachedExits(take_profit=0.1))
    done = run_order_engine(bars, [entry], PLAIN)
    assert told(done) == [(1, 10.0, 100.0, "signal"), (2, -10.0, 111.0, "take_profit")]
    assert done.run.state[at.AMBIGUOUS] == 1.0
    stopped = run_order_engine(bars, [buy(kind="limit", limit_price=100.0, exits=AttachedExits(stop_loss=0.02))], PLAIN)
    assert told(stopped)[1] == (1, -10.0, 98.0, "stop_loss")
    assert stopped.run.state[at.AMBIGUOUS] == 1.0


def test_of_a_group_touched_in_one_bar_the_worse_leg_fills_and_cancels_the_others() -> None:
    bars = bars_of((100, 100, 100, 100), (100, 106, 94, 100))
    loss, gain = (
        sell(bar=1, kind="stop", stop_price=95.0, group=7),
        sell(bar=1, kind="limit", limit_price=105.0, group=7),
    )
    for legs in ([loss, gain], [gain, loss]):
        done = run_order_engine(bars, [buy(), *legs], PLAIN)
        assert told(done)[1:] == [(2, -10.0, 95.0, "signal")]
        assert done.run.state[at.AMBIGUOUS] == 1.0
        assert {o.status for o in done.outcomes[1:]} == {"filled", "cancelled"}
        assert done.outcomes[1 + legs.index(gain)].reason == "group_filled"


def test_a_straddle_in_one_group_enters_on_the_side_that_loses_by_the_close() -> None:
    up, down = buy(kind="stop", stop_price=103.0, group=1), sell(kind="stop", stop_price=97.0, group=1)
    assert told(run_order_engine(bars_of((100, 104, 96, 97.5)), [up, down], PLAIN)) == [(1, 10.0, 103.0, "signal")]
    assert told(run_order_engine(bars_of((100, 104, 96, 103.5)), [up, down], PLAIN)) == [(1, -10.0, 97.0, "signal")]


def test_a_stop_of_the_position_comes_before_an_order_that_takes_profit() -> None:
    bars = bars_of((100, 100, 100, 100), (100, 106, 94, 100))
    orders = [buy(exits=AttachedExits(stop_loss=0.05)), sell(bar=1, kind="limit", limit_price=105.0, good_for_bars=1)]
    done = run_order_engine(bars, orders, PLAIN)
    assert told(done)[1:] == [(2, -10.0, 95.0, "stop_loss")]
    assert done.outcomes[1].status == "expired"
    assert done.run.state[at.AMBIGUOUS] == 1.0


@pytest.mark.parametrize(("limit", "taken"), [(104.0, "signal"), (106.0, "take_profit")])
def test_the_nearer_of_target_and_limit_order_takes_the_profit(limit: float, taken: str) -> None:
    bars = bars_of((100, 100, 100, 100), (100, 107, 99, 100))
    orders = [buy(exits=AttachedExits(take_profit=0.05)), sell(bar=1, kind="limit", limit_price=limit)]
    done = run_order_engine(bars, orders, PLAIN)
    assert told(done)[1:] == [(2, -10.0, min(limit, 105.0), taken)]


def test_exits_of_the_last_order_guard_all_and_an_order_without_leaves_them() -> None:
    bars = bars_of((100, 100, 100, 100), (100, 100, 100, 100), (100, 100, 94, 94), (94, 94, 89, 90))
    first, adds = buy(exits=AttachedExits(stop_loss=0.05)), buy(bar=1)
    assert told(run_order_engine(bars, [first, adds], PLAIN))[-1] == (3, -20.0, 95.0, "stop_loss")
    wider = buy(bar=1, exits=AttachedExits(stop_loss=0.1))
    assert told(run_order_engine(bars, [first, wider], PLAIN))[-1] == (4, -20.0, 90.0, "stop_loss")


@pytest.mark.parametrize(
    ("orders", "spec", "status", "reason"),
    [
        ([buy(units=101.0)], PLAIN, "rejected", "buying_power"),
        ([buy(units=100.0)], PLAIN, "filled", ""),
        ([buy(units=150.0)], PLAIN.replace(leverage=2.0), "filled", ""),
        ([sell(units=101.0)], PLAIN, "rejected", "buying_power"),
        ([sell()], PLAIN.replace(allow_short=False), "rejected", "short_not_allowed"),
        ([Order(bar=0, target=0.0)], PLAIN, "rejected", "nothing_to_do"),
        ([buy(kind="limit", limit_price=50.0, good_for_bars=2)], PLAIN, "expired", "good_for_ended"),
        ([buy(kind="limit", limit_price=50.0)], PLAIN, "waiting", "bars_ended"),
        ([buy(bar=5)], PLAIN, "waiting", "bars_ended"),
        ([buy(units=30.0)], PLAIN.replace(volume_limit=0.02), "filled", ""),
        ([buy(units=30.0, good_for_bars=1)], PLAIN.replace(volume_limit=0.02), "partly_filled", "good_for_ended"),
        ([buy(units=30.0)], PLAIN.replace(volume_limit=0.02, carry_unfilled=False), "partly_filled", "volume"),
    ],
)
def test_every_order_has_an_outcome_with_its_reason(
    orders: list[Order], spec: BacktestSpec, status: str, reason: str
) -> None:
    done = run_order_engine(bars_of(*[(100, 100, 100, 100)] * 5), orders, spec)
    assert (done.outcomes[0].status, done.outcomes[0].reason) == (status, reason)


def test_making_a_position_smaller_needs_no_buying_power() -> None:
    bars = bars_of((100, 100, 100, 100), (100, 160, 100, 160))
    done = run_order_engine(bars, [sell(units=100.0), buy(bar=2 - 1, kind="stop", stop_price=150.0, units=50.0)], PLAIN)
    assert done.outcomes[1].status == "filled"


def test_volume_is_shared_by_the_orders_of_a_bar() -> None:
    spec = PLAIN.replace(volume_limit=0.025)
    done = run_order_engine(bars_of(*[(100, 100, 100, 100)] * 3), [buy(units=20.0), buy(units=15.0)], spec)
    assert told(done) == [(1, 20.0, 100.0, "signal"), (1, 5.0, 100.0, "signal"), (2, 10.0, 100.0, "signal")]
    assert (done.outcomes[1].first_bar, done.outcomes[1].last_bar, done.outcomes[1].units) == (1, 2, 15.0)


def test_what_volume_left_of_a_stop_order_goes_at_the_next_open() -> None:
    bars = bars_of((100, 100, 100, 100), (100, 100, 94, 94), (80, 81, 79, 80))
    spec = PLAIN.replace(volume_limit=0.006)
    done = run_order_engine(bars, [sell(bar=1, kind="stop", stop_price=95.0)], spec)
    assert told(done) == [(2, -6.0, 95.0, "signal"), (3, -4.0, 80.0, "signal")]


def test_a_delay_makes_orders_wait_longer() -> None:
    done = run_order_engine(bars_of(*[(100, 100, 100, 100)] * 4), [buy()], PLAIN.replace(delay_bars=2))
    assert done.outcomes[0].first_bar == 3


def test_a_split_restates_what_waits_and_what_guards() -> None:
    bars = bars_of((100, 100, 100, 100), (50, 50, 50, 50), (50, 50, 46, 46), (46, 46, 44, 44))
    split = action_matrix(bars, [CorporateAction(at=int(bars.opened_at[2]), kind="split", value=2.0)])
    guarded = buy(exits=AttachedExits(stop_loss=90.0, as_prices=True))
    resting = buy(kind="limit", limit_price=94.0)
    done = run_order_engine(bars, [guarded, resting], PLAIN, actions=split)
    assert told(done)[1:] == [(3, 20.0, 47.0, "signal"), (4, -40.0, 45.0, "stop_loss")]


def test_a_delisting_and_ruin_cancel_what_waits() -> None:
    bars = bars_of((100, 100, 100, 100), (100, 100, 100, 100))
    gone = action_matrix(bars, [CorporateAction(at=int(bars.opened_at[2]), kind="delisting", value=0.0)])
    resting = buy(kind="limit", limit_price=50.0)
    done = run_order_engine(bars, [buy(), resting], PLAIN, actions=gone)
    assert done.outcomes[1].reason == "delisted"
    assert done.run.equity[-1] == 9000.0
    crash = bars_of((100, 100, 100, 100), (300, 300, 300, 300), (300, 300, 300, 300))
    ruined = run_order_engine(crash, [sell(units=100.0), resting], PLAIN)
    assert ruined.outcomes[1].reason == "ruined"
    assert told(ruined)[-1][-1] == "ruin"


def test_a_margin_call_cuts_the_position_at_the_next_open() -> None:
    bars = bars_of((100, 100, 100, 100), (150, 160, 150, 160), (160, 160, 160, 160))
    done = run_order_engine(bars, [sell(units=100.0)], PLAIN)
    assert told(done)[-1][-1] == "margin"
    assert abs(done.run.units[-1]) * 160.0 == pytest.approx(done.run.equity[-1])


@settings(max_examples=80)
@given(seed=st.integers(0, 2**32 - 1), exits=st.booleans(), whole=st.booleans())
def test_target_orders_and_target_events_give_the_same_account(
    make_random_bars: Callable[..., BarArrays], seed: int, exits: bool, whole: bool
) -> None:
    rng, n = np.random.default_rng(seed), 60
    bars = make_random_bars(seed, n, 0.03)
    guards = ExitSpec(stop_loss=0.03, take_profit=0.08, trailing_stop=0.05, maximum_holding_bars=9)
    spec = BacktestSpec(leverage=2.0, maintenance_margin=0.0, exits=guards if exits else ExitSpec(), whole_units=whole)
    events = np.where(rng.random(n) < 0.3, rng.uniform(-2.0, 2.0, n), np.nan)
    orders = [Order(bar=int(t), target=float(events[t])) for t in np.flatnonzero(~np.isnan(events))]
    expected = run_engine(bars, events, spec, events=True)
    done = run_order_engine(bars, orders, spec)
    np.testing.assert_allclose(done.run.equity, expected.equity, rtol=1e-12)
    np.testing.assert_allclose(done.run.fills, expected.fills, rtol=1e-9, atol=1e-9)


def random_orders(rng: np.random.Generator, bars: BarArrays, count: int) -> list[Order]:
    orders = []
    for _ in range(count):
        t = int(rng.integers(0, len(bars)))
        price = float(bars.matrix[3, t])
        kind = str(rng.choice(["market", "limit", "stop", "stop_limit"]))
        near, far = (price * np.exp(rng.normal(0.0, 0.03, 2))).tolist()
        exits = AttachedExits(stop_loss=0.04, take_profit=0.05, trailing_stop=[None, 0.03][int(rng.integers(2))])
        orders.append(
            Order(
                bar=t,
                side=("buy", "sell")[int(rng.integers(2))],  # type: ignore[arg-type]
                units=float(rng.uniform(1.0, 60.0)),
                kind=kind,  # type: ignore[arg-type]
                limit_price=near if "limit" in kind else None,
                stop_price=far if "stop" in kind else None,
                good_for_bars=[None, 3, 10][int(rng.integers(3))],
                group=[None, 1, 2][int(rng.integers(3))],
                exits=[None, exits][int(rng.integers(2))],
            )
        )
    return orders


@settings(max_examples=100)
@example(seed=69665, count=36, limit=0.1)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(0, 40), limit=st.sampled_from([None, 0.1]))
def test_the_books_balance_and_every_fill_lies_inside_its_bar(
    make_random_bars: Callable[..., BarArrays], seed: int, count: int, limit: float | None
) -> None:
    bars = make_random_bars(seed, 80, 0.02)
    spec = BacktestSpec(costs=FREE.replace(commission_rate=0.001), volume_limit=limit, leverage=1.5)
    orders = random_orders(np.random.default_rng(seed), bars, count)
    done = run_order_engine(bars, orders, spec)
    fills = done.run.fills
    cash = np.full(80, spec.initial_cash)
    for bar, units, price, fee in fills[:, [at.FILL_BAR, at.FILL_UNITS, at.FILL_PRICE, at.FILL_COMMISSION]].tolist():
        cash[int(bar) :] -= units * price + fee
        assert bars.matrix[2, int(bar)] * (1 - 1e-12) <= price <= bars.matrix[1, int(bar)] * (1 + 1e-12)
    np.testing.assert_allclose(done.run.equity, cash + done.run.units * bars.matrix[3], rtol=1e-9)
    signalled = fills[:, at.FILL_WHY] == at.SIGNAL
    assert sum(o.units for o in done.outcomes) == pytest.approx(fills[signalled, at.FILL_UNITS].sum(), abs=1e-9)
    for order, outcome in zip(orders, done.outcomes, strict=True):
        assert (outcome.status == "filled") == (abs(abs(outcome.units) - order.units) < 1e-9)
        assert (outcome.status == "filled") == (outcome.reason == "")
        if outcome.first_bar is not None and outcome.last_bar is not None and outcome.average_price is not None:
            assert order.bar < outcome.first_bar <= outcome.last_bar
            assert order.good_for_bars is None or outcome.last_bar <= order.bar + order.good_for_bars
            if order.kind in ("limit", "stop_limit") and order.limit_price is not None:
                side = 1.0 if order.side == "buy" else -1.0
                assert side * outcome.average_price <= side * order.limit_price * (1 + side * 1e-12)


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 12), acting=st.booleans())
def test_an_order_that_never_fills_changes_nothing(
    make_random_bars: Callable[..., BarArrays], seed: int, count: int, acting: bool
) -> None:
    """With an empty book the engine hurries through quiet bars; an order far away keeps the book from being empty."""
    rng, bars = np.random.default_rng(seed), make_random_bars(seed, 120, 0.02)
    actions = np.ones((3, 120))
    actions[0, rng.random(120) < 0.02] = 2.0
    actions[1], actions[2] = rng.random(120) * (rng.random(120) < 0.05), np.nan
    orders = [order for order in random_orders(rng, bars, count) if order.bar > 0]
    far = Order(bar=0, side="buy", units=1.0, kind="limit", limit_price=1e-6)
    spec = BacktestSpec(costs=CostSpec(cash_interest_rate=0.03), exits=ExitSpec(maximum_holding_bars=15))
    one = run_order_engine(bars, orders, spec, actions=actions if acting else None)
    two = run_order_engine(bars, [far, *orders], spec, actions=actions if acting else None)
    np.testing.assert_array_equal(one.run.equity, two.run.equity)
    np.testing.assert_array_equal(one.run.fills, two.run.fills)
    np.testing.assert_array_equal(one.run.state, two.run.state)
    assert one.outcomes == two.outcomes[1:]


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), cut=st.integers(5, 79))
def test_what_happened_does_not_depend_on_the_bars_that_follow(
    make_random_bars: Callable[..., BarArrays], seed: int, cut: int
) -> None:
    bars = make_random_bars(seed, 80, 0.02)
    orders = [order for order in random_orders(np.random.default_rng(seed), bars, 30) if order.bar < cut]
    whole = run_order_engine(bars, orders, BacktestSpec())
    short = BarArrays(bars.opened_at[:cut], np.ascontiguousarray(bars.matrix[:, :cut]))
    np.testing.assert_array_equal(run_order_engine(short, orders, BacktestSpec()).run.equity, whole.run.equity[:cut])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"units": -1.0}, "units should be a number above 0"),
        ({"units": float("nan")}, "units should be a number above 0"),
        ({"side": "long"}, "'buy' or 'sell'"),
        ({"side": None, "units": None}, "needs a side"),
        ({"target": 1.0}, "leave out side and units"),
        ({"side": None, "units": None, "target": float("nan")}, "fraction of equity"),
        ({"kind": "limits", "limit_price": 1.0}, "did you mean 'limit'"),
        ({"kind": "limit"}, "needs limit_price"),
        ({"kind": "limit", "limit_price": 1.0, "stop_price": 1.0}, "has no stop_price"),
        ({"kind": "stop", "stop_price": -1.0}, "above 0"),
        ({"bar": -1}, "bar should be a whole number"),
        ({"bar": 1.5}, "bar should be a whole number"),
        ({"good_for_bars": 0}, "at least 1"),
        ({"group": -2}, "at least 0"),
    ],
)
def test_an_order_that_cannot_be_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        buy(**options)


@pytest.mark.parametrize(
    "options",
    [
        {"stop_loss": 1.5},
        {"stop_loss": -0.1},
        {"trailing_stop": 1.0},
        {"take_profit": float("inf")},
        {"maximum_holding_bars": 0},
    ],
)
def test_exits_that_cannot_be_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        AttachedExits(**options)


@pytest.mark.parametrize(
    ("order", "spec", "message"),
    [
        (buy(bar=2), PLAIN, "the bars are 0 to 1"),
        (buy(), PLAIN.replace(fill="same_close"), "next open"),
        (buy(), PLAIN.replace(rebalance_drift=0.1), "rebalance_drift"),
        (buy(units=1.5), PLAIN.replace(whole_units=True), "`whole_units` is on"),
        (Order(bar=0, target=1.5), PLAIN, r"\[-1, 1\]"),
        (Order(bar=0, target=-0.5), PLAIN.replace(allow_short=False), r"\[0, 1\]"),
    ],
)
def test_options_that_do_not_go_with_orders_are_refused(order: Order, spec: BacktestSpec, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        run_order_engine(bars_of((100, 100, 100, 100)), [order], spec)


def test_no_orders_leave_the_cash_alone() -> None:
    done = run_order_engine(bars_of((100, 100, 100, 100)), [], PLAIN)
    assert done.run.equity.tolist() == [10_000.0, 10_000.0]
    assert done.outcomes == ()
