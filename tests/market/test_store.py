"""The store against a plain pandas model: what goes in comes out, bit for bit."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.errors import Conflict, InvalidBars, InvalidInput, NotFound
from augury.market.bars import bars_frame
from augury.market.store import BarStore, BarStoreSpec
from augury.market.validate import validate_bars

MakeBars = Callable[..., pd.DataFrame]
START = 1_700_000_000 * 10**9


def same(left: pd.DataFrame, right: pd.DataFrame) -> bool:
    """Equal times and equal bits."""
    return left.index.equals(right.index) and left.to_numpy().tobytes() == right.to_numpy().tobytes()


def bars_at(times: list[int], seed: int = 0) -> pd.DataFrame:
    """Valid bars at these ns times; the values depend on time and seed only."""
    opened_at = np.array(sorted(times), dtype=np.int64)
    base = 50.0 + (opened_at // 10**9 % 997) / 7.0 + seed
    return bars_frame(opened_at, np.stack([base, base + 1.0, base - 1.0, base + 0.5, base * 10.0]))


@pytest.fixture
def store(tmp_path: Path) -> BarStore:
    return BarStore(tmp_path / "store", BarStoreSpec(compact_at_parts=4))


@given(
    steps=st.lists(st.integers(10**9, 10**15), min_size=1, max_size=30),
    prices=st.lists(st.floats(1e-300, 1e300, allow_subnormal=False), min_size=30, max_size=30),
    volumes=st.lists(st.floats(0.0, 1.7e308), min_size=30, max_size=30),
)
@settings(max_examples=25, deadline=None)
def test_whatever_is_stored_comes_back_bit_for_bit_to_the_nanosecond(
    steps: list[int], prices: list[float], volumes: list[float]
) -> None:
    opened_at = np.cumsum(np.array(steps, dtype=np.int64)) + START
    close = np.array(prices[: len(steps)])
    matrix = np.stack([close, close * 1.5, close * 0.5, close, np.array(volumes[: len(steps)])])
    bars = validate_bars(bars_frame(opened_at, matrix))
    with tempfile.TemporaryDirectory() as folder:
        store = BarStore(folder)
        assert store.append("X", "1s", bars) == len(bars)
        back = store.read("X", "1s")
        assert same(back, bars)
        assert validate_bars(back) is back
        middle = int(opened_at[len(opened_at) // 2])
        assert same(store.read("X", "1s", end=middle), bars[bars.index.asi8 < middle])
        assert same(store.read("X", "1s", start=middle), bars[bars.index.asi8 >= middle])


OPERATION = st.tuples(
    st.sampled_from(["append", "replace", "remove", "compact"]),
    st.integers(0, 60),
    st.integers(1, 15),
    st.integers(0, 2),
)


@given(operations=st.lists(OPERATION, min_size=1, max_size=12))
@settings(max_examples=15, deadline=None)
def test_any_sequence_of_writes_leaves_what_a_plain_model_holds(operations: list[tuple[str, int, int, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = BarStore(folder, BarStoreSpec(compact_at_parts=3, full_part_bars=20))
        model: dict[int, tuple[float, ...]] = {}
        for kind, first, count, seed in operations:
            times = [START + step * 60 * 10**9 for step in range(first, first + count)]
            bars = bars_at(times, seed)
            new = {int(at): tuple(row) for at, row in zip(bars.index.asi8, bars.to_numpy().tolist(), strict=True)}
            start, end = times[0], times[-1] + 1
            if kind == "append":
                inside = {at: row for at, row in new.items() if model and min(model) <= at <= max(model)}
                clash = any(model.get(at) != row for at, row in inside.items())
                if clash:
                    with pytest.raises(Conflict):
                        store.append("X", "1m", bars)
                else:
                    assert store.append("X", "1m", bars) == len(new.keys() - model.keys())
                    model |= new
            elif kind == "compact" or (kind == "remove" and not model):
                if model:
                    assert store.compact("X", "1m") >= 1
            else:
                store.replace_range("X", "1m", bars if kind == "replace" else None, start, end)
                model = {at: row for at, row in model.items() if not start <= at < end}
                model |= new if kind == "replace" else {}
            if model:
                expected = bars_frame(np.array(sorted(model)), np.array([model[at] for at in sorted(model)]).T)
                assert same(store.read("X", "1m"), expected)
                (described,) = store.describe()
                assert (described.bars, described.first, described.last) == (
                    len(expected),
                    expected.index[0],
                    expected.index[-1],
                )
            else:
                assert store.symbols() == []
        assert store.verify() == ()


def test_equal_bars_are_passed_over_and_only_new_ones_are_counted(store: BarStore, make_bars: MakeBars) -> None:
    bars = make_bars(40)
    assert store.append("AAPL", "1h", bars[:30]) == 30
    assert store.append("AAPL", "1h", bars[:30]) == 0
    assert store.append("AAPL", "1h", bars[20:]) == 10
    assert same(store.read("AAPL", "1h"), bars)


def test_bars_older_than_the_first_stored_one_can_be_appended(store: BarStore, make_bars: MakeBars) -> None:
    bars = make_bars(40)
    store.append("AAPL", "1h", bars[20:30])
    assert store.append("AAPL", "1h", bars) == 30
    assert same(store.read("AAPL", "1h"), bars)


def test_a_contradicting_append_names_the_rows_and_changes_nothing(store: BarStore, make_bars: MakeBars) -> None:
    bars = make_bars(40)
    store.append("AAPL", "1h", bars[:30])
    wrong = bars.copy()
    wrong.iloc[25, 4] += 1.0
    with pytest.raises(Conflict, match=r"1 bars differ .*2024-01-02T01:00:00Z volume is .*, came .*replace_range"):
        store.append("AAPL", "1h", wrong)
    assert same(store.read("AAPL", "1h"), bars[:30])


def test_bars_between_stored_ones_are_refused(store: BarStore, make_bars: MakeBars) -> None:
    bars = make_bars(40)
    store.append("AAPL", "1h", bars.drop(bars.index[10]))
    with pytest.raises(Conflict, match=r"1 bars lie between stored ones \(2024-01-01T10:00:00Z"):
        store.append("AAPL", "1h", bars)


def test_replacing_needs_a_range_that_holds_the_bars(store: BarStore, make_bars: MakeBars) -> None:
    bars = make_bars(10)
    with pytest.raises(InvalidInput, match="1 bars open outside the range"):
        store.replace_range("A", "1h", bars, bars.index[0], bars.index[-1])
    with pytest.raises(InvalidInput, match="start should be before end"):
        store.replace_range("A", "1h", bars, bars.index[3], bars.index[3])
    with pytest.raises(NotFound, match="the store is empty"):
        store.replace_range("A", "1h", None, bars.index[0], bars.index[3])
    assert store.symbols() == []


def test_timeframes_of_one_symbol_never_share_rows(store: BarStore, make_bars: MakeBars) -> None:
    hourly, daily = make_bars(48), make_bars(10, freq="D", seed=1)
    store.append("AAPL", "1h", hourly)
    store.append("AAPL", "1D", daily)
    assert same(store.read("AAPL", "60min"), hourly)
    assert same(store.read("AAPL", "daily"), daily)
    with pytest.raises(NotFound, match="no 4h bars of 'AAPL', only 1D, 1h"):
        store.read("AAPL", "4h")
    with pytest.raises(InvalidBars, match="expected bars at least 1D apart"):
        store.append("MSFT", "1D", hourly)


def test_daily_bars_of_the_day_on_which_clocks_go_forward_are_taken(store: BarStore, make_bars: MakeBars) -> None:
    bars = make_bars(5)
    bars.index = pd.date_range("2024-03-08", periods=5, tz="America/New_York", unit="ns").tz_convert("UTC")
    bars.index.name = "timestamp"
    assert store.append("AAPL", "1D", bars) == 5


def test_many_small_appends_are_joined_into_few_files(store: BarStore, make_bars: MakeBars) -> None:
    bars = make_bars(30)
    for row in range(30):
        store.append("AAPL", "1h", bars[row : row + 1])
    (described,) = store.describe()
    assert described.parts <= 4
    assert same(store.read("AAPL", "1h"), bars)
    assert store.compact("AAPL", "1h") == 1
    store.append("AAPL", "1h", make_bars(1, start="2025-01-01"))
    (described,) = store.describe()
    files = list(store.folder.glob("symbol=*/*/*"))
    assert len(files) == described.parts + 1, "leftovers of earlier versions go with the next write"
    assert described.bytes == sum(file.stat().st_size for file in files if file.suffix == ".parquet")


def test_full_parts_are_left_alone(tmp_path: Path, make_bars: MakeBars) -> None:
    store = BarStore(tmp_path, BarStoreSpec(compact_at_parts=2, full_part_bars=10))
    bars = make_bars(50)
    for row in range(0, 50, 10):
        store.append("AAPL", "1h", bars[row : row + 10])
    assert store.compact("AAPL", "1h") == 5
    assert same(store.read("AAPL", "1h", bars.index[7], bars.index[23]), bars[7:23])


def test_unknown_symbols_are_named_with_near_ones(store: BarStore, make_bars: MakeBars) -> None:
    store.append("AAPL", "1h", make_bars(5))
    with pytest.raises(NotFound, match="did you mean 'AAPL'"):
        store.read("APPL", "1h")
    with pytest.raises(NotFound, match="no bars of 'ZZZ'"):
        store.read_many(["AAPL", "ZZZ"], "1h")
    with pytest.raises(InvalidInput, match="several symbols"):
        store.read_many("AAPL", "1h")
    for action in (store.delete, lambda symbol: store.compact(symbol, "1h")):
        with pytest.raises(NotFound):
            action("ZZZ")


def test_several_symbols_are_read_at_once_and_a_range_without_bars_is_empty(
    store: BarStore, make_bars: MakeBars
) -> None:
    for seed, symbol in enumerate(("MSFT", "AAPL")):
        store.append(symbol, "1h", make_bars(5, seed=seed))
    assert list(store.read_many(["MSFT", "AAPL"], "1h")) == ["MSFT", "AAPL"]
    nothing = store.read("AAPL", "1h", start="2030-01-01T00:00Z")
    assert nothing.empty
    assert list(nothing.columns) == ["open", "high", "low", "close", "volume"]
    assert nothing.index.dtype == "datetime64[ns, UTC]"


def test_deleting_one_timeframe_leaves_the_others(store: BarStore, make_bars: MakeBars) -> None:
    store.append("AAPL", "1h", make_bars(5))
    store.append("AAPL", "1D", make_bars(5, freq="D"))
    store.delete("AAPL", "1h")
    assert store.symbols("1h") == []
    assert store.symbols() == store.symbols("1D") == ["AAPL"]
    store.delete("AAPL")
    assert store.symbols() == []
    assert list(store.folder.rglob("*.parquet")) == []
    assert store.append("AAPL", "1h", make_bars(7)) == 7


def test_an_absent_folder_is_an_empty_store_and_reading_does_not_make_it(tmp_path: Path) -> None:
    store = BarStore(tmp_path / "none")
    assert store.symbols() == []
    assert store.describe() == store.verify() == ()
    with pytest.raises(NotFound, match="the store is empty"):
        store.read("AAPL", "1D")
    assert not store.folder.exists()


def test_a_store_travels_to_other_processes(store: BarStore, make_bars: MakeBars) -> None:
    store.append("AAPL", "1h", make_bars(5))
    assert same(pickle.loads(pickle.dumps(store)).read("AAPL", "1h"), make_bars(5))
