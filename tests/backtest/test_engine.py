"""What must hold of every run: the books balance, units of money and time do not matter, the future does not either."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.backtest import BacktestSpec, CostSpec, ExitSpec, run_engine
from augury.backtest.account import layout as at
from augury.backtest.account.engine import check_targets
from augury.errors import InvalidInput
from augury.market.bars import BarArrays

FREE = CostSpec(
    commission_rate=0.0, slippage_rate=0.0, borrow_rate=0.0, cash_interest_rate=0.0, margin_interest_rate=0.0
)
TRADED = FREE.replace(commission_rate=0.001, slippage_rate=0.0005, minimum_commission=0.5)
GUARDED = ExitSpec(stop_loss=0.04, take_profit=0.09, trailing_stop=0.06, maximum_holding_bars=12)
seeds = st.integers(0, 2**32 - 1)
fills_at = st.sampled_from(at.FILLS)


def targets_of(seed: int, n: int, leverage: float = 1.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    changes = np.maximum.accumulate(np.where(rng.random(n) < 0.3, np.arange(n), 0))
    return np.round(rng.uniform(-leverage, leverage, n), 3)[changes]


def test_the_worked_example_comes_out_to_the_digit() -> None:
    opens, closes = np.array([10.0, 11.0, 12.0, 11.0]), np.array([10.5, 11.5, 11.8, 11.2])
    matrix = np.ascontiguousarray([opens, np.maximum(opens, closes), np.minimum(opens, closes), closes, np.ones(4)])
    bars = BarArrays(np.arange(4, dtype=np.int64) * 86_400 * 10**9, matrix)
    spec = BacktestSpec(initial_cash=1000.0, costs=CostSpec(commission_rate=0.001, slippage_rate=0.0005))
    run = run_engine(bars, np.array([1.0, 1.0, 0.0, 0.0]), spec)
    assert run.fills[0, at.FILL_UNITS] == pytest.approx(90.77288619, abs=5e-9)
    np.testing.assert_allclose(run.equity, [1000.0, 1043.888191, 1071.120057, 997.004495], atol=5e-7)


@settings(max_examples=150)
@given(
    seed=seeds,
    fill=fills_at,
    guarded=st.booleans(),
    leverage=st.sampled_from([1.0, 3.0]),
    swing=st.sampled_from([0.01, 0.1]),
)
def test_cash_and_holdings_are_the_equity_and_its_change_is_explained_on_every_bar(
    make_random_bars: Callable[..., BarArrays], seed: int, fill: str, guarded: bool, leverage: float, swing: float
) -> None:
    n = 70
    bars, rng = make_random_bars(seed, n, swing), np.random.default_rng(seed)
    actions = np.ones((3, n))
    actions[0, rng.random(n) < 0.05] = 2.0
    actions[1], actions[2] = rng.random(n) * (rng.random(n) < 0.1), np.nan
    exits = GUARDED if guarded else ExitSpec()
    spec = BacktestSpec(fill=fill, costs=TRADED, exits=exits, leverage=leverage, rebalance_drift=0.1)  # type: ignore[arg-type]
    run = run_engine(bars, targets_of(seed, n, leverage), spec, actions=actions)
    closes, units = bars.matrix[3], run.units
    cash, held, before, value = spec.initial_cash, 0.0, 0.0, spec.initial_cash
    for t in range(n):
        held *= actions[0, t]
        change = held * (closes[t] - before / actions[0, t]) + held * actions[1, t]
        cash += held * actions[1, t]
        for row in run.fills[run.fills[:, at.FILL_BAR] == t]:
            traded, price, fee = row[[at.FILL_UNITS, at.FILL_PRICE, at.FILL_COMMISSION]]
            reference = price - np.sign(traded) * row[at.FILL_SLIPPAGE] / abs(traded)
            change += traded * (closes[t] - reference) - fee - row[at.FILL_SLIPPAGE]
            cash -= traded * price + fee
            held += traded
        scale = max(spec.initial_cash, abs(held * closes[t]))
        assert units[t] == pytest.approx(held, rel=1e-9, abs=1e-9)
        assert run.equity[t] == pytest.approx(cash + held * closes[t], rel=1e-9, abs=1e-9 * scale)
        assert run.equity[t] - value == pytest.approx(change, rel=1e-9, abs=1e-9 * scale)
        before, value = closes[t], run.equity[t]
    assert run.state[at.COMMISSION] == pytest.approx(run.fills[:, at.FILL_COMMISSION].sum())
    assert run.state[at.SLIPPAGE] == pytest.approx(run.fills[:, at.FILL_SLIPPAGE].sum())


@settings(max_examples=60)
@given(seed=seeds)
def test_what_fills_and_holding_cost_adds_up_to_the_change_of_equity(
    make_random_bars: Callable[..., BarArrays], seed: int
) -> None:
    bars = make_random_bars(seed, 70, 0.02)
    costs = TRADED.replace(borrow_rate=0.5, cash_interest_rate=0.04, margin_interest_rate=0.2)
    run = run_engine(bars, targets_of(seed, 70, 2.0), BacktestSpec(leverage=2.0, costs=costs))
    paid = (run.fills[:, at.FILL_UNITS] * run.fills[:, at.FILL_PRICE]).sum() + run.fills[:, at.FILL_COMMISSION].sum()
    held = run.state[at.INTEREST] - run.state[at.BORROWING] + run.state[at.DIVIDENDS]
    worth = run.state[at.UNITS] * bars.matrix[3, -1]
    assert run.equity[-1] - 10_000.0 == pytest.approx(worth - paid + held, rel=1e-9, abs=1e-6)


@settings(max_examples=60)
@given(seed=seeds, fill=fills_at, factor=st.sampled_from([1e-3, 7.0, 1e5]))
def test_prices_and_cash_in_another_currency_give_the_same_run(
    make_random_bars: Callable[..., BarArrays], seed: int, fill: str, factor: float
) -> None:
    bars, targets = make_random_bars(seed, 60), targets_of(seed, 60)
    spec = BacktestSpec(fill=fill, costs=TRADED, exits=GUARDED)  # type: ignore[arg-type]
    dear = BarArrays(bars.opened_at, np.ascontiguousarray(bars.matrix * np.r_["0,2", np.full((4, 1), factor), 1.0]))
    scaled = spec.replace(initial_cash=1e4 * factor, costs=TRADED.replace(minimum_commission=0.5 * factor))
    one, other = run_engine(bars, targets, spec), run_engine(dear, targets, scaled)
    np.testing.assert_allclose(other.equity, one.equity * factor, rtol=1e-9)


@settings(max_examples=40)
@given(seed=seeds, days=st.integers(-3000, 3000))
def test_moving_all_bars_in_time_changes_nothing(
    make_random_bars: Callable[..., BarArrays], seed: int, days: int
) -> None:
    bars, targets = make_random_bars(seed, 60), targets_of(seed, 60)
    moved = BarArrays(bars.opened_at + days * 86_400 * 10**9, bars.matrix)
    spec = BacktestSpec(exits=GUARDED)
    np.testing.assert_array_equal(run_engine(bars, targets, spec).equity, run_engine(moved, targets, spec).equity)


@settings(max_examples=80)
@given(seed=seeds, fill=fills_at, cut=st.integers(1, 59), guarded=st.booleans())
def test_equity_up_to_a_bar_does_not_depend_on_what_follows(
    make_random_bars: Callable[..., BarArrays], seed: int, fill: str, cut: int, guarded: bool
) -> None:
    bars, targets = make_random_bars(seed, 60), targets_of(seed, 60)
    spec = BacktestSpec(fill=fill, exits=GUARDED if guarded else ExitSpec(), rebalance_drift=0.05)  # type: ignore[arg-type]
    short = BarArrays(bars.opened_at[:cut], np.ascontiguousarray(bars.matrix[:, :cut]))
    whole = run_engine(bars, targets, spec).equity[:cut]
    np.testing.assert_array_equal(run_engine(short, targets[:cut], spec).equity, whole)


@settings(max_examples=40)
@given(seed=seeds, cut=st.integers(1, 58))
def test_a_next_open_fill_uses_nothing_of_its_bar_but_the_open(
    make_random_bars: Callable[..., BarArrays], seed: int, cut: int
) -> None:
    bars, targets = make_random_bars(seed, 60), targets_of(seed, 60)
    other = bars.matrix.copy()
    other[1:4, cut] *= 1.7
    one = run_engine(bars, targets, BacktestSpec(maintenance_margin=0.0))
    two = run_engine(BarArrays(bars.opened_at, other), targets, BacktestSpec(maintenance_margin=0.0))
    upto = one.fills[:, at.FILL_BAR] <= cut
    np.testing.assert_array_equal(one.fills[upto], two.fills[: upto.sum()])


def test_a_run_with_more_fills_than_the_first_room_is_the_same_in_one_piece(
    make_random_bars: Callable[..., BarArrays],
) -> None:
    bars = make_random_bars(3, 3000, 0.005)
    targets = np.where(np.arange(3000) % 2 == 0, 0.5, -0.5)
    run = run_engine(bars, targets, BacktestSpec(costs=FREE))
    assert len(run.fills) == 2999
    np.testing.assert_allclose(np.cumsum(run.fills[:, at.FILL_UNITS]), run.fills[:, at.FILL_HELD], atol=1e-6)


def test_a_full_investment_spends_all_cash_and_owes_nothing(make_bars: Callable[..., BarArrays]) -> None:
    bars = make_bars(np.array([10.0, 10.0, 12.0, 9.0]))
    costs = CostSpec(commission_rate=0.002, commission_per_unit=0.01, slippage_rate=0.001, margin_interest_rate=1.0)
    run = run_engine(bars, np.ones(4), BacktestSpec(costs=costs))
    assert run.state[at.CASH] == pytest.approx(0.0, abs=1e-9)
    assert run.state[at.INTEREST] == 0.0


def test_a_minimum_commission_is_paid_inside_the_equity(make_bars: Callable[..., BarArrays]) -> None:
    bars = make_bars(np.full(4, 10.0))
    costs = FREE.replace(commission_rate=0.001, minimum_commission=20.0)
    run = run_engine(bars, np.array([1.0, 1.0, 0.0, 0.0]), BacktestSpec(initial_cash=1000.0, costs=costs))
    assert run.fills[:, [at.FILL_UNITS, at.FILL_COMMISSION]].tolist() == [[98.0, 20.0], [-98.0, 20.0]]
    assert run.equity.tolist() == [1000.0, 980.0, 980.0, 960.0]


def test_no_trade_comes_of_an_account_that_cannot_pay_the_minimum(make_bars: Callable[..., BarArrays]) -> None:
    costs = FREE.replace(minimum_commission=20.0)
    run = run_engine(make_bars(np.full(4, 10.0)), np.ones(4), BacktestSpec(initial_cash=15.0, costs=costs))
    assert len(run.fills) == 0


def test_whole_units_are_not_exceeded_and_too_little_cash_buys_none(make_bars: Callable[..., BarArrays]) -> None:
    bars = make_bars(np.full(3, 30.0))
    spec = BacktestSpec(initial_cash=100.0, costs=FREE, whole_units=True)
    assert run_engine(bars, np.ones(3), spec).units.tolist() == [0.0, 3.0, 3.0]
    assert run_engine(bars, np.ones(3), spec.replace(initial_cash=29.0)).units.tolist() == [0.0, 0.0, 0.0]


def test_a_volume_limit_takes_whole_units_up_to_it_and_no_more(make_bars: Callable[..., BarArrays]) -> None:
    bars = make_bars(np.full(8, 10.0))
    bars.matrix[4] = 37.0
    spec = BacktestSpec(initial_cash=100.0, costs=FREE, whole_units=True, volume_limit=0.1)
    run = run_engine(bars, np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]), spec)
    assert run.fills[:, at.FILL_UNITS].tolist() == [3.0, 3.0, 3.0, -3.0, -3.0, -3.0]
    dropped = run_engine(bars, np.ones(8), spec.replace(carry_unfilled=False))
    assert dropped.fills[:, at.FILL_UNITS].tolist() == [3.0]


def test_a_time_exit_voids_what_waits_for_the_same_side_only(make_bars: Callable[..., BarArrays]) -> None:
    bars = make_bars(np.full(8, 10.0))
    spec = BacktestSpec(costs=FREE, exits=ExitSpec(maximum_holding_bars=2))
    same = run_engine(bars, np.array([1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]), spec)
    assert same.units.tolist() == [0.0, 1000.0, 1000.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    other = run_engine(bars, np.array([1.0, 1.0, -0.5, -0.5, -0.5, -0.5, -0.5, -0.5]), spec)
    assert other.units.tolist() == [0.0, 1000.0, 1000.0, -500.0, -500.0, 0.0, 0.0, 0.0]


def test_a_reversal_at_the_close_survives_a_stop_inside_the_bar(make_bars: Callable[..., BarArrays]) -> None:
    bars = make_bars(np.array([100.0, 100.0, 100.0, 90.0, 90.0]))
    spec = BacktestSpec(fill="next_close", costs=FREE, exits=ExitSpec(stop_loss=0.05))
    run = run_engine(bars, np.array([1.0, 1.0, -1.0, -1.0, -1.0]), spec)
    assert [at.REASONS[int(why)] for why in run.fills[:, at.FILL_WHY]] == ["signal", "stop_loss", "signal"]
    assert run.units[-1] < 0.0


def test_a_margin_call_never_enlarges_the_position(make_bars: Callable[..., BarArrays]) -> None:
    bars = make_bars(np.array([100.0, 100.0, 101.0, 100.0, 99.0, 100.0]))
    spec = BacktestSpec(leverage=10.0, maintenance_margin=0.3, costs=FREE)
    run = run_engine(bars, np.full(6, 4.0), spec)
    assert np.abs(run.units).max() == run.fills[0, at.FILL_UNITS]


def test_a_stop_nearer_than_the_slippage_fills_at_the_open_and_not_above_the_bar(
    make_bars: Callable[..., BarArrays],
) -> None:
    bars = make_bars(np.full(3, 100.0))
    spec = BacktestSpec(costs=FREE.replace(slippage_rate=0.05), exits=ExitSpec(stop_loss=0.01))
    run = run_engine(bars, np.ones(3), spec)
    assert run.fills[:, at.FILL_PRICE].tolist() == [105.0, 95.0]


def test_ruin_closes_the_position_and_ends_the_run(make_bars: Callable[..., BarArrays]) -> None:
    bars = make_bars(np.array([100.0, 100.0, 250.0, 50.0, 50.0]))
    run = run_engine(bars, np.array([-1.0, -1.0, -1.0, 1.0, 1.0]), BacktestSpec(costs=FREE))
    assert run.state[at.RUINED] == 2.0
    assert run.equity.tolist() == [10_000.0, 10_000.0, -5_000.0, -5_000.0, -5_000.0]
    assert [at.REASONS[int(why)] for why in run.fills[:, at.FILL_WHY]] == ["signal", "ruin"]


@pytest.mark.parametrize("n", [1, 2])
def test_one_bar_or_two_are_a_run(make_bars: Callable[..., BarArrays], n: int) -> None:
    bars = make_bars(np.full(n, 10.0))
    for fill in at.FILLS:
        run = run_engine(bars, np.ones(n), BacktestSpec(fill=fill, costs=FREE))  # type: ignore[arg-type]
        np.testing.assert_allclose(run.equity, 10_000.0)
        assert len(run.fills) == (1 if fill == "same_close" else n - 1)


@given(seed=seeds)
def test_without_orders_equity_is_the_cash(make_random_bars: Callable[..., BarArrays], seed: int) -> None:
    run = run_engine(make_random_bars(seed, 30, 0.2), np.zeros(30), BacktestSpec())
    assert run.equity.tolist() == [10_000.0] * 30
    assert run.fills.shape == (0, at.FILL_COLUMNS)


@given(seed=seeds, delay=st.integers(0, 40))
def test_a_delay_is_the_same_as_deciding_later(
    make_random_bars: Callable[..., BarArrays], seed: int, delay: int
) -> None:
    bars, targets = make_random_bars(seed, 30), targets_of(seed, 30)
    later = np.concatenate([np.zeros(min(delay, 30)), targets[: max(0, 30 - delay)]])
    np.testing.assert_array_equal(
        run_engine(bars, targets, BacktestSpec(delay_bars=delay)).equity, run_engine(bars, later, BacktestSpec()).equity
    )


@pytest.mark.parametrize(
    ("targets", "spec", "message"),
    [
        ([0.0, 1.5, 0.0], BacktestSpec(), r"in \[-1, 1\]; got 1.5 at bar 1 .* raise `leverage`"),
        ([0.0, -0.5, 0.0], BacktestSpec(allow_short=False), r"in \[0, 1\]; got -0.5 .* `allow_short` is off"),
        ([0.0, np.nan, np.nan], BacktestSpec(), "got NaN at bar 1 .* and 2 in all"),
        ([0.0, np.inf, 0.0], BacktestSpec(), "got inf at bar 1"),
        ([0.0, 1.0], BacktestSpec(), "expected 3 target positions"),
    ],
)
def test_targets_that_cannot_be_are_refused(
    make_bars: Callable[..., BarArrays], targets: list[float], spec: BacktestSpec, message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        check_targets(np.array(targets), make_bars(np.full(3, 10.0)), spec)


def test_targets_within_the_leverage_are_taken(make_bars: Callable[..., BarArrays]) -> None:
    check_targets(np.array([0.0, -2.0, 2.0]), make_bars(np.full(3, 10.0)), BacktestSpec(leverage=2.0))


@pytest.mark.parametrize(
    "wrong",
    [
        {"initial_cash": 0.0},
        {"initial_cash": -1.0},
        {"initial_cash": float("nan")},
        {"leverage": 0.0},
        {"delay_bars": -1},
        {"volume_limit": 0.0},
        {"maintenance_margin": 1.0},
        {"fill": "open"},
        {"rebalance_drift": -0.1},
    ],
)
def test_options_out_of_bounds_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidInput, match=next(iter(wrong))):
        BacktestSpec(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name", ["commission_rate", "slippage_rate", "minimum_commission", "borrow_rate", "half_spread_rate"]
)
def test_negative_costs_are_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match=name):
        CostSpec(**{name: -0.001})


def test_costs_that_leave_nothing_of_a_sale_are_refused() -> None:
    with pytest.raises(InvalidInput, match="below 1"):
        CostSpec(commission_rate=0.6, slippage_rate=0.4)


@pytest.mark.parametrize("shape", [(3, 4), (2, 3)])
def test_actions_of_another_shape_are_refused(make_bars: Callable[..., BarArrays], shape: tuple[int, int]) -> None:
    with pytest.raises(InvalidInput, match=r"float64\[3, 3\]"):
        run_engine(make_bars(np.full(3, 10.0)), np.zeros(3), BacktestSpec(), actions=np.ones(shape))


def test_targets_of_another_length_are_refused_before_any_kernel_runs(make_bars: Callable[..., BarArrays]) -> None:
    with pytest.raises(InvalidInput, match="3 target positions"):
        run_engine(make_bars(np.full(3, 10.0)), np.zeros(2), BacktestSpec())
