"""Every check finds the defect planted for it, and none finds anything in the same trades without it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from augury.audit import Audit

Table = pd.DataFrame
Judge = Callable[..., Audit]
EXPECTED_OF_HONEST = {"few_trades_carry", "one_trade", "one_month"}  # of the random walk, not of the bookkeeping


def test_honest_trades_raise_no_doubt_about_the_bookkeeping(
    honest_trades: Table, audit_table: Judge, bar_file: Path
) -> None:
    found = audit_table(honest_trades, bars=[bar_file])
    assert {one.rule for one in found.remarks} <= EXPECTED_OF_HONEST
    assert found.skipped == (("whether trades explain the account", "the file holds no curve"),)


def outside(table: Table, bars: Table) -> None:
    table.loc[3:12, "entry_price"] = bars["low"].to_numpy()[bars.index.get_indexer(table["entry_time"])][3:13] * 0.99
    recompute(table)


def same_close(table: Table, bars: Table) -> None:
    table["entry_price"] = bars["close"].to_numpy()[bars.index.get_indexer(table["entry_time"])]
    recompute(table)


def at_the_low(table: Table, bars: Table) -> None:
    table["entry_price"] = bars["low"].to_numpy()[bars.index.get_indexer(table["entry_time"])]
    recompute(table)


def at_the_high(table: Table, bars: Table) -> None:
    table["exit_price"] = bars["high"].to_numpy()[bars.index.get_indexer(table["exit_time"])]
    recompute(table)


def ends_before_it_begins(table: Table, bars: Table) -> None:
    table.loc[4, "exit_time"] = table.loc[4, "entry_time"] - pd.Timedelta(days=1)


def held_beyond_the_data(table: Table, bars: Table) -> None:
    table.loc[39, "exit_time"] = bars.index[-1] + pd.Timedelta(days=40)


def profit_of_another_side(table: Table, bars: Table) -> None:
    table["profit"] = table["profit"].abs() + 5.0


def twice(table: Table, bars: Table) -> None:
    table.loc[40] = table.loc[7]


def free(table: Table, bars: Table) -> None:
    table["costs"] = 0.0
    recompute(table)


def more_than_there_is(table: Table, bars: Table) -> None:
    table.loc[10:20, "units"] = 500.0
    table["costs"] = 0.001 * table["units"] * (table["entry_price"] + table["exit_price"])
    recompute(table)


def shuffled(table: Table, bars: Table) -> None:
    order = np.random.default_rng(0).permutation(len(table))
    table[:] = table.iloc[order].to_numpy()


def nearly_always_right(table: Table, bars: Table) -> None:
    table["side"] = np.where(table["exit_price"] > table["entry_price"], "long", "short")
    recompute(table)


def recompute(table: Table) -> None:
    side = np.where(table["side"] == "long", 1.0, -1.0)
    table["profit"] = table["units"] * side * (table["exit_price"] - table["entry_price"]) - table["costs"]


PLANTED = [
    (outside, "fills_outside_bars", "error"),
    (same_close, "same_close_fills", "warning"),
    (at_the_low, "best_price_entries", "error"),
    (at_the_high, "best_price_exits", "error"),
    (ends_before_it_begins, "exit_before_entry", "error"),
    (held_beyond_the_data, "trades_outside_data", "error"),
    (profit_of_another_side, "profit_not_from_prices", "error"),
    (twice, "repeated_trades", "warning"),
    (free, "no_costs", "warning"),
    (more_than_there_is, "beyond_capital", "warning"),
    (shuffled, "rows_out_of_order", "info"),
    (nearly_always_right, "wins_nearly_always", "warning"),
]


@pytest.mark.parametrize(("plant", "rule", "severity"), PLANTED, ids=[rule for _, rule, _ in PLANTED])
def test_the_planted_defect_is_found(
    plant: Callable[[Table, Table], None],
    rule: str,
    severity: str,
    honest_trades: Table,
    bars: Table,
    audit_table: Judge,
    bar_file: Path,
) -> None:
    table = honest_trades.copy()
    plant(table, bars)
    cash = 100_000.0 if rule == "profit_not_from_prices" else 10_000.0
    found = audit_table(table, bars=[bar_file], cash=cash)
    remark = found.remark(rule)
    assert remark is not None, [one.rule for one in found.remarks]
    assert remark.severity == severity
    assert remark.remedy
    assert (found.verdict.level == "refuted") >= (severity == "error")


def test_the_rows_named_are_those_that_were_planted(
    honest_trades: Table, bars: Table, audit_table: Judge, bar_file: Path
) -> None:
    table = honest_trades.copy()
    outside(table, bars)
    remark = audit_table(table, bars=[bar_file]).remark("fills_outside_bars")
    assert remark is not None
    assert remark.rows == tuple(range(3, 13))


def test_a_stop_that_fills_better_than_the_open_it_gapped_through_is_found(
    honest_trades: Table, bars: Table, audit_table: Judge, tmp_path: Path
) -> None:
    table, gapped = honest_trades.copy(), bars.copy()
    places = gapped.index.get_indexer(table["exit_time"])[:10]
    stops = table["entry_price"].to_numpy()[:10] * 0.97
    gapped.iloc[places, gapped.columns.get_loc("open")] = stops * 0.98  # the open is beyond the stop
    gapped.iloc[places, gapped.columns.get_loc("low")] = stops * 0.97
    gapped.iloc[places, gapped.columns.get_loc("high")] = stops * 1.01  # and the bar comes back to it
    gapped.iloc[places, gapped.columns.get_loc("close")] = stops
    path = tmp_path / "gapped.csv"
    gapped.to_csv(path)
    table.loc[:9, "exit_reason"] = "stop_loss"
    honest = table.copy()
    table.loc[:9, "exit_price"] = stops
    honest.loc[:9, "exit_price"] = stops * 0.98
    for trades in (table, honest):
        recompute(trades)
    found = audit_table(table, bars=[path]).remark("stops_better_than_open")
    assert found is not None
    assert found.severity == "error"
    assert found.rows == tuple(range(10))
    assert audit_table(honest, bars=[path]).remark("stops_better_than_open") is None


def test_a_curve_that_its_trades_do_not_explain_is_found(
    honest_trades: Table, audit_table: Judge, tmp_path: Path
) -> None:
    days = pd.date_range("2020-01-01", periods=400, freq="D", tz="UTC")
    booked = honest_trades.groupby("exit_time")["profit"].sum().reindex(days, fill_value=0.0)
    path = tmp_path / "equity.csv"
    for gift, expected in ((0.0, False), (800.0, True)):
        equity = 10_000.0 + booked.cumsum() + np.linspace(0.0, gift, 400)
        pd.DataFrame({"time": days, "equity": equity.to_numpy()}).to_csv(path, index=False)
        found = audit_table(honest_trades, path)
        assert (found.remark("equity_not_explained") is not None) == expected


def test_few_trades_and_smooth_returns_are_found(honest_trades: Table, audit_table: Judge) -> None:
    assert audit_table(honest_trades.head(12)).remark("few_trades") is not None
    assert audit_table(honest_trades).remark("few_trades") is None
    rng = np.random.default_rng(2)
    noise = rng.normal(0.0005, 0.01, 600)
    days = pd.date_range("2020-01-01", periods=600, freq="D", tz="UTC")
    smooth = pd.Series(noise).rolling(4, min_periods=1).mean()
    for returns, expected in ((noise, False), (smooth.to_numpy(), True)):
        curve = pd.DataFrame({"time": days, "returns": returns})
        assert (audit_table(curve, cash=None).remark("autocorrelated") is not None) == expected


def test_smooth_returns_are_hardly_ever_seen_in_noise(audit_table: Judge) -> None:
    days = pd.date_range("2020-01-01", periods=250, freq="D", tz="UTC")
    rng = np.random.default_rng(3)
    alarms = 0
    for _ in range(40):
        curve = pd.DataFrame({"time": days, "returns": rng.normal(0.0, 0.01, 250)})
        alarms += audit_table(curve, cash=None).remark("autocorrelated") is not None
    assert alarms <= 1  # three standard errors


def test_results_too_good_are_doubted(audit_table: Judge) -> None:
    days = pd.date_range("2020-01-01", periods=250, freq="D", tz="UTC")
    rng = np.random.default_rng(3)
    for mean, expected in ((0.001, False), (0.008, True)):
        curve = pd.DataFrame({"time": days, "returns": rng.normal(mean, 0.01, 250)})
        assert (audit_table(curve, cash=None).remark("too_good") is not None) == expected


@pytest.mark.parametrize("dead", [False, True])
def test_a_universe_of_survivors_is_noticed(dead: bool, bars: Table, audit_table: Judge, tmp_path: Path) -> None:
    days = pd.date_range("2018-01-01", periods=900, freq="D", tz="UTC", name="timestamp")
    rng = np.random.default_rng(1)
    rows, trades = [], []
    for at in range(12):
        close = 50.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, 900)))
        size = 500 if dead and at == 0 else 900
        values = dict.fromkeys(("open", "high", "low", "close"), close[:size])
        rows.append(pd.DataFrame({**values, "volume": 1.0, "symbol": f"S{at:02d}"}, index=days[:size]))
        first, last = float(close[20]), float(close[40])
        costs = 0.001 * 5.0 * (first + last)
        record = {"symbol": f"S{at:02d}", "side": "long", "entry_time": days[20], "exit_time": days[40], "units": 5.0}
        prices = {"entry_price": first, "exit_price": last, "costs": costs, "profit": 5.0 * (last - first) - costs}
        trades.append({**record, **prices})
    path = tmp_path / "universe.csv"
    pd.concat(rows).to_csv(path)
    table = pd.DataFrame(trades)
    assert (audit_table(table, bars=[path]).remark("survivors_only") is not None) != dead
    assert audit_table(table).remark("universe_not_known") is not None


def test_profit_of_a_few_trades_one_month_and_one_symbol_is_said(honest_trades: Table, audit_table: Judge) -> None:
    table = honest_trades.copy()
    table["symbol"] = np.resize(["A", "B", "C"], len(table))
    table["profit"] = -1.0
    table.loc[[0, 3], "profit"] = 500.0  # both of symbol A, in January
    table = table.drop(columns=["entry_price", "exit_price", "units", "costs"])
    found = audit_table(table)
    assert {"few_trades_carry", "one_symbol", "one_month"} <= {one.rule for one in found.remarks}
    assert found.concentration is not None
    profit = table["profit"].sum()
    assert found.concentration.share("best trade") == pytest.approx(500.0 / profit)
    assert found.concentration.share("best symbol") == pytest.approx((1000.0 - 12.0) / profit)
    assert found.concentration.without_few == pytest.approx(-35.0)
