import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from augury.errors import InvalidInput
from augury.testing.comparison import ROWS, frame_differences, same_values

TIMES = pd.date_range("2024-01-01", periods=6, freq="1h", tz="UTC")


@given(arrays.arrays(np.float64, 12, elements=st.floats(allow_nan=True, allow_infinity=True)))
def test_any_vector_is_the_same_as_itself(values):
    assert same_values(values, values.copy()).all()


@given(arrays.arrays(np.float64, 12, elements=st.floats(-1e9, 1e9)), st.integers(0, 11))
def test_the_next_float_is_another_value(values, place):
    other = values.copy()
    other[place] = np.nextafter(values[place], np.inf)
    assert (~same_values(values, other)).sum() == 1


def test_signed_zeros_and_nan_against_numbers_differ():
    assert not same_values(np.array([0.0]), np.array([-0.0]))[0]
    assert not same_values(np.array([np.nan]), np.array([0.0]))[0]
    assert same_values(np.array([np.nan]), -np.array([np.nan]))[0]


def test_the_first_row_in_time_is_named_and_later_rows_are_left_out():
    before = pd.DataFrame({"a": np.arange(6.0), "b": 1.0}, index=TIMES)
    after = before.assign(a=[0.0, 1.0, 9.0, 9.0, 4.0, 9.0])
    (found,) = frame_differences(before, after, until=TIMES[3].value)
    assert (found.column, found.known_at, found.cells) == ("a", TIMES[2].value, 2)
    assert (found.before, found.after) == (2.0, 9.0)
    assert frame_differences(before, after, until=TIMES[1].value) == []


def test_rows_and_columns_that_come_or_go_are_differences():
    before = pd.DataFrame({"a": np.arange(6.0)}, index=TIMES)
    (rows,) = frame_differences(before, before.drop(TIMES[1]))
    assert (rows.column, rows.known_at, rows.before) == (ROWS, TIMES[1].value, "present")
    unknown_row = pd.DataFrame({"a": [np.nan]}, index=TIMES[:1] - pd.Timedelta(hours=1))
    assert frame_differences(before, pd.concat([unknown_row, before])) == []
    (column,) = frame_differences(before, before.assign(new=1.0))
    assert column.column == "new"
    assert frame_differences(before, before.assign(new=np.nan)) == []


def test_a_column_that_changes_its_type_but_not_its_values_is_the_same():
    before = pd.DataFrame({"n": np.arange(6), "flag": [True] * 6}, index=TIMES)
    assert frame_differences(before, before.astype("float64")) == []


def test_missing_text_equals_missing_text():
    before = pd.DataFrame({"s": ["x", None, "y", None, "z", "z"]}, index=TIMES)
    assert frame_differences(before, before.copy()) == []
    assert len(frame_differences(before, before.assign(s=["x", "w", "y", None, "z", "z"]))) == 1


def test_rows_without_time_or_with_repeats_are_refused():
    with pytest.raises(InvalidInput, match="DatetimeIndex"):
        frame_differences(pd.DataFrame({"a": [1.0]}), pd.DataFrame({"a": [1.0]}))
    twice = pd.DataFrame({"a": [1.0, 2.0]}, index=TIMES[[0, 0]])
    with pytest.raises(InvalidInput, match="second index level"):
        frame_differences(twice, twice)
