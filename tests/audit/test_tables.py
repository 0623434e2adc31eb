"""Tables by hand: spellings, orders of rows, missing columns, and everything that is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.audit import Audit, AuditSpec, ClaimSpec, audit_files, read_claim
from augury.errors import InvalidInput, NotEnoughData, NotFound

DAYS = pd.date_range("2021-01-01", periods=60, freq="D", tz="UTC")


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "header",
    [
        "Symbol,Direction,Entry Date,Exit Date,Quantity,Entry Price,Exit Price,P&L,Fees",
        "ticker,side,entry_time,exit_time,qty,entry_price,exit_price,pnl,commission",
        "pair,type,open_date,close_date,amount,open_rate,close_rate,profit_abs,fee",
        "Instrument,Position Side,Opened At,Closed At,Shares,Price In,Price Out,Net Profit,Commissions",
    ],
)
def test_columns_are_found_by_their_common_names(header: str, tmp_path: Path) -> None:
    header = header.replace("P&L", "PnL")
    path = write(tmp_path / "trades.csv", f"{header}\nX,long,2021-01-04,2021-01-08,10,100,110,99,1\n")
    trades = read_claim(path).trades
    assert trades is not None
    assert trades.symbol == ("X",)
    assert (trades.units[0], trades.entry_price[0], trades.exit_price[0]) == (10.0, 100.0, 110.0)
    assert (trades.profit[0], trades.costs[0], trades.side[0]) == (99.0, 1.0, 1.0)
    assert pd.Timestamp(trades.exit_ns[0], tz="UTC") == pd.Timestamp("2021-01-08", tz="UTC")


@pytest.mark.parametrize(
    ("words", "side"), [("Long", 1.0), ("BUY", 1.0), ("1", 1.0), ("short", -1.0), ("Sell", -1.0), ("-1", -1.0)]
)
def test_sides_are_read_as_people_write_them(words: str, side: float, tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", f"side,entry time,exit time,profit\n{words},2021-01-04,2021-01-08,5\n")
    trades = read_claim(path).trades
    assert trades is not None
    assert trades.side[0] == side


def test_what_is_missing_is_derived_and_said(tmp_path: Path) -> None:
    head = "entry_time,exit_time,entry_price,exit_price"
    path = write(tmp_path / "t.csv", f"{head},profit\n2021-01-04,2021-01-08,100,110,-50\n")
    claim = read_claim(path)
    assert claim.trades is not None
    assert claim.trades.side[0] == -1.0  # the price rose and money was lost
    assert claim.trades.units[0] == pytest.approx(5.0)
    assert {one.rule for one in claim.remarks} == {"side_not_stated", "size_not_stated"}
    path = write(tmp_path / "u.csv", f"{head},size\n2021-01-04,2021-01-08,100,110,-3\n")
    trades = read_claim(path).trades
    assert trades is not None
    assert (trades.side[0], trades.units[0], trades.profit[0]) == (-1.0, 3.0, pytest.approx(-30.0))


def test_percent_signs_are_percent_and_fractions_are_fractions(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "entry time,exit time,Return %\n2021-01-04,2021-01-08,5\n")
    trades = read_claim(path).trades
    assert trades is not None
    assert trades.trade_return[0] == pytest.approx(0.05)
    path = write(tmp_path / "u.csv", "entry time,exit time,Return\n2021-01-04,2021-01-08,0.05\n")
    trades = read_claim(path).trades
    assert trades is not None
    assert trades.trade_return[0] == pytest.approx(0.05)


def test_profits_without_an_account_need_one(tmp_path: Path) -> None:
    rows = "".join(f"2021-01-{day:02d},2021-01-{day + 1:02d},{day}\n" for day in range(4, 20))
    path = write(tmp_path / "t.csv", "entry time,exit time,profit\n" + rows)
    with pytest.raises(InvalidInput, match=r"neither sizes nor the account.*--cash"):
        audit_files(path)
    found = audit_files(path, AuditSpec(replications=199), reading=ClaimSpec(cash=1000.0))
    assert found.account is not None
    assert found.account.equity[-1] == pytest.approx(1000.0 + sum(range(4, 20)))
    assert found.remark("booked_at_exit") is not None


TIMES = "entry time,exit time"
REFUSED = {
    "nothing in it": ("", "empty file"),
    "a header only": ("time,equity\n", "header and nothing below"),
    "other columns": ("colour,taste\nred,sweet\n", r"the columns colour, taste; trades need an entry time"),
    "NaN inside": ("time,equity\n2021-01-01,1\n2021-01-02,\n2021-01-03,3\n2021-01-04,4\n", r"row 1 \(nan\)"),
    "all NaN": ("time,equity\n2021-01-01,\n2021-01-02,\n", "columns time, equity|expected numbers"),
    "mixed zones": (
        "time,equity\n2021-01-01T00:00:00+01:00,1\n2021-01-02T00:00:00+03:00,2\n2021-01-03T00:00:00+01:00,3\n",
        "2 UTC offsets",
    ),
    "one time twice": ("time,equity\n2021-01-01,1\n2021-01-02,2\n2021-01-02,3\n2021-01-03,3\n", "two different values"),
    "no times": ("time,equity\nyesterday,1\ntoday,2\n", "ISO 8601"),
    "one point": ("time,equity\n2021-01-01,1\n", "at least 3 points"),
    "doubtful numbers": ("time,x\n2021-01-01,0.2\n2021-01-02,0.3\n2021-01-03,0.1\n", "account values or returns"),
    "an account in the red": ("time,equity\n2021-01-01,5\n2021-01-02,3\n2021-01-03,-1\n2021-01-04,2\n", "it is lost"),
    "prices below zero": (
        "entry time,exit time,entry price,exit price\n2021-01-01,2021-01-02,-5,6\n",
        "above 0.*row 0",
    ),
    "no entry time": (
        "entry time,exit time,profit\n,2021-01-02,6\n2021-01-01,2021-01-02,6\n",
        "entry time in every row",
    ),
    "words for numbers": (
        "entry time,exit time,profit\n2021-01-01,2021-01-02,much\n",
        r"numbers in column 'profit'.*row 0",
    ),
    "an unknown side": ("side,entry time,exit time,profit\nup,2021-01-01,2021-01-02,6\n", "long or short"),
    "two columns of profit": (
        "entry time,exit time,pnl,net profit\n2021-01-01,2021-01-02,6,6\n",
        "one column for profit",
    ),
    "no outcome": (
        "entry time,exit time,entry price,profit\n2021-01-01,2021-01-02,6,\n",
        "a profit, a return or prices",
    ),
}


@pytest.mark.parametrize("name", REFUSED, ids=list(REFUSED))
def test_what_cannot_be_judged_is_refused_with_what_came(name: str, tmp_path: Path) -> None:
    text, message = REFUSED[name]
    path = write(tmp_path / "claim.csv", text)
    with pytest.raises((InvalidInput, NotEnoughData), match=f"(?s){message}") as caught:
        audit_files(path, AuditSpec(replications=199))
    assert str(path) in str(caught.value) or "account" in str(caught.value)


def test_files_and_columns_that_do_not_exist_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no such file"):
        read_claim(tmp_path / "absent.csv")
    curve = pd.DataFrame({"time": DAYS, "a": np.linspace(100.0, 120.0, 60), "b": np.linspace(100.0, 90.0, 60)})
    path = tmp_path / "two.csv"
    curve.to_csv(path, index=False)
    with pytest.raises(NotFound, match=r"no column 'c' to judge"):
        read_claim(path, ClaimSpec(strategy="c"))
    with pytest.raises(InvalidInput, match="did you mean 'cash'"):
        ClaimSpec.from_dict({"csh": 1.0})


def test_rows_out_of_order_and_repeated_rows_are_mended_and_said(tmp_path: Path) -> None:
    curve = pd.DataFrame({"time": DAYS, "equity": 100.0 + np.arange(60.0) % 7})
    whole, mixed = tmp_path / "whole.csv", tmp_path / "mixed.csv"
    curve.to_csv(whole, index=False)
    pd.concat([curve, curve.iloc[[5, 9]]]).to_csv(mixed, index=False)
    first, second = read_claim(whole), read_claim(mixed)
    assert first.curve is not None
    assert second.curve is not None
    np.testing.assert_array_equal(first.curve.equity, second.curve.equity)
    assert {one.rule for one in second.remarks} == {"rows_out_of_order", "duplicate_rows"}


@given(
    returns=st.lists(st.floats(-0.2, 0.25), min_size=5, max_size=40).filter(lambda rows: len(set(rows)) > 2),
    scale=st.floats(0.5, 1e6),
)
def test_equity_and_its_returns_are_the_same_claim(
    returns: list[float], scale: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("same")
    days = DAYS[: len(returns)]
    equity = scale * np.cumprod(1.0 + np.array(returns))
    pd.DataFrame({"time": days, "returns": returns}).to_csv(folder / "returns.csv", index=False)
    pd.DataFrame({"time": days, "equity": equity}).to_csv(folder / "equity.csv", index=False)
    first = read_claim(folder / "returns.csv", ClaimSpec(kind="returns")).curve
    second = read_claim(folder / "equity.csv", ClaimSpec(cash=scale, kind="equity")).curve
    assert first is not None
    assert second is not None
    np.testing.assert_allclose(first.equity * scale, second.equity, rtol=1e-9)


def test_booked_profits_are_those_of_a_slow_loop(
    honest_trades: pd.DataFrame, audit_table: Callable[..., Audit]
) -> None:
    found = audit_table(honest_trades)
    account = found.account
    assert account is not None
    assert account.basis == "booked"
    for at, time in enumerate(account.times.tolist()):
        day = pd.Timestamp(time, tz="UTC")
        slow = 10_000.0 + honest_trades.loc[honest_trades["exit_time"] < day, "profit"].sum()
        assert account.equity[at] == pytest.approx(slow)
    assert account.periods_per_year == 365.0


def test_weekends_are_left_out_when_nothing_happens_on_them(audit_table: Callable[..., Audit]) -> None:
    days = pd.bdate_range("2021-01-04", periods=60, tz="UTC")
    table = pd.DataFrame({"entry_time": days[:-1], "exit_time": days[1:], "profit": np.resize([5.0, -3.0, 1.0], 59)})
    account = audit_table(table).account
    assert account is not None
    assert len(account.times) == 60
    assert account.periods_per_year == 252.0


def test_the_cash_assumed_is_the_most_that_was_in_positions_at_once(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "entry_time": DAYS[[0, 1, 5]], "exit_time": DAYS[[4, 5, 9]], "units": [1.0, 2.0, 2.5],
            "entry_price": [100.0, 50.0, 70.0], "exit_price": [101.0, 51.0, 72.0],
        }
    )  # fmt: skip
    path = tmp_path / "t.csv"
    table.to_csv(path, index=False)
    found = audit_files(path, AuditSpec(replications=199))
    assert found.account is not None
    assert found.account.initial_cash == pytest.approx(200.0)
    assert found.remark("cash_assumed") is not None
