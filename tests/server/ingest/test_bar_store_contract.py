"""One contract of a store of bars, crossed with every store there is: Parquet, SQLite, PostgreSQL."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from augury.errors import Conflict, InvalidBars, InvalidInput, NotFound
from augury.market import BarStore, bars_frame, validate_bars
from augury_server.ingest.database_bars import DatabaseBars

START = 1_700_000_000 * 10**9
ODD = [
    "BRK/B",
    "BRK.B",
    "^GSPC",
    "btc/usdt",
    "BTC/USDT",
    "../../etc",
    "日経225",
    "é",
    "e\u0301",
    "a'); DROP TABLE x; --",
]
ODD += ["%41", "%s", "A B", "🚀", '"', "\\", "symbol=A"]
SHARED = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], print_blob=True
)


@pytest.fixture(params=["parquet", "sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    if request.param == "parquet":
        yield BarStore(tmp_path / "store")
    else:
        request.getfixturevalue("sqlite_platform" if request.param == "sqlite" else "postgres_platform")
        yield DatabaseBars()


def same(left: pd.DataFrame, right: pd.DataFrame) -> bool:
    """Equal times and equal bits."""
    return left.index.equals(right.index) and left.to_numpy().tobytes() == right.to_numpy().tobytes()


def bars_at(times: list[int], seed: int = 0) -> pd.DataFrame:
    """Valid bars at these ns times; the values depend on time and seed only."""
    opened_at = np.array(sorted(times), dtype=np.int64)
    base = 50.0 + (opened_at // 10**9 % 997) / 7.0 + seed
    return bars_frame(opened_at, np.stack([base, base + 1.0, base - 1.0, base + 0.5, base * 10.0]))


def empty(store: Any) -> None:
    for symbol in store.symbols():
        store.delete(symbol)


def make_bars(rows: int, *, start: str = "2024-01-01", freq: str = "h", seed: int = 7) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, rows)))
    index = pd.date_range(start, periods=rows, freq=freq, tz="UTC", unit="ns")
    values = [close * 1.001, close * 1.01, close * 0.99, close, rng.integers(1, 1000, rows).astype(float)]
    return bars_frame(index.asi8.copy(), np.stack(values))


@given(
    steps=st.lists(st.integers(10**9, 10**15), min_size=1, max_size=30),
    prices=st.lists(st.floats(1e-300, 1e300, allow_subnormal=False), min_size=30, max_size=30),
    volumes=st.lists(st.floats(0.0, 1.7e308).map(abs), min_size=30, max_size=30),
)
@SHARED
def test_whatever_is_stored_comes_back_bit_for_bit_to_the_nanosecond(
    store: Any, steps: list[int], prices: list[float], volumes: list[float]
) -> None:
    opened_at = np.cumsum(np.array(steps, dtype=np.int64)) + START
    close = np.array(prices[: len(steps)])
    matrix = np.stack([close, close * 1.5, close * 0.5, close, np.array(volumes[: len(steps)])])
    bars = validate_bars(bars_frame(opened_at, matrix))
    empty(store)
    assert store.append("X", "1s", bars) == len(bars)
    back = store.read("X", "1s")
    assert same(back, bars)
    assert validate_bars(back) is back
    middle = int(opened_at[len(opened_at) // 2])
    assert same(store.read("X", "1s", end=middle), bars[bars.index.asi8 < middle])
    assert same(store.read("X", "1s", start=middle), bars[bars.index.asi8 >= middle])


OPERATION = st.tuples(
    st.sampled_from(["append", "replace", "remove"]), st.integers(0, 60), st.integers(1, 15), st.integers(0, 2)
)


@given(operations=st.lists(OPERATION, min_size=1, max_size=10), origin=st.sampled_from([START, -300 * 10**9]))
@SHARED
def test_any_sequence_of_writes_leaves_what_a_plain_model_holds(
    store: Any, operations: list[tuple[str, int, int, int]], origin: int
) -> None:
    empty(store)
    model: dict[int, tuple[float, ...]] = {}
    for kind, first, count, seed in operations:
        times = [origin + step * 60 * 10**9 for step in range(first, first + count)]
        bars = bars_at(times, seed)
        new = {int(at): tuple(row) for at, row in zip(bars.index.asi8, bars.to_numpy().tolist(), strict=True)}
        start, end = times[0], times[-1] + 1
        if kind == "append":
            inside = {at: row for at, row in new.items() if model and min(model) <= at <= max(model)}
            if any(model.get(at) != row for at, row in inside.items()):
                with pytest.raises(Conflict):
                    store.append("X", "1m", bars)
            else:
                assert store.append("X", "1m", bars) == len(new.keys() - model.keys())
                model |= new
        elif kind == "replace" or model:
            store.replace_range("X", "1m", bars if kind == "replace" else None, start, end)
            model = {at: row for at, row in model.items() if not start <= at < end}
            model |= new if kind == "replace" else {}
        if model:
            expected = bars_frame(np.array(sorted(model)), np.array([model[at] for at in sorted(model)]).T)
            assert same(store.read("X", "1m"), expected)
            (described,) = store.describe()
            told = (described.bars, described.first, described.last)
            assert told == (len(expected), expected.index[0], expected.index[-1])
        else:
            assert store.symbols() == []


def test_equal_bars_are_passed_over_and_only_new_ones_are_counted(store: Any) -> None:
    bars = make_bars(40)
    assert store.append("AAPL", "1h", bars[:30]) == 30
    assert store.append("AAPL", "1h", bars[:30]) == 0
    assert store.append("AAPL", "1h", bars[20:]) == 10
    assert same(store.read("AAPL", "1h"), bars)


def test_bars_older_than_the_first_stored_one_can_be_appended(store: Any) -> None:
    bars = make_bars(40)
    store.append("AAPL", "1h", bars[20:30])
    assert store.append("AAPL", "1h", bars) == 30
    assert same(store.read("AAPL", "1h"), bars)


def test_a_contradicting_append_names_the_rows_and_changes_nothing(store: Any) -> None:
    bars = make_bars(40)
    store.append("AAPL", "1h", bars[:30])
    wrong = bars.copy()
    wrong.iloc[25, 4] += 1.0
    with pytest.raises(Conflict, match=r"1 bars differ .*2024-01-02T01:00:00Z volume is .*, came .*replace_range"):
        store.append("AAPL", "1h", wrong)
    assert same(store.read("AAPL", "1h"), bars[:30])


def test_bars_between_stored_ones_are_refused(store: Any) -> None:
    bars = make_bars(40)
    store.append("AAPL", "1h", bars.drop(bars.index[10]))
    with pytest.raises(Conflict, match=r"1 bars lie between stored ones \(2024-01-01T10:00:00Z"):
        store.append("AAPL", "1h", bars)


def test_a_gap_between_stored_bars_is_refused_even_when_only_bars_of_the_gap_come(store: Any) -> None:
    bars = make_bars(40)
    store.append("AAPL", "1h", bars.drop(bars.index[10:13]))
    with pytest.raises(Conflict, match="3 bars lie between stored ones"):
        store.append("AAPL", "1h", bars[10:13])


def test_replacing_needs_a_range_that_holds_the_bars(store: Any) -> None:
    bars = make_bars(10)
    with pytest.raises(InvalidInput, match="1 bars open outside the range"):
        store.replace_range("A", "1h", bars, bars.index[0], bars.index[-1])
    with pytest.raises(InvalidInput, match="start should be before end"):
        store.replace_range("A", "1h", bars, bars.index[3], bars.index[3])
    with pytest.raises(NotFound, match="the store is empty"):
        store.replace_range("A", "1h", None, bars.index[0], bars.index[3])
    assert store.symbols() == []


def test_replacing_rewrites_adds_and_removes_in_one_step(store: Any) -> None:
    bars, other = make_bars(30), make_bars(30, seed=8)
    store.append("AAPL", "1h", bars)
    new = pd.concat([bars[10:12], other[12:15]])
    store.replace_range("AAPL", "1h", new, bars.index[10], bars.index[20])
    assert same(store.read("AAPL", "1h"), pd.concat([bars[:10], new, bars[20:]]))


def test_timeframes_of_one_symbol_never_share_rows(store: Any) -> None:
    hourly, daily = make_bars(48), make_bars(10, freq="D", seed=1)
    store.append("AAPL", "1h", hourly)
    store.append("AAPL", "1D", daily)
    assert same(store.read("AAPL", "60min"), hourly)
    assert same(store.read("AAPL", "daily"), daily)
    with pytest.raises(NotFound, match="no 4h bars of 'AAPL', only 1D, 1h"):
        store.read("AAPL", "4h")
    with pytest.raises(InvalidBars, match="expected bars at least 1D apart"):
        store.append("MSFT", "1D", hourly)
    with pytest.raises(InvalidBars):
        store.append("MSFT", "1h", hourly.assign(high=0.0))
    assert store.symbols() == ["AAPL"]


def test_unknown_symbols_are_named_with_near_ones(store: Any) -> None:
    store.append("AAPL", "1h", make_bars(5))
    with pytest.raises(NotFound, match="did you mean 'AAPL'"):
        store.read("APPL", "1h")
    with pytest.raises(NotFound, match="no bars of 'ZZZ'"):
        store.read_many(["AAPL", "ZZZ"], "1h")
    with pytest.raises(InvalidInput, match="several symbols"):
        store.read_many("AAPL", "1h")
    with pytest.raises(NotFound):
        store.delete("ZZZ")
    for wrong in ("", " AAPL", "X" * 300):
        with pytest.raises(InvalidInput, match="symbol"):
            store.read(wrong, "1h")


def test_several_symbols_are_read_at_once_and_a_range_without_bars_is_empty(store: Any) -> None:
    for seed, symbol in enumerate(("MSFT", "AAPL")):
        store.append(symbol, "1h", make_bars(5, seed=seed))
    both = store.read_many(["MSFT", "AAPL"], "1h")
    assert list(both) == ["MSFT", "AAPL"]
    assert same(both["MSFT"], make_bars(5, seed=0))
    assert same(both["AAPL"], make_bars(5, seed=1))
    nothing = store.read("AAPL", "1h", start="2030-01-01T00:00Z")
    assert nothing.empty
    assert list(nothing.columns) == ["open", "high", "low", "close", "volume"]
    assert nothing.index.dtype == "datetime64[ns, UTC]"
    assert store.read_many([], "1h") == {}


def test_deleting_one_timeframe_leaves_the_others(store: Any) -> None:
    store.append("AAPL", "1h", make_bars(5))
    store.append("AAPL", "1D", make_bars(5, freq="D"))
    store.delete("AAPL", "1h")
    assert store.symbols("1h") == []
    assert store.symbols() == store.symbols("1D") == ["AAPL"]
    store.delete("AAPL")
    assert store.symbols() == []
    assert store.append("AAPL", "1h", make_bars(7)) == 7


def test_odd_symbols_are_stored_side_by_side(store: Any) -> None:
    for seed, symbol in enumerate(ODD):
        store.append(symbol, "1h", make_bars(3, seed=seed))
    assert store.symbols() == sorted(ODD)
    for seed, symbol in enumerate(ODD):
        assert same(store.read(symbol, "1h"), make_bars(3, seed=seed)), symbol
    store.delete("../../etc")
    assert store.symbols() == sorted(set(ODD) - {"../../etc"})


def test_a_store_travels_to_other_processes(store: Any) -> None:
    store.append("AAPL", "1h", make_bars(5))
    assert same(pickle.loads(pickle.dumps(store)).read("AAPL", "1h"), make_bars(5))


def test_each_write_counts_the_version_up_and_one_that_changes_nothing_does_not(store: Any) -> None:
    bars = make_bars(10)
    versions = []
    for part in (bars[:5], bars[:5], bars):
        store.append("AAPL", "1h", part)
        versions.append(store.describe()[0].version)
    assert versions[0] == versions[1] < versions[2]
