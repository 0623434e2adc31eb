"""Splits, dividends and delistings: from dated records to the account."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.backtest import BacktestSpec, CostSpec, run_engine
from augury.backtest.account import layout as at
from augury.backtest.actions.corporate_actions import CorporateAction, action_matrix
from augury.errors import InvalidInput
from augury.market.bars import BarArrays, bar_arrays
from augury.sample import SPLITS, load_sample

FREE = CostSpec(
    commission_rate=0.0, slippage_rate=0.0, borrow_rate=0.0, cash_interest_rate=0.0, margin_interest_rate=0.0
)
DAY = dt.date(2020, 1, 1)


def day_bars(closes: list[float]) -> BarArrays:
    n = len(closes)
    opened_at = pd.date_range("2020-01-01", periods=n, tz="UTC").as_unit("ns").asi8
    return BarArrays(opened_at, np.ascontiguousarray(np.vstack([np.tile(closes, (4, 1)), np.full((1, n), 1e6)])))


def event(day: int, kind: str, value: float) -> CorporateAction:
    return CorporateAction(at=DAY + dt.timedelta(days=day), kind=kind, value=value)  # type: ignore[arg-type]


@pytest.mark.parametrize("ticker", ["AAPL", "MSFT"])
@pytest.mark.parametrize("side", [1.0, -1.0])
def test_raw_prices_with_their_splits_give_the_equity_of_adjusted_prices(ticker: str, side: float) -> None:
    bars = bar_arrays(load_sample().bars[ticker].iloc[:1500])
    splits = [s for s in SPLITS if s.ticker == ticker]
    actions = action_matrix(bars, [CorporateAction(at=s.effective_on, kind="split", value=s.ratio) for s in splits])
    assert (actions[0] != 1.0).sum() == len(splits) > 0
    factor = np.cumprod(actions[0])
    adjusted = BarArrays(bars.opened_at, np.ascontiguousarray(bars.matrix * np.r_["0,2", [factor] * 4, 1.0 / factor]))
    targets, spec = np.full(len(bars), side * 0.5), BacktestSpec(maintenance_margin=0.0)
    raw = run_engine(bars, targets, spec, actions=actions)
    np.testing.assert_allclose(raw.equity, run_engine(adjusted, targets, spec).equity, rtol=1e-12)
    unadjusted = run_engine(bars, targets, spec).equity[-1]
    assert abs(unadjusted / raw.equity[-1] - 1.0) > 0.1  # without its actions the record is wrong
    held = raw.units
    assert held[-1] == pytest.approx(held[1] * factor[-1])


@given(seed=st.integers(0, 2**32 - 1), bar=st.integers(2, 38), ratio=st.floats(0.05, 20.0))
def test_a_split_leaves_equity_unchanged(
    make_random_bars: Callable[..., BarArrays], seed: int, bar: int, ratio: float
) -> None:
    bars = make_random_bars(seed, 40)
    actions = np.ones((3, 40))
    actions[1], actions[2] = 0.0, np.nan
    actions[0, bar] = ratio
    factor = np.cumprod(actions[0])
    raw = BarArrays(bars.opened_at, np.ascontiguousarray(bars.matrix / np.r_["0,2", [factor] * 4, 1.0 / factor]))
    targets = np.repeat([1.0, -0.5, 0.7, 0.0], 10)
    spec = BacktestSpec()
    np.testing.assert_allclose(
        run_engine(raw, targets, spec, actions=actions).equity, run_engine(bars, targets, spec).equity, rtol=1e-10
    )


def test_a_long_receives_a_dividend_and_a_short_pays_it() -> None:
    bars = day_bars([10.0, 10.0, 10.0, 9.0, 9.0])
    actions = action_matrix(bars, [event(3, "dividend", 1.0)])
    for side in (1.0, -1.0):
        run = run_engine(bars, np.full(5, side), BacktestSpec(initial_cash=1000.0, costs=FREE), actions=actions)
        assert run.state[at.DIVIDENDS] == side * 100.0
        np.testing.assert_allclose(run.equity, 1000.0)


def test_units_bought_at_the_open_of_the_ex_date_get_no_dividend() -> None:
    bars = day_bars([10.0, 10.0, 10.0])
    run = run_engine(
        bars, np.ones(3), BacktestSpec(costs=FREE), actions=action_matrix(bars, [event(1, "dividend", 1.0)])
    )
    assert run.fills[0, at.FILL_BAR] == 1
    assert run.state[at.DIVIDENDS] == 0.0


@pytest.mark.parametrize(("price", "equity"), [(0.0, 0.0), (4.0, 400.0)])
def test_a_delisting_pays_its_price_and_ends_the_position(price: float, equity: float) -> None:
    bars = day_bars([10.0, 10.0, 8.0, 7.0])
    actions = action_matrix(bars, [event(3, "delisting", price)])
    run = run_engine(bars, np.ones(4), BacktestSpec(initial_cash=1000.0, costs=FREE), actions=actions)
    np.testing.assert_allclose(run.equity, [1000.0, 1000.0, 800.0, equity])
    assert at.REASONS[int(run.fills[-1, at.FILL_WHY])] == "delisting"
    assert run.units[-1] == 0.0


def test_a_short_gains_all_when_the_instrument_becomes_worthless() -> None:
    bars = day_bars([10.0, 10.0, 8.0, 7.0])
    actions = action_matrix(bars, [event(3, "delisting", 0.0)])
    run = run_engine(bars, -np.ones(4), BacktestSpec(initial_cash=1000.0, costs=FREE), actions=actions)
    assert run.equity[-1] == 2000.0


def test_an_action_between_bars_applies_at_the_next_bar() -> None:
    bars = day_bars([10.0] * 6)
    gaps = BarArrays(bars.opened_at[[0, 1, 2, 5]], np.ascontiguousarray(bars.matrix[:, [0, 1, 2, 5]]))
    matrix = action_matrix(gaps, [event(3, "split", 2.0), event(4, "dividend", 1.0)])
    np.testing.assert_array_equal(matrix[:2], [[1.0, 1.0, 1.0, 2.0], [0.0, 0.0, 0.0, 1.0]])


def test_a_dividend_before_a_split_is_restated_per_new_unit() -> None:
    gaps = BarArrays(day_bars([10.0] * 6).opened_at[[0, 5]], day_bars([10.0] * 2).matrix)
    matrix = action_matrix(gaps, [event(4, "split", 2.0), event(3, "dividend", 1.0), event(5, "split", 3.0)])
    assert matrix[0, 1] == 6.0
    assert matrix[1, 1] == pytest.approx(1.0 / 6.0)


def test_a_frame_of_actions_gives_the_same_matrix_as_records() -> None:
    bars = day_bars([10.0] * 5)
    records = [event(1, "split", 2.0), event(2, "dividend", 0.5), event(4, "delisting", 3.0)]
    for dates in (
        ["2020-01-02", "2020-01-03", "2020-01-05"],
        pd.to_datetime(["2020-01-02", "2020-01-03", "2020-01-05"]),
    ):
        frame = pd.DataFrame({"at": dates, "kind": [r.kind for r in records], "value": [r.value for r in records]})
        np.testing.assert_array_equal(action_matrix(bars, frame), action_matrix(bars, records))


def test_without_actions_the_matrix_says_so() -> None:
    matrix = action_matrix(day_bars([1.0, 2.0]), [])
    np.testing.assert_array_equal(matrix, [[1.0, 1.0], [0.0, 0.0], [np.nan, np.nan]])


@pytest.mark.parametrize(
    ("day", "kind", "value", "message"),
    [
        (1, "spit", 2.0, "did you mean 'split'"),
        (1, "split", 0.0, "above 0"),
        (1, "split", -2.0, "above 0"),
        (1, "split", float("nan"), "above 0"),
        (1, "dividend", -1.0, "above 0"),
        (4, "delisting", -1.0, "at least 0"),
        (2, "delisting", 1.0, "followed by 2 more bars"),
        (20, "delisting", 1.0, "more than a week"),
        (-1, "split", 2.0, "before the bars"),
        (5, "dividend", 2.0, "after the last bar"),
        (1, "split", "2", "number above 0"),
    ],
)
def test_an_action_that_cannot_be_is_refused(day: int, kind: str, value: float, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        action_matrix(day_bars([10.0] * 5), [event(day, kind, value)])


def test_a_frame_without_the_columns_is_refused() -> None:
    with pytest.raises(InvalidInput, match="'value' is missing"):
        action_matrix(day_bars([1.0]), pd.DataFrame({"at": [], "kind": []}))
