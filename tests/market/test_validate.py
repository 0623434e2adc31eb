from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.errors import InvalidBars, InvalidInput
from augury.market import BAR_COLUMNS, BarArrays, bar_arrays, bars_frame, check_bar_arrays, validate_bars
from augury.market.bars import single_block

PRICE_ROWS = {name: [9.0, 9.1, 9.2] for name in ("open", "high", "low", "close")} | {"volume": [1, 0, 3]}


def table(times, **changes) -> pd.DataFrame:
    return pd.DataFrame({"time": times, **PRICE_ROWS, **changes})


def test_a_valid_frame_comes_back_as_the_same_object(make_bars):
    bars = validate_bars(make_bars(500))
    assert validate_bars(bars) is bars
    assert single_block(bars) is not None


def test_the_result_has_the_form_of_the_contract(make_bars):
    bars = validate_bars(make_bars().reset_index())
    assert bars.index.dtype == pd.DatetimeTZDtype("ns", "UTC")
    assert bars.index.name == "timestamp"
    assert tuple(bars.columns) == BAR_COLUMNS
    assert set(bars.dtypes) == {np.dtype("float64")}
    assert single_block(bars) is not None


@pytest.mark.parametrize("convert", [
    pl.from_pandas,
    pa.Table.from_pandas,
    lambda frame: pa.Table.from_pandas(frame.set_index("timestamp")),
    lambda frame: frame.set_index("timestamp"),
    lambda frame: frame.rename(columns=str.upper),
    lambda frame: frame.rename(columns={"timestamp": "Date", "open": "<OPEN>", "volume": "Vol", "close": "c"}),
    lambda frame: frame.rename(columns={"timestamp": "open_time"}).assign(**{"Adj Close": 1.0, "signal": "x"}),
    lambda frame: frame.convert_dtypes(),
    lambda frame: frame.assign(timestamp=frame["timestamp"].dt.tz_convert("Asia/Tokyo")),
    lambda frame: frame.assign(timestamp=frame["timestamp"].dt.as_unit("s")),
    lambda frame: frame.assign(timestamp=[moment.to_pydatetime() for moment in frame["timestamp"]]),
    lambda frame: frame.assign(timestamp=[moment.isoformat() for moment in frame["timestamp"]]),
    lambda frame: frame.assign(timestamp=frame["timestamp"].dt.strftime("%Y-%m-%d %H:%M:%S UTC")),
    lambda frame: frame.set_index(frame["timestamp"].astype(str).rename(None)).drop(columns="timestamp"),
], ids=range(14))  # fmt: skip
def test_every_kind_of_table_gives_the_same_bars(make_bars, convert):
    bars = make_bars()
    pd.testing.assert_frame_equal(validate_bars(convert(bars.reset_index())), bars, check_freq=False)


@pytest.mark.parametrize(("unit", "per_second"), [("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9)])
@pytest.mark.parametrize("kind", [np.int64, str])
def test_epoch_numbers_are_read_in_their_unit(make_bars, unit, per_second, kind):
    bars = make_bars()
    numbers = (bars.index.asi8 // 10**9 * per_second).astype(kind)
    frame = bars.reset_index(drop=True).assign(ts=numbers)
    assert validate_bars(frame).index.equals(bars.index)


def test_numbers_like_20240131_are_session_dates():
    bars = validate_bars(table([20240131, 20240201, 20240202]))
    assert bars.index[0] == pd.Timestamp("2024-01-31", tz="UTC")


@pytest.mark.parametrize("times", [[1, 2, 3], [1704067200, 1704067200000, 1704067201000], [1.5, 2.5, 3.5]])
def test_numbers_that_fit_no_single_unit_are_refused(times):
    with pytest.raises(InvalidBars, match="epoch"):
        validate_bars(table(times))


def test_naive_clock_times_need_a_zone():
    times = ["2024-01-02 09:30", "2024-01-02 10:30", "2024-01-02 11:30"]
    for naive in (times, pd.to_datetime(times)):
        with pytest.raises(InvalidBars, match="zone"):
            validate_bars(table(naive))
        bars = validate_bars(table(naive), zone="America/New_York")
        assert bars.index[0] == pd.Timestamp("2024-01-02 14:30", tz="UTC")


@pytest.mark.parametrize("times", [
    ["2024-01-02", "2024-01-03", "2024-01-04"],
    [dt.date(2024, 1, 2), dt.date(2024, 1, 3), dt.date(2024, 1, 4)],
    pd.to_datetime(["2024-01-02", "2024-01-03", "2024-01-04"]),
    ["2024/01/02", "2024/01/03", "2024/01/04"],
])  # fmt: skip
def test_session_dates_become_midnight_utc_and_a_zone_moves_them_to_its_own_midnight(times):
    assert validate_bars(table(times)).index[0] == pd.Timestamp("2024-01-02", tz="UTC")
    placed = validate_bars(table(times), zone="America/New_York")
    assert placed.index[0] == pd.Timestamp("2024-01-02 05:00", tz="UTC")


def test_polars_dates_and_arrow_dates_are_session_dates():
    frame = table([dt.date(2024, 1, 2), dt.date(2024, 1, 3), dt.date(2024, 1, 4)])
    for other in (pl.DataFrame(frame.to_dict("list")), pa.table(frame.to_dict("list"))):
        assert validate_bars(other).index[0] == pd.Timestamp("2024-01-02", tz="UTC")


def test_a_mix_of_naive_and_zoned_times_is_refused():
    with pytest.raises(InvalidBars, match="row 1"):
        validate_bars(table(["2024-01-02T09:00Z", "2024-01-02 10:00", "2024-01-02T11:00Z"]))


def test_mixed_offsets_are_refused_unless_one_zone_explains_them():
    times = ["2024-03-30 00:00:00+00:00", "2024-03-31 00:00:00+00:00", "2024-04-01 00:00:00+01:00"]
    with pytest.raises(InvalidBars, match="2 UTC offsets"):
        validate_bars(table(times))
    assert validate_bars(table(times), zone="Europe/London").index[2] == pd.Timestamp("2024-03-31 23:00", tz="UTC")
    with pytest.raises(InvalidBars, match="row 2"):
        validate_bars(table(times), zone="Africa/Abidjan")


def test_clock_times_that_a_clock_change_repeats_or_skips_are_refused():
    for clock in ("2024-11-03 01:30", "2024-03-10 02:30"):
        with pytest.raises(InvalidBars, match="exactly once in America/New_York"):
            validate_bars(table(["2024-01-02 09:30", clock, "2024-12-02 11:30"]), zone="America/New_York")


def test_an_unknown_zone_names_the_nearest():
    with pytest.raises(InvalidInput, match="America/New_York"):
        validate_bars(table(["2024-01-02 09:30"] * 3), zone="America/NewYork")


def test_day_month_order_is_not_guessed():
    with pytest.raises(InvalidBars, match="not guessed"):
        validate_bars(table(["13/02/2020", "14/02/2020", "15/02/2020"]))


@pytest.mark.parametrize(("column", "value", "rule"), [
    ("close", np.nan, "finite"),
    ("high", np.inf, "finite"),
    ("volume", np.nan, "finite"),
    ("volume", np.inf, "finite"),
    ("low", 0.0, "above 0"),
    ("open", -1.0, "above 0"),
    ("high", 1.0, "high is at least low"),
    ("volume", -1.0, "volume is at least 0"),
])  # fmt: skip
def test_a_broken_cell_is_named_with_rule_row_time_and_values(make_bars, column, value, rule):
    bars = make_bars()
    bars.iloc[5, bars.columns.get_loc(column)] = value
    with pytest.raises(InvalidBars, match=rule) as caught:
        validate_bars(bars)
    assert "row 5 (2024-01-01T05:00:00Z)" in str(caught.value)
    assert "broken in 1 of 60 rows" in str(caught.value)


def test_a_high_below_the_close_and_a_low_above_the_open_are_refused(make_bars):
    bars = make_bars()
    high, low = bars.copy(), bars.copy()
    high.iloc[3, 1] = max(bars["low"].iloc[3], bars["close"].iloc[3] * 0.99999)
    with pytest.raises(InvalidBars, match="high is at least max"):
        validate_bars(high)
    low.iloc[3, 2] = min(bars["open"].iloc[3], bars["close"].iloc[3]) * 1.00001
    with pytest.raises(InvalidBars, match="low is at most min"):
        validate_bars(low)


def test_five_rows_are_shown_and_the_rest_counted(make_bars):
    bars = make_bars()
    bars.iloc[10:22, 4] = -1.0
    with pytest.raises(InvalidBars, match="and 7 more") as caught:
        validate_bars(bars)
    assert "row 14 " in str(caught.value)
    assert "row 15 " not in str(caught.value)


def test_times_must_increase_strictly(make_bars):
    bars = make_bars()
    for broken in (bars.iloc[[0, 1, 1, 2]], bars.iloc[[0, 2, 1, 3]], bars.iloc[::-1]):
        with pytest.raises(InvalidBars, match="strictly increasing"):
            validate_bars(broken)
    with pytest.raises(InvalidBars, match="newest first"):
        validate_bars(bars.iloc[::-1])


def test_missing_times_are_refused(make_bars):
    frame = make_bars().reset_index()
    frame.loc[4, "timestamp"] = pd.NaT
    with pytest.raises(InvalidBars, match="row 4"):
        validate_bars(frame)


@pytest.mark.parametrize("change", [
    lambda frame: frame.drop(columns="close"),
    lambda frame: frame.drop(columns="timestamp"),
    lambda frame: frame.assign(Close=1.0),
    lambda frame: frame.assign(close=frame["close"].astype(str)),
    lambda frame: frame.assign(close=True),
    lambda frame: frame.assign(close=pd.Timestamp("2024-01-01")),
    lambda frame: frame.assign(close=["1,234.5", *frame["close"].tolist()[1:]]),
    lambda frame: frame.assign(symbol=["A", "B"] * 30),
    lambda frame: frame.iloc[:0],
    lambda frame: frame.to_numpy(),
    lambda frame: pl.from_pandas(frame).lazy(),
    lambda frame: frame.columns,
], ids=range(12))  # fmt: skip
def test_what_is_not_a_table_of_bars_is_refused(make_bars, change):
    with pytest.raises(InvalidBars):
        validate_bars(change(make_bars().reset_index()))


def test_a_missing_volume_is_named():
    with pytest.raises(InvalidBars, match="missing volume"):
        validate_bars(table(["2024-01-02", "2024-01-03", "2024-01-04"]).drop(columns="volume"))


def test_close_stamped_bars_are_moved_to_their_open(make_bars):
    bars = make_bars()
    closes = bars.set_index(bars.index + pd.Timedelta("1h"))
    pd.testing.assert_frame_equal(validate_bars(closes, stamp="close"), bars, check_freq=False)
    pd.testing.assert_frame_equal(validate_bars(closes, stamp="close", timeframe="1h"), bars, check_freq=False)


def test_session_dates_cannot_be_close_stamped_because_that_would_date_them_before_their_session():
    with pytest.raises(InvalidBars, match="names its session"):
        validate_bars(table(["2024-01-02", "2024-01-03", "2024-01-04"]), stamp="close")


def test_an_unknown_stamp_is_refused(make_bars):
    with pytest.raises(InvalidInput, match="stamp"):
        validate_bars(make_bars(), stamp="middle")


def test_check_bar_arrays_checks_shape_types_and_rules(make_bars):
    arrays = bar_arrays(make_bars())
    check_bar_arrays(arrays)
    for matrix in (arrays.matrix[:4], arrays.matrix.astype("float32"), np.asfortranarray(arrays.matrix)):
        with pytest.raises(InvalidBars, match=r"float64\[5, n\]"):
            check_bar_arrays(BarArrays(arrays.opened_at, matrix))
    with pytest.raises(InvalidBars, match="open times"):
        check_bar_arrays(BarArrays(arrays.opened_at[1:], arrays.matrix))
    broken = arrays.matrix.copy()
    broken[3, 7] = np.nan
    with pytest.raises(InvalidBars, match="row 7"):
        check_bar_arrays(BarArrays(arrays.opened_at, broken))


def test_bar_arrays_of_a_valid_frame_share_its_memory_and_suit_compiled_kernels(make_bars):
    bars = validate_bars(make_bars().reset_index())
    arrays = bar_arrays(bars)
    assert np.shares_memory(arrays.matrix, bars["close"].to_numpy())
    assert arrays.matrix.flags.c_contiguous
    assert arrays.matrix.flags.writeable
    assert arrays.matrix.shape == (5, 60)
    assert arrays.opened_at.tolist() == bars.index.asi8.tolist()


def test_bar_arrays_of_a_slice_are_contiguous_and_equal(make_bars):
    bars = make_bars()
    arrays = bar_arrays(bars.iloc[3:40:2])
    assert arrays.matrix.flags.c_contiguous
    np.testing.assert_array_equal(arrays.matrix, bars.iloc[3:40:2].to_numpy().T)


def slow_rules(opened_at, matrix) -> bool:
    rows = list(zip(opened_at.tolist(), *matrix.tolist(), strict=True))
    for at, (moment, opened, high, low, close, volume) in enumerate(rows):
        if at and moment <= rows[at - 1][0]:
            return False
        if not all(np.isfinite([opened, high, low, close, volume])):
            return False
        if min(opened, high, low, close) <= 0 or volume < 0:
            return False
        if high < max(opened, close) or low > min(opened, close):
            return False
    return True


@settings(max_examples=150, deadline=None)
@given(
    cells=st.lists(
        st.lists(st.sampled_from([1.0, 1.0, 1.0, 2.0, 0.5, 0.0, -1.0, np.nan, np.inf]), min_size=5, max_size=5),
        min_size=1,
        max_size=4,
    ),
    steps=st.lists(st.sampled_from([1, 1, 1, 5, 0, -1]), min_size=4, max_size=4),
)
def test_the_fast_check_agrees_with_a_slow_reading_of_the_rules(cells, steps):
    matrix = np.ascontiguousarray(np.array(cells).T)
    opened_at = 1_700_000_000_000_000_000 + np.cumsum(np.array(steps[: len(cells)], dtype=np.int64)) * 10**9
    frame = bars_frame(opened_at, matrix)
    if slow_rules(opened_at, matrix):
        assert validate_bars(frame) is frame
        check_bar_arrays(BarArrays(opened_at, matrix))
    else:
        with pytest.raises(InvalidBars):
            validate_bars(frame)
        with pytest.raises(InvalidBars):
            check_bar_arrays(BarArrays(opened_at, matrix))
