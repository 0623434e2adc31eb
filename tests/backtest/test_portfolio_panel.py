"""Panels: alignment, sources read in pieces, refusals, and the memory of long runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from augury.backtest.portfolio.panel import Panel
from augury.backtest.portfolio.panel_actions import PanelAction
from augury.backtest.portfolio.panel_sources import ParquetSource
from augury.backtest.portfolio.portfolio_spec import PortfolioSpec, RebalanceSpec
from augury.backtest.portfolio.portfolio_weights import StrategyShare, combined_weights
from augury.backtest.portfolio.running import run_portfolio_engine
from augury.backtest.spec import BacktestSpec, CostSpec
from augury.errors import InvalidBars, InvalidInput, NotEnoughData, NotFound
from augury.market.bars import BarArrays, bar_arrays
from augury.market.resampling import resample
from augury.market.store import BarStore
from augury.sample import load_sample

SCRIPT = Path(__file__).parents[2] / "scripts" / "portfolio_memory.py"


@pytest.fixture(scope="module")
def frames() -> dict[str, pd.DataFrame]:
    return load_sample().bars


@pytest.fixture(scope="module")
def panel(frames: dict[str, pd.DataFrame]) -> Panel:
    return Panel.of(frames)


def test_the_union_of_times_holds_every_bar_and_nan_elsewhere(frames: dict[str, pd.DataFrame]) -> None:
    holes = {name: frame.drop(frame.index[5:400:7]) for name, frame in frames.items()}
    holes["IBM"] = frames["IBM"].drop(frames["IBM"].index[6:400:7])
    panel = Panel.of(holes)
    for size in (1, 100, 100_000):
        values = np.concatenate([block.values for block in panel.blocks(size)], axis=1)
        for at, (name, frame) in enumerate(holes.items()):
            expected = frame.reindex(pd.DatetimeIndex(panel.opened_at.view("datetime64[ns]"), tz="UTC"))
            np.testing.assert_array_equal(values[:, :, at], expected.to_numpy().T, err_msg=name)
    np.testing.assert_array_equal(panel.loaded().dense, values)


def test_files_stores_and_arrays_give_the_same_run(frames: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    weights, spec = dict.fromkeys(frames, 0.2), PortfolioSpec(rebalance=RebalanceSpec(when="monthly"), block_bars=333)
    expected = run_portfolio_engine(Panel.of(frames), weights, spec).equity
    store = BarStore(tmp_path / "store")
    paths = []
    for name, frame in frames.items():
        store.append(name, "1D", frame)
        path = tmp_path / (f"{name}.csv" if name == "FB" else f"{name}.parquet")
        frame.reset_index().to_csv(path, index=False) if name == "FB" else frame.to_parquet(path)
        paths.append(path)
    arrays = Panel.of({name: bar_arrays(frame) for name, frame in frames.items()})
    for panel in (arrays, arrays.loaded(), Panel.from_files(*paths), Panel.from_store(store, "1D")):
        assert panel.symbols == tuple(sorted(frames))
        np.testing.assert_array_equal(run_portfolio_engine(panel, weights, spec).equity, expected)
    first = Panel.from_store(store, "1D", ["AAPL", "IBM"], (None, "2001-01-01T00:00Z"))
    assert len(first) == int((frames["IBM"].index < pd.Timestamp("2001-01-01", tz="UTC")).sum())


def test_a_memory_mapped_matrix_is_read_a_piece_at_a_time(frames: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    bars = bar_arrays(frames["IBM"])
    np.save(tmp_path / "bars.npy", bars.matrix)
    mapped = np.load(tmp_path / "bars.npy", mmap_mode="r")
    panel = Panel.of({"AAPL": frames["AAPL"], "IBM": BarArrays(bars.opened_at, mapped)})
    spec = PortfolioSpec(block_bars=100)
    memory = Panel.of({"AAPL": frames["AAPL"], "IBM": frames["IBM"]})
    weights = {"AAPL": 0.5, "IBM": 0.5}
    np.testing.assert_array_equal(
        run_portfolio_engine(panel, weights, spec).equity, run_portfolio_engine(memory, weights, spec).equity
    )


def test_a_long_run_over_files_keeps_memory_in_bounds() -> None:
    """A small share of seven million bars; above a plain start it takes only curves and one block."""
    command = [sys.executable, str(SCRIPT), "--bars", "200000", "--symbols", "3"]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert told["bars"] >= 199_000
    assert told["fills"] > 300
    assert told["peak_megabytes"] < 900


def test_a_panel_cut_at_a_moment_knows_only_what_had_closed(panel: Panel) -> None:
    moment = "2005-01-04T12:00Z"
    part = panel.until(moment)
    assert int(part.closed_at[-1]) <= pd.Timestamp(moment).value < int(panel.closed_at[len(part)])
    with pytest.raises(NotEnoughData, match="no bar had closed"):
        panel.until("1999-01-01T00:00Z")


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        ({"AAPL": float("nan")}, InvalidInput, "finite"),
        ({"AAPL": 0.8, "IBM": 0.3}, InvalidInput, "add up to at most 1"),
        ({"AAPL": 0.8, "IBM": -0.3}, InvalidInput, "got 1.1"),
        ({"APPL": 0.5}, NotFound, "did you mean 'AAPL'"),
        ({"AAPL": "half"}, InvalidInput, "should be a number"),
        ({"AAPL": True}, InvalidInput, "should be a number"),
        (0.5, InvalidInput, "got float"),
        ([], InvalidInput, "at least one StrategyShare"),
        (lambda _: 0.5, InvalidInput, "should return a mapping"),
        (lambda _: {"AAPL": 2.0}, InvalidInput, "at the close of 2000-03-01"),
        (lambda _: {"AAPL": np.nan}, InvalidInput, "finite"),
    ],
)
def test_weights_that_cannot_be_held_are_refused(panel: Panel, weights: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        run_portfolio_engine(panel, weights)


def frame_of(index: Any, **columns: Any) -> pd.DataFrame:
    return pd.DataFrame(columns, index=index)


def test_frames_of_weights_that_are_unclear_are_refused(panel: Panel) -> None:
    days = pd.date_range("2001-01-01", periods=3, tz="UTC")
    bad = [
        (frame_of(days.tz_localize(None), AAPL=0.5), InvalidInput, "time.*zone"),
        (frame_of(range(3), AAPL=0.5), InvalidInput, "indexed by times"),
        (frame_of(days, AAPL=[0.1, np.nan, 0.2]), InvalidInput, "finite.*row 1, known at 2001-01-03"),
        (frame_of(days, TSLA=0.5), NotFound, "TSLA"),
        (frame_of(days, AAPL="x"), InvalidInput, "numbers"),
        (frame_of(days[:0], AAPL=[]), InvalidInput, "at least one row"),
        (frame_of(days, AAPL=[0.5, 0.9, 1.5]), InvalidInput, "row 2"),
        (frame_of(days + pd.Timedelta(days=9999), AAPL=0.5), InvalidInput, "do not overlap"),
    ]
    for frame, error, message in bad:
        with pytest.raises(error, match=message):
            run_portfolio_engine(panel, frame)
    long_only = PortfolioSpec(backtest=BacktestSpec(allow_short=False))
    with pytest.raises(InvalidInput, match="allow_short"):
        run_portfolio_engine(panel, {"AAPL": -0.1}, long_only)


def test_a_row_of_weights_counts_from_its_bars_close_or_from_known_at(panel: Panel) -> None:
    spec = PortfolioSpec(backtest=BacktestSpec(costs=CostSpec(commission_rate=0.0, slippage_rate=0.0)))
    day = pd.DatetimeIndex([pd.Timestamp("2001-03-07", tz="UTC")])
    by_bar = run_portfolio_engine(panel, frame_of(day, AAPL=[1.0]), spec)
    assert by_bar.fills_frame().index[0] == pd.Timestamp("2001-03-08", tz="UTC")
    late = frame_of(day, AAPL=[1.0]).assign(known_at=pd.Timestamp("2001-03-09 12:00", tz="UTC"))
    known = run_portfolio_engine(panel, late, spec)
    assert known.fills_frame().index[0] == pd.Timestamp("2001-03-12", tz="UTC")


def test_strategy_positions_must_be_series_of_numbers_with_a_share(
    panel: Panel, frames: dict[str, pd.DataFrame]
) -> None:
    series = pd.Series(1.0, frames["AAPL"].index)
    for share, message in [
        (StrategyShare(symbol="AAPL", positions=series, share=0.0), "above 0"),
        (StrategyShare(symbol="AAPL", positions=series.to_numpy(), share=0.5), "Series"),
        (StrategyShare(symbol="AAPL", positions=series.where(series.index.day > 3), share=0.5), "NaN"),
    ]:
        with pytest.raises(InvalidInput, match=message):
            combined_weights([share], panel)
    with pytest.raises(InvalidInput, match="add up to at most"):
        run_portfolio_engine(panel, [StrategyShare(symbol="AAPL", positions=series, share=s) for s in (0.7, 0.7)])


def test_bars_that_do_not_belong_together_are_refused(frames: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    aapl, ibm = frames["AAPL"], frames["IBM"]
    with pytest.raises(InvalidInput, match="time zones or sessions"):
        Panel.of({"AAPL": aapl, "IBM": ibm.set_axis(ibm.index + pd.Timedelta(hours=5))})
    with pytest.raises(InvalidInput, match=r"1D.*1W|1W.*1D"):
        Panel.of({"AAPL": aapl, "IBM": resample(ibm, "1W")})
    with pytest.raises(InvalidInput, match="at least one symbol"):
        Panel.of({})
    with pytest.raises(InvalidBars, match="'IBM'"):
        Panel.of({"AAPL": aapl, "IBM": ibm.assign(open=-1.0)})
    with pytest.raises(InvalidBars, match="time"):
        Panel.of({"AAPL": aapl.tz_localize(None).set_axis(aapl.index.tz_localize(None) + pd.Timedelta(hours=9))})
    with pytest.raises(NotEnoughData, match="at least 2 bars"):
        Panel.of({"AAPL": aapl.iloc[:1]}, timeframe="1D")
    ibm.iloc[::-1].to_parquet(tmp_path / "IBM.parquet")
    with pytest.raises(InvalidBars, match="strictly increasing"):
        Panel.of({"IBM": ParquetSource(path=tmp_path / "IBM.parquet")})
    with pytest.raises(NotFound):
        Panel.from_store(BarStore(tmp_path / "none"), "1D", ["IBM"])


def test_options_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(InvalidInput, match="needs threshold"):
        RebalanceSpec(when="threshold")
    with pytest.raises(InvalidInput, match="takes no every_bars"):
        RebalanceSpec(when="monthly", every_bars=3)
    with pytest.raises(InvalidInput, match="zone"):
        RebalanceSpec(zone="Mars/Olympus")
    with pytest.raises(InvalidInput, match="RebalanceSpec"):
        PortfolioSpec(backtest=BacktestSpec(rebalance_drift=0.1))
    with pytest.raises(InvalidInput, match="below leverage"):
        PortfolioSpec(backtest=BacktestSpec(leverage=0.5), cash_buffer=0.6)
    with pytest.raises(InvalidInput, match="commission_rate"):
        PortfolioSpec.from_dict({"backtest": {"costs": {"commission_rate": -0.1}}})
    with pytest.raises(InvalidInput, match="max_weight"):
        PortfolioSpec(max_weight=0.0)


def test_actions_that_make_no_sense_are_refused(frames: dict[str, pd.DataFrame]) -> None:
    with pytest.raises(InvalidInput, match="split_ratio"):
        PanelAction(symbol="AAPL", at=0, split_ratio=0.0)
    with pytest.raises(InvalidInput, match="dividend"):
        PanelAction(symbol="AAPL", at=0, dividend=-1.0)
    with pytest.raises(InvalidInput, match="delisted=True"):
        PanelAction(symbol="AAPL", at=0, price=3.0)
    with pytest.raises(NotFound, match="TSLA"):
        Panel.of(frames, actions=[PanelAction(symbol="TSLA", at=0, dividend=1.0)])
