"""Entry and exit flags: what they ask for, and which arrays are none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.backtest import BacktestSpec, CostSpec, ExitSpec, run_engine
from augury.backtest.account import layout as at
from augury.backtest.orders.signals import Signals, run_signal_engine, signal_events
from augury.errors import InvalidInput
from augury.market.bars import BarArrays, bars_frame

NONE = float("nan")


def flags(text: str) -> np.ndarray:
    return np.array([letter == "x" for letter in text])


def events_of(bars: BarArrays, long_in: str, long_out: str, short_in: str, short_out: str) -> list[float]:
    given_flags = Signals(
        long_entries=flags(long_in),
        long_exits=flags(long_out),
        short_entries=flags(short_in),
        short_exits=flags(short_out),
    )
    return signal_events(bars, given_flags, BacktestSpec()).tolist()


@pytest.mark.parametrize(
    ("long_in", "long_out", "short_in", "short_out", "expected"),
    [
        ("x..", ".x.", "...", "...", [1.0, 0.0, NONE]),
        ("...", "...", "x..", "..x", [-1.0, NONE, 0.0]),
        ("x..", "...", ".x.", "...", [1.0, -1.0, NONE]),  # an entry to the other side reverses
        ("x..", ".x.", ".x.", "...", [1.0, -1.0, NONE]),  # exit and entry to the other side: the reversal
        (".x.", "x..", "x..", ".x.", [-1.0, 1.0, NONE]),
        ("xx.", ".x.", "...", "...", [1.0, 0.0, NONE]),  # entry and exit of one side, held: the exit
        ("x..", "x..", ".x.", "...", [NONE, -1.0, NONE]),  # ... not held: nothing
        ("x..", "...", "x..", "...", [NONE, NONE, NONE]),  # both entries: none
        ("xx.", "x..", "x..", "...", [-1.0, 1.0, NONE]),  # an entry struck out by its own exit contradicts nobody
        ("...", ".x.", "x..", "...", [-1.0, NONE, NONE]),  # a long exit does not close a short
        ("x..", "...", "...", ".x.", [1.0, NONE, NONE]),
    ],
)
def test_flags_ask_for_what_the_rules_say(
    make_bars: Callable[..., BarArrays],
    long_in: str,
    long_out: str,
    short_in: str,
    short_out: str,
    expected: list[float],
) -> None:
    got = events_of(make_bars(np.full(3, 10.0)), long_in, long_out, short_in, short_out)
    np.testing.assert_array_equal(got, expected)


class SlowDesk:
    """The rules read one bar at a time, knowing what is held."""

    def __init__(self) -> None:
        self.asked = 0.0

    def order(self, long_in: bool, long_out: bool, short_in: bool, short_out: bool) -> float:
        long_in, short_in = long_in and not long_out, short_in and not short_out
        if long_in and short_in:
            return self.asked
        if long_in:
            self.asked = 1.0
        elif short_in:
            self.asked = -1.0
        elif (long_out and self.asked > 0.0) or (short_out and self.asked < 0.0):
            self.asked = 0.0
        return self.asked


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), often=st.sampled_from([0.05, 0.3, 0.7]))
def test_without_exits_of_the_engine_signals_are_the_targets_of_a_desk_that_reads_them(
    make_random_bars: Callable[..., BarArrays], seed: int, often: float
) -> None:
    bars = make_random_bars(seed, 60)
    columns = np.random.default_rng(seed).random((4, 60)) < often
    desk, spec = SlowDesk(), BacktestSpec()
    targets = np.array([desk.order(*column) for column in columns.T.tolist()])
    names = ("long_entries", "long_exits", "short_entries", "short_exits")
    run = run_signal_engine(bars, Signals(**dict(zip(names, columns, strict=True))), spec)
    np.testing.assert_array_equal(run.equity, run_engine(bars, targets, spec).equity)


def test_after_a_stop_the_next_entry_is_taken_and_an_exit_is_not_a_short(make_bars: Callable[..., BarArrays]) -> None:
    bars = make_bars(np.array([100.0, 100.0, 90.0, 90.0, 90.0, 95.0, 95.0]))
    spec = BacktestSpec(costs=CostSpec(commission_rate=0.0, slippage_rate=0.0), exits=ExitSpec(stop_loss=0.05))
    run = run_signal_engine(bars, Signals(long_entries=flags("x..x..."), long_exits=flags("..x..x.")), spec)
    reasons = [(int(row[at.FILL_BAR]), at.REASONS[int(row[at.FILL_WHY])]) for row in run.fills]
    assert reasons == [(1, "signal"), (2, "stop_loss"), (4, "signal"), (6, "signal")]


def test_size_is_the_fraction_of_equity_of_an_entry(make_bars: Callable[..., BarArrays]) -> None:
    bars = make_bars(np.full(4, 10.0))
    spec = BacktestSpec(initial_cash=1000.0, costs=CostSpec(commission_rate=0.0, slippage_rate=0.0))
    run = run_signal_engine(bars, Signals(long_entries=flags("x..."), size=np.array([0.25, 1.0, 1.0, 1.0])), spec)
    assert run.units.tolist() == [0.0, 25.0, 25.0, 25.0]


def test_series_on_the_bars_index_are_taken_and_others_refused(make_random_bars: Callable[..., BarArrays]) -> None:
    bars = make_random_bars(1, 30)
    frame = bars_frame(bars.opened_at, bars.matrix)
    up = frame["close"] > frame["open"]
    plain = run_signal_engine(bars, Signals(long_entries=up.to_numpy(), long_exits=~up.to_numpy()), BacktestSpec())
    series = run_signal_engine(bars, Signals(long_entries=up, long_exits=(~up).astype("boolean")), BacktestSpec())
    np.testing.assert_array_equal(plain.equity, series.equity)
    moved = up.copy()
    moved.index = moved.index + pd.Timedelta("1D")
    with pytest.raises(InvalidInput, match="indexed by the bars' times; at row 0"):
        run_signal_engine(bars, Signals(long_entries=moved), BacktestSpec())
    naive = up.copy()
    naive.index = naive.index.tz_localize(None)
    with pytest.raises(InvalidInput, match="without a zone"):
        run_signal_engine(bars, Signals(long_entries=naive), BacktestSpec())


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (np.zeros(2, dtype=bool), "one value a bar, 3 in all"),
        (np.array([0, 1, 0]), "should be booleans, got int64"),
        (np.array([0.0, np.nan, 1.0]), "1 are missing, the first at bar 1"),
        (pd.Series([True, None, False]), "1 are missing, the first at bar 1"),
        (pd.array([True, False, pd.NA], dtype="boolean"), "1 are missing, the first at bar 2"),
        (np.array(["yes", "no", "no"]), "should be booleans"),
        (pd.DataFrame({"a": [True] * 3}), "one column"),
    ],
)
def test_flags_that_are_none_are_refused(make_bars: Callable[..., BarArrays], entries: object, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        run_signal_engine(make_bars(np.full(3, 10.0)), Signals(long_entries=entries), BacktestSpec())


@pytest.mark.parametrize("size", [0.0, -1.0, 1.5, float("nan"), np.array([1.0, np.nan, 1.0]), "all", np.ones(2), True])
def test_sizes_that_cannot_be_are_refused(make_bars: Callable[..., BarArrays], size: object) -> None:
    with pytest.raises(InvalidInput, match="size"):
        run_signal_engine(make_bars(np.full(3, 10.0)), Signals(long_entries=flags("x.."), size=size), BacktestSpec())


def test_short_entries_need_permission(make_bars: Callable[..., BarArrays]) -> None:
    bars, entries = make_bars(np.full(3, 10.0)), Signals(long_entries=flags("..."), short_entries=flags("x.."))
    with pytest.raises(InvalidInput, match="`allow_short` is off"):
        run_signal_engine(bars, entries, BacktestSpec(allow_short=False))


def test_no_flags_at_all_leave_the_cash_alone(make_bars: Callable[..., BarArrays]) -> None:
    run = run_signal_engine(make_bars(np.full(3, 10.0)), Signals(long_entries=flags("...")), BacktestSpec())
    assert run.equity.tolist() == [10_000.0] * 3
    assert len(run.fills) == 0
