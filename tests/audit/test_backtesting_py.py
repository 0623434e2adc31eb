"""Outputs of backtesting.py, made by backtesting.py."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from augury.audit import AuditSpec, ClaimSpec, audit_files, read_claim
from augury.errors import InvalidInput

QUICK = AuditSpec(replications=199)


def test_trades_and_curve_are_recognised_from_csv_and_parquet(backtesting_files: Path) -> None:
    for ending in ("csv", "parquet"):
        trades = read_claim(backtesting_files / f"trades.{ending}")
        curve = read_claim(backtesting_files / f"equity.{ending}")
        assert (trades.tool, trades.parts) == ("backtesting.py", ("trades",))
        assert (curve.tool, curve.parts) == ("backtesting.py", ("equity",))
        frame = pd.read_csv(backtesting_files / "trades.csv")
        assert trades.trades is not None
        np.testing.assert_allclose(trades.trades.profit, frame["PnL"], rtol=1e-12)
        np.testing.assert_array_equal(trades.trades.side, np.sign(frame["Size"]))
        assert {1.0, -1.0} == set(trades.trades.side)
        np.testing.assert_allclose(trades.trades.stop_price, frame["SL"], rtol=1e-12)


def test_parquet_is_known_by_its_content_whatever_its_name(backtesting_files: Path, tmp_path: Path) -> None:
    for name in ("claim.csv", "claim.dat", "claim"):
        path = tmp_path / name
        path.write_bytes((backtesting_files / "trades.parquet").read_bytes())
        assert read_claim(path).parts == ("trades",)


def test_json_of_the_whole_stats_holds_trades_curve_and_figures(backtesting_files: Path) -> None:
    claim = read_claim(backtesting_files / "full.json")
    assert claim.parts == ("figures", "trades", "equity")
    assert claim.curve is not None
    frame = pd.read_csv(backtesting_files / "equity.csv")
    np.testing.assert_allclose(claim.curve.equity, frame["Equity"][1:], rtol=1e-9)
    assert claim.curve.initial_cash == 10_000.0
    assert claim.reported["sharpe"].label == "Sharpe Ratio"


@pytest.mark.parametrize("figures", ["stats.csv", "stats.json"])
def test_every_reported_figure_agrees_or_is_explained_by_its_convention(backtesting_files: Path, figures: str) -> None:
    parts = [backtesting_files / name for name in ("trades.csv", "equity.csv", figures)]
    found = audit_files(parts, QUICK)
    by_name = {one.measure: one for one in found.rechecked}
    assert by_name["sharpe"].status == "convention"
    assert "geometric" in by_name["sharpe"].explanation
    assert by_name["total_return"].status == "agrees"
    assert by_name["sqn"].status == "agrees"
    for one in found.rechecked:
        assert one.status in ("agrees", "convention"), one
        if np.isfinite(one.theirs) and one.measure != "cagr":  # the calendar of the first bar is not in our curve
            assert one.theirs == pytest.approx(one.reported, rel=1e-9), one
    assert found.remark("figures_not_reproduced") is None
    assert found.remark("equity_not_explained") is None


def test_its_fills_lie_within_the_bars(backtesting_files: Path, bar_file: Path) -> None:
    parts = [backtesting_files / "trades.csv", backtesting_files / "equity.csv"]
    found = audit_files(parts, QUICK, bars=[bar_file])
    rules = {one.rule for one in found.remarks}
    assert not rules & {"fills_outside_bars", "best_price_entries", "same_close_fills", "profit_not_from_prices"}
    assert found.delays is not None
    assert len(found.delays.rows) == 4


def test_figures_alone_are_refused_with_what_to_add(backtesting_files: Path) -> None:
    with pytest.raises(InvalidInput, match=r"summary figures only.*_equity_curve"):
        read_claim(backtesting_files / "stats.csv")


def test_two_curves_of_one_backtest_are_refused(backtesting_files: Path) -> None:
    with pytest.raises(InvalidInput, match="both hold curve"):
        read_claim([backtesting_files / "equity.csv", backtesting_files / "equity.parquet"])


def test_clock_times_without_a_zone_are_refused_beside_bars_and_taken_as_utc_without(
    backtesting_files: Path, bar_file: Path, tmp_path: Path
) -> None:
    frame = pd.read_csv(backtesting_files / "trades.csv")
    for name in ("EntryTime", "ExitTime"):
        frame[name] = frame[name] + " 15:30:00"
    path = tmp_path / "trades.csv"
    frame.to_csv(path, index=False)
    assert audit_files(path, QUICK).remark("no_zone") is not None
    with pytest.raises(InvalidInput, match=r"no time zone.*--zone"):
        audit_files(path, QUICK, bars=[bar_file])
    placed = audit_files(path, QUICK, reading=ClaimSpec(zone="America/New_York"))
    assert placed.remark("no_zone") is None
