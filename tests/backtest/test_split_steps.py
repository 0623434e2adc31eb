"""Splits: found in prices, hidden from the strategy, kept from the account, read from tables."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.backtest import (
    BacktestSpec,
    CorporateAction,
    CostSpec,
    ExitSpec,
    action_matrix,
    read_actions,
    run_backtest,
    split_like_steps,
)
from augury.backtest.actions.split_adjustment import split_adjusted
from augury.errors import InvalidInput, NotFound
from augury.market import bar_arrays
from augury.market.bars import BarArrays
from augury.sample import SPLITS, load_sample

RATES = BacktestSpec(costs=CostSpec(borrow_rate=0.02), exits=ExitSpec(stop_loss=0.08, trailing_stop=0.1))


def as_traded(bars: BarArrays, ratios: dict[int, float]) -> tuple[BarArrays, Any]:
    """Bars in units of the last day turned into prices as they were traded, and the actions that say so."""
    actions = np.ones((3, len(bars)))
    actions[1], actions[2] = 0.0, np.nan
    matrix = bars.matrix.copy()
    for t, ratio in ratios.items():
        actions[0, t] *= ratio
        matrix[:4, :t] *= ratio
        matrix[4, :t] /= ratio
    return BarArrays(bars.opened_at, matrix), actions


def first_day(ratio: float) -> Any:
    """From units of the last day to those of the first, with one split between."""
    return np.array([[ratio]] * 4 + [[1.0 / ratio]])


def test_the_real_splits_of_the_sample_are_found_and_nothing_else() -> None:
    sample = load_sample()
    known = {(split.ticker, pd.Timestamp(split.effective_on, tz="UTC").value, split.ratio) for split in SPLITS}
    found = set()
    for symbol, frame in sample.bars.items():
        found |= {(symbol, step.at_ns, step.value) for step in split_like_steps(bar_arrays(frame))}
    assert found == known
    assert {symbol for symbol, _, _ in found} == {"AAPL", "MSFT"}


@given(
    seed=st.integers(0, 10**6),
    at=st.lists(st.integers(1, 119), min_size=1, max_size=3, unique=True),
    ratio=st.sampled_from([2.0, 3.0, 1.5, 0.1, 7.0, 20.0]),
)
def test_a_run_through_splits_has_the_equity_of_adjusted_bars(
    seed: int, at: list[int], ratio: float, make_random_bars: Any
) -> None:
    adjusted = make_random_bars(seed, 120)
    traded, actions = as_traded(adjusted, dict.fromkeys(at, ratio))
    values = {"fast": 2, "slow": 7, "short": 1}
    seen = run_backtest("sma_crossover", adjusted, values, RATES)
    real = run_backtest("sma_crossover", traded, values, RATES, actions=actions)
    np.testing.assert_allclose(real.run.equity, seen.run.equity, rtol=1e-9)
    np.testing.assert_allclose(real.trades["profit_and_loss"], seen.trades["profit_and_loss"], rtol=1e-7, atol=1e-6)
    for name in ("maximum_favourable_excursion", "maximum_adverse_excursion", "return"):
        np.testing.assert_allclose(real.trades[name], seen.trades[name], rtol=1e-7, atol=1e-9)


def test_the_strategy_sees_adjusted_bars_and_orders_fill_at_raw_prices(make_random_bars: Any) -> None:
    adjusted = make_random_bars(3, 100)
    traded, actions = as_traded(adjusted, {50: 4.0})
    shown = []

    def look(bars: pd.DataFrame) -> Any:
        shown.append(bars)
        return np.ones(len(bars))

    result = run_backtest(look, traded, actions=actions, spec=BacktestSpec(costs=CostSpec(slippage_rate=0.0)))
    np.testing.assert_allclose(shown[0].to_numpy().T, adjusted.matrix * first_day(4.0), rtol=1e-12)
    assert result.run.fills[0, 2] == traded.matrix[0, 1]
    assert result.positions.iloc[60] == pytest.approx(4.0 * result.positions.iloc[40])


@given(seed=st.integers(0, 10**6), at=st.integers(1, 59), ratio=st.sampled_from([3.0, 0.3, 7.0, 1.1]))
def test_adjusted_bars_keep_the_rules_of_bars(seed: int, at: int, ratio: float, make_random_bars: Any) -> None:
    traded, actions = as_traded(make_random_bars(seed, 60), {at: ratio})
    found = split_adjusted(make_random_bars(seed, 60), actions)
    run_backtest("buy_and_hold", found)
    back = split_adjusted(traded, actions)
    np.testing.assert_allclose(back.matrix, make_random_bars(seed, 60).matrix * first_day(ratio), rtol=1e-12)
    np.testing.assert_array_equal(back.matrix[:, :at], traded.matrix[:, :at])


@given(seed=st.integers(0, 10**6), at=st.integers(2, 59), ratio=st.sampled_from([2.0, 3.0, 0.1, 1.5]))
def test_a_split_tells_nothing_before_it_even_to_a_rule_that_compares_prices_with_an_amount(
    seed: int, at: int, ratio: float, make_random_bars: Any
) -> None:
    bars = make_random_bars(seed, 60)
    level = float(np.median(bars.matrix[3]))

    def cheap(frame: pd.DataFrame) -> Any:
        return (frame["close"] < level).astype(float)

    actions = as_traded(bars, {at: ratio})[1]
    split = run_backtest(cheap, bars, actions=actions)
    known = BarArrays(bars.opened_at[:at], np.ascontiguousarray(bars.matrix[:, :at]))
    np.testing.assert_array_equal(split.run.targets[:at], run_backtest(cheap, known).run.targets)


def test_without_splits_the_bars_are_returned_as_they_are(make_random_bars: Any) -> None:
    bars = make_random_bars(1, 30)
    _, actions = as_traded(bars, {})
    actions[1, 3] = 0.5
    assert split_adjusted(bars, actions) is bars


@pytest.mark.parametrize(("step", "value"), [(0.5, 2.0), (2.0, 0.5), (1.0 / 3.0, 3.0), (0.1, 10.0)])
def test_a_step_that_stays_is_named_with_its_usual_ratio(step: float, value: float, make_random_bars: Any) -> None:
    bars = make_random_bars(2, 200, 0.001)
    calm = 50.0 + np.cumsum(np.random.default_rng(0).normal(0.0, 0.2, 200))
    matrix = np.stack([calm, calm + 0.1, calm - 0.1, calm, np.full(200, 100.0)])
    matrix[:4, 120:] *= step * 1.004
    found = split_like_steps(BarArrays(bars.opened_at, np.ascontiguousarray(matrix)))
    assert [(each.at_ns, each.value, each.kind) for each in found] == [(int(bars.opened_at[120]), value, "split")]


def test_tables_of_actions_are_read_from_csv_and_parquet(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "at": ["2005-02-28", "2010-01-04", "2011-01-03"],
            "kind": ["split", "dividend", "split"],
            "value": [2.0, 0.5, 3.0],
            "symbol": ["AAPL", "AAPL", "IBM"],
        }
    )
    wanted = [(pd.Timestamp("2005-02-28", tz="UTC").value, "split", 2.0)]
    wanted.append((pd.Timestamp("2010-01-04", tz="UTC").value, "dividend", 0.5))
    for days in (
        table["at"],
        pd.to_datetime(table["at"]),
        pd.to_datetime(table["at"], utc=True),
        [dt.date.fromisoformat(day) for day in table["at"]],
    ):
        changed = table.assign(at=days)
        changed.to_csv(tmp_path / "actions.csv", index=False)
        changed.to_parquet(tmp_path / "actions.parquet")
        for name in ("actions.csv", "actions.parquet"):
            found = read_actions(tmp_path / name, symbol="AAPL")
            assert [(each.at_ns, each.kind, each.value) for each in found] == wanted
    matrix = action_matrix(bar_arrays(load_sample().bars["AAPL"]), found)
    assert (matrix[0].max(), matrix[1].max()) == (2.0, 0.5)


def test_tables_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="expected none, detect or a file"):
        read_actions(tmp_path / "nothing.csv")
    bad = tmp_path / "bad.csv"
    bad.write_text("when,kind,value\n2005-02-28,split,2\n")
    with pytest.raises(InvalidInput, match="missing at, got when, kind, value"):
        read_actions(bad)
    bad.write_text("at,kind,value\n2005-02-28,splt,2\n")
    with pytest.raises(InvalidInput, match="did you mean 'split'"):
        read_actions(bad)
    bad.write_text("at,kind,value\nsoon,split,2\n")
    with pytest.raises(InvalidInput, match="soon"):
        action_matrix(bar_arrays(load_sample().bars["AAPL"]), read_actions(bad))
    bad.write_text("")
    with pytest.raises(InvalidInput, match=r"bad\.csv"):
        read_actions(bad)


def test_a_split_in_the_sample_is_no_loss_once_it_is_known() -> None:
    bars = load_sample().bars["AAPL"]
    splits = [split for split in SPLITS if split.ticker == "AAPL"]
    actions = [CorporateAction(at=split.effective_on, kind="split", value=split.ratio) for split in splits]
    matrix = action_matrix(bar_arrays(bars), actions)
    blind = run_backtest("buy_and_hold", bars)
    told = run_backtest("buy_and_hold", bars, actions=matrix)
    grown = np.prod([split.ratio for split in splits])
    assert told.run.equity[-1] == pytest.approx(blind.run.equity[-1] * grown, rel=0.01)
    assert blind.returns.min() < -0.45
