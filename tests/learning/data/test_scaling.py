import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import RobustScaler as PeerScaler

from augury.errors import InvalidInput
from augury.learning.data.scaling import RobustScaler

RNG = np.random.default_rng(0)
TABLE = RNG.standard_normal((200, 4)) * [1.0, 50.0, 1e-4, 3.0] + [0.0, 100.0, 5.0, -2.0]


def test_scaling_agrees_with_another_library_and_is_cut_at_five():
    own = RobustScaler.fit(TABLE).transform(TABLE * 3.0)
    peer = PeerScaler().fit(TABLE).transform(TABLE * 3.0)
    np.testing.assert_allclose(own, np.clip(peer, -5.0, 5.0), rtol=1e-12, atol=1e-12)
    assert np.abs(own).max() == 5.0


def test_nan_pass_through_and_are_left_out_of_the_fit():
    holed = TABLE.copy()
    holed[::7, 1] = np.nan
    scaler = RobustScaler.fit(holed)
    assert scaler.centre[1] == np.nanmedian(holed[:, 1])
    np.testing.assert_array_equal(np.isnan(scaler.transform(holed)), np.isnan(holed))


def test_windows_are_scaled_by_column():
    windows = TABLE.reshape(50, 4, 4)
    np.testing.assert_array_equal(RobustScaler.fit(windows).centre, RobustScaler.fit(TABLE).centre)
    assert RobustScaler.fit(TABLE).transform(windows).shape == windows.shape


def test_rare_flags_are_scaled_by_their_range():
    flags = np.zeros((100, 1))
    flags[3] = 1.0
    np.testing.assert_array_equal(RobustScaler.fit(flags).transform(flags), flags)


@pytest.mark.parametrize(
    ("column", "message"),
    [(np.full(200, 3.0), "constant"), (np.full(200, np.nan), "unknown"), (np.r_[np.inf, np.arange(199.0)], "infinite")],
)
def test_useless_columns_are_refused_by_name(column, message):
    table = np.column_stack([TABLE[:, :2], column])
    with pytest.raises(InvalidInput, match=f"'c': {message}"):
        RobustScaler.fit(table, ["a", "b", "c"])


def test_a_scaler_survives_json_bit_for_bit():
    scaler = RobustScaler.fit(TABLE, list("abcd"))
    again = RobustScaler.from_dict(json.loads(json.dumps(scaler.to_dict())))
    assert again.columns == ("a", "b", "c", "d")
    np.testing.assert_array_equal(again.transform(TABLE), scaler.transform(TABLE))


@pytest.mark.parametrize(
    "change",
    [
        {"scale": [1.0, 0.0, 1.0, 1.0]},
        {"scale": [1.0, 1.0]},
        {"centre": [0.0, None, 0.0, 0.0]},
        {"centre": ["x", 0.0, 0.0, 0.0]},
        {"clip": -1.0},
        {"more": 1},
    ],
)
def test_a_damaged_scaler_is_refused(change):
    with pytest.raises(InvalidInput):
        RobustScaler.from_dict(RobustScaler.fit(TABLE).to_dict() | change)


def test_forms_that_do_not_fit_are_refused():
    scaler = RobustScaler.fit(TABLE)
    with pytest.raises(InvalidInput, match="expected 4 columns"):
        scaler.transform(TABLE[:, :3])
    with pytest.raises(InvalidInput, match="training rows"):
        RobustScaler.fit(TABLE[:, 0])
    with pytest.raises(InvalidInput, match="training rows"):
        RobustScaler.fit(TABLE[:0])
    with pytest.raises(InvalidInput, match="expected 2 columns"):
        RobustScaler.fit(TABLE, ["a", "b"])


@given(st.floats(0.01, 100.0), st.floats(-100.0, 100.0))
def test_scaled_values_do_not_depend_on_the_unit(factor, shift):
    moved = TABLE * factor + shift
    np.testing.assert_allclose(
        RobustScaler.fit(moved).transform(moved), RobustScaler.fit(TABLE).transform(TABLE), rtol=1e-6, atol=1e-6
    )
