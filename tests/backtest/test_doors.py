"""Signals and orders end in the same kind of result as positions: measures, views, reports, and a proof."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from augury.backtest import (
    BacktestResult,
    BacktestSpec,
    CorporateAction,
    CostSpec,
    Order,
    OrdersResult,
    ProofSpec,
    Signals,
    Tried,
    action_matrix,
    prove,
    run_backtest,
    run_order_engine,
    run_orders,
    run_signal_engine,
    run_signals,
    story_of,
)
from augury.errors import InvalidBars, InvalidInput
from augury.market.bars import BarArrays, bars_frame
from augury.metrics import sharpe

QUICK = ProofSpec(permutations=99, replications=199)
ALONE = Tried(configurations=1, effective=1.0, sharpes=np.empty(0), source="a test")
RERUN = {"permutation_p", "walk_forward_permutation_p"}


def held_above_mean(bars: BarArrays) -> np.ndarray:
    closes = pd.Series(bars.matrix[3])
    return (closes > closes.rolling(10, min_periods=1).mean()).to_numpy()


def crossing(bars: BarArrays) -> Signals:
    above = held_above_mean(bars)
    return Signals(long_entries=above, long_exits=~above)


def orders_for(bars: BarArrays, units: float = 20.0) -> list[Order]:
    """Buy and sell as many units whenever the close crosses its mean."""
    above = held_above_mean(bars)
    turned = np.flatnonzero(np.diff(above.astype(np.int8), prepend=0))
    return [Order(bar=int(t), side="buy" if above[t] else "sell", units=units) for t in turned]


@pytest.fixture(scope="module")
def bars(make_random_bars: Any) -> BarArrays:
    return make_random_bars(3, 600)


@pytest.fixture(scope="module")
def proven(bars: BarArrays) -> BacktestResult:
    return prove(run_signals(bars, crossing(bars), symbol="ABC"), QUICK, tried=ALONE)


@pytest.fixture(scope="module")
def ordered(bars: BarArrays) -> OrdersResult:
    return prove(run_orders(bars, orders_for(bars), symbol="ABC"), QUICK, tried=ALONE)


def test_signals_give_the_measures_and_trades_of_the_positions_they_ask_for(bars: BarArrays) -> None:
    by_flags = run_signals(bars, crossing(bars))
    by_positions = run_backtest(held_above_mean(bars).astype(float), bars)
    np.testing.assert_array_equal(by_flags.run.equity, by_positions.run.equity)
    assert by_flags.metrics.to_dict() == by_positions.metrics.to_dict()
    pd.testing.assert_frame_equal(by_flags.trades, by_positions.trades)
    assert by_flags.costs == by_positions.costs
    assert by_flags.strategy == "signals"


def test_target_orders_give_the_measures_and_trades_of_the_positions_they_ask_for(bars: BarArrays) -> None:
    above = held_above_mean(bars)
    turned = np.flatnonzero(np.diff(above.astype(np.int8), prepend=0))
    found = run_orders(bars, [Order(bar=int(t), target=float(above[t])) for t in turned])
    held = run_backtest(above.astype(float), bars)
    np.testing.assert_allclose(found.run.equity, held.run.equity, rtol=1e-12)
    assert found.metrics.sharpe.value == pytest.approx(held.metrics.sharpe.value, rel=1e-12)
    assert len(found.trades) == len(held.trades)


def test_the_doors_wrap_the_bare_runs_of_the_engine(bars: BarArrays) -> None:
    spec = BacktestSpec(delay_bars=1, costs=CostSpec(commission_rate=0.002))
    flags = run_signals(bars, crossing(bars), spec)
    np.testing.assert_array_equal(flags.run.equity, run_signal_engine(bars, crossing(bars), spec).equity)
    done, bare = run_orders(bars, orders_for(bars), spec), run_order_engine(bars, orders_for(bars), spec)
    np.testing.assert_array_equal(done.run.equity, bare.run.equity)
    assert done.outcomes == bare.outcomes


def test_a_frame_of_bars_does_as_well_as_arrays(bars: BarArrays) -> None:
    frame = bars_frame(bars.opened_at, bars.matrix)
    rising = frame["close"].diff() > 0
    one = run_signals(frame, Signals(long_entries=rising, long_exits=~rising))
    two = run_signals(bars, Signals(long_entries=rising, long_exits=~rising))
    assert one.digests == two.digests
    assert run_orders(frame, orders_for(bars)).digests == run_orders(bars, orders_for(bars)).digests
    for run in (run_signals, run_orders):
        with pytest.raises(InvalidBars, match="columns"):
            run(pd.DataFrame({"price": [1.0]}), [])


def test_other_signals_and_orders_have_another_identity(bars: BarArrays) -> None:
    less = Signals(long_entries=crossing(bars).long_entries, long_exits=crossing(bars).long_exits, size=0.5)
    assert run_signals(bars, crossing(bars)).strategy_id == run_signals(bars, crossing(bars)).strategy_id
    assert run_signals(bars, crossing(bars)).strategy_id != run_signals(bars, less).strategy_id
    orders = orders_for(bars)
    assert run_orders(bars, orders).strategy_id == run_orders(bars, list(orders)).strategy_id
    assert run_orders(bars, orders).strategy_id != run_orders(bars, orders[:-1]).strategy_id


def test_without_a_proof_the_text_says_that_nothing_is_proven_and_how_to_prove_it(bars: BarArrays) -> None:
    for result in (
        run_signals(bars, crossing(bars)),
        run_orders(bars, orders_for(bars)),
        run_backtest(held_above_mean(bars).astype(float), bars),
    ):
        said = " ".join(str(result).split())
        assert "NOT JUDGED: nothing has been proven yet" in said
        assert "augury.prove(result)" in said
        assert "augury.prove(result)" in result._repr_html_()
        judged = " ".join(str(prove(result, QUICK)).split())
        assert "nothing has been proven" not in judged
        assert "conditions met" in judged


@pytest.mark.parametrize("name", ["proven", "ordered"])
def test_what_is_given_is_tested_except_on_permuted_bars(name: str, request: pytest.FixtureRequest) -> None:
    result = request.getfixturevalue(name)
    verdict = result.proof.verdict
    items = {item.name: item for item in verdict.gate}
    assert {each for each in items if items[each].status == "not tested"} == {"leaks", *RERUN}
    for each in RERUN:
        assert "cannot be recomputed on permuted bars" in items[each].why
    assert items["overfitting_probability"].status == "not applicable"
    assert verdict.level in ("unproven", "refuted")
    assert any(f"{result.strategy} that are given" in note for note in result.proof.notes)
    evidence = verdict.evidence
    for each in ("sharpe_lower", "deflated_sharpe", "superiority_p", "sharpe_delay_1", "sharpe_double_cost", "alpha_t"):
        assert evidence.value(each) is not None
    assert evidence.trades == result.metrics["trades"].value
    assert {interval.statistic for interval in result.proof.intervals} == {"sharpe", "cagr", "max_drawdown"}
    json.dumps(result.to_dict())


@pytest.mark.parametrize("name", ["proven", "ordered"])
def test_delays_and_costs_are_runs_of_the_same_under_other_options(
    name: str, request: pytest.FixtureRequest, bars: BarArrays
) -> None:
    result = request.getfixturevalue(name)
    tests, annual = result.proof.tests, result.subject.periods_per_year

    def again(spec: BacktestSpec) -> float:
        if name == "proven":
            return float(sharpe(run_signals(bars, crossing(bars), spec).returns, annual))
        return float(sharpe(run_orders(bars, orders_for(bars), spec).returns, annual))

    for later in (0, 1, 2, 5):
        assert tests.delay.at(later) == again(BacktestSpec(delay_bars=later))
    for times in (0.0, 0.5, 1.0, 2.0, 3.0):
        assert tests.cost.at(times) == again(BacktestSpec(costs=CostSpec().scaled(times)))
    assert tests.cost.at(0.0) > tests.cost.at(1.0) > tests.cost.at(3.0)


def test_the_benchmark_is_buy_and_hold_and_enters_the_measures(proven: BacktestResult, bars: BarArrays) -> None:
    held = run_backtest("buy_and_hold", bars)
    np.testing.assert_array_equal(proven.proof.benchmark, held.run.equity)  # type: ignore[union-attr]
    assert "beta" in proven.metrics
    assert "beta" not in run_signals(bars, crossing(bars)).metrics


def test_the_same_seed_gives_the_same_proof_and_nothing_of_the_run_changes(ordered: OrdersResult) -> None:
    again = prove(ordered, QUICK, tried=ALONE)
    assert isinstance(again, OrdersResult)
    assert again.proof.to_dict() == ordered.proof.to_dict()  # type: ignore[union-attr]
    assert again.digests == ordered.digests
    assert again.outcomes == ordered.outcomes


def test_orders_stand_in_a_frame_with_what_became_of_each(make_bars: Any) -> None:
    bars = make_bars(np.full(8, 100.0))
    given = [
        Order(bar=0, side="buy", units=10.0),
        Order(bar=1, side="sell", units=4.0, kind="limit", limit_price=150.0, good_for_bars=2),
        Order(bar=1, side="buy", units=1e6),
        Order(bar=6, target=0.0),
    ]
    result = run_orders(bars, given, BacktestSpec(costs=CostSpec(commission_rate=0.0, slippage_rate=0.0)))
    frame = result.orders
    assert frame["status"].tolist() == ["filled", "expired", "rejected", "filled"]
    assert frame["reason"].tolist() == ["", "good_for_ended", "buying_power", ""]
    assert frame["submitted"].tolist() == [pd.Timestamp(bars.opened_at[t], unit="ns", tz="UTC") for t in (0, 1, 1, 6)]
    assert frame["first_fill"].isna().tolist() == [False, True, True, False]
    assert frame["first_fill"].iloc[3] == pd.Timestamp(bars.opened_at[7], unit="ns", tz="UTC")
    assert frame["filled_units"].tolist() == [10.0, 0.0, 0.0, -10.0]
    assert frame["average_price"].iloc[0] == 100.0
    assert np.isnan(frame["average_price"].iloc[1])
    assert "Of 4 orders not all filled: 1 rejected, 1 expired; `orders` says why." in result.notes
    rows = json.loads(json.dumps(result.to_dict()))["orders"]
    assert [row["status"] for row in rows] == frame["status"].tolist()
    assert rows[1]["first_fill"] is None
    assert rows[1]["limit_price"] == 150.0
    assert rows[3]["units"] is None


def test_the_story_of_orders_counts_what_became_of_them_by_kind(ordered: OrdersResult) -> None:
    table = ordered.story().checks[-1]
    assert table.title == "What became of the orders"
    assert table.rows == (("market", float(len(ordered.outcomes)), 0.0, 0.0, 0.0, 0.0, 0.0),)
    assert ordered.story().title == "orders on ABC"
    assert [check.title for check in story_of(ordered).checks] == [check.title for check in ordered.story().checks[:-1]]


def test_no_orders_and_no_signals_are_results_too(bars: BarArrays) -> None:
    nothing = np.zeros(len(bars), dtype=np.bool_)
    for result in (run_orders(bars, []), run_signals(bars, Signals(long_entries=nothing))):
        assert len(result.trades) == 0
        assert result.run.equity[-1] == 10_000.0
        assert prove(result, QUICK).proof.verdict.level in ("unproven", "refuted")  # type: ignore[union-attr]
    assert run_orders(bars, []).orders.empty
    assert run_orders(bars, []).to_dict()["orders"] == []


def test_a_report_is_one_page_with_its_proof(bars: BarArrays, tmp_path: Path) -> None:
    page = run_orders(bars, orders_for(bars), symbol="ABC").report(tmp_path / "orders.html").read_text()
    assert "What became of the orders" in page
    assert "buy and hold" in page
    page = run_signals(bars, crossing(bars), symbol="ABC").report(tmp_path / "signals.html").read_text()
    assert "signals on ABC" in page
    assert "Later fills" in page


def test_splits_reach_the_engine_and_the_benchmark(make_bars: Any) -> None:
    closes = np.concatenate([np.linspace(100.0, 120.0, 60), np.linspace(60.0, 70.0, 60)])
    bars = make_bars(closes, np.concatenate([closes[:1], closes[:59], closes[60:61], closes[60:-1]]))
    split = CorporateAction(at=pd.Timestamp(bars.opened_at[60], unit="ns", tz="UTC"), kind="split", value=2.0)
    actions = action_matrix(bars, [split])
    flags = np.zeros(120, dtype=np.bool_)
    flags[0] = True
    result = prove(run_signals(bars, Signals(long_entries=flags), actions=actions), QUICK)
    assert result.run.equity[-1] > 13_000.0
    np.testing.assert_allclose(result.proof.benchmark, result.run.equity, rtol=1e-12)  # type: ignore[union-attr]
    bought = run_orders(bars, [Order(bar=0, side="buy", units=50.0)], actions=actions)
    assert bought.positions.iloc[-1] == 100.0
    with pytest.raises(InvalidInput, match="actions should be float64"):
        run_signals(bars, Signals(long_entries=flags), actions=np.ones((3, 5)))
    with pytest.raises(InvalidInput, match="actions should be float64"):
        run_orders(bars, [], actions=np.ones((3, 5)))


def test_what_is_given_is_not_a_strategy_for_other_bars(proven: BacktestResult, ordered: OrdersResult) -> None:
    for result in (proven, ordered):
        with pytest.raises(InvalidInput, match=f"given {result.strategy} cannot be computed on other bars"):
            result.subject.targets(result.spec)
