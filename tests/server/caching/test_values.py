"""Values and entries as bytes: what comes back is what went in, and a flipped bit is found."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from augury.errors import InvalidInput
from augury_server.caching.envelope import DamagedEntry, Header, open_sealed, seal
from augury_server.caching.values import DamagedValue, decode_value, encode_value, storable

PLAIN = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text() | st.binary()
    | st.dates() | st.datetimes(timezones=st.just(UTC))
)  # fmt: skip
VALUES = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=5), inner, max_size=4)
        | st.dictionaries(st.integers(-9, 9) | st.tuples(st.booleans()), inner, max_size=4)
    ),
    max_leaves=12,
)
ARRAYS = st_numpy.arrays(
    st.sampled_from(["f8", "f4", "i8", "u1", "?", "M8[ns]", "U5", ">f8", "c16"]), st_numpy.array_shapes(min_side=0)
)


def same(one: Any, other: Any) -> bool:
    """Equal in value and in type, all the way down."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[name], other[name]) for name in one)
    return bool(one == other)


@given(VALUES)
def test_plain_values_come_back_the_same_in_type_too(value: Any) -> None:
    assert same(decode_value(encode_value(value)), value)


@given(ARRAYS)
def test_arrays_come_back_bit_for_bit_and_belong_to_the_caller(array: Any) -> None:
    back = decode_value(encode_value(array))
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    assert back.tobytes() == array.tobytes()
    assert back.flags.writeable
    assert back.flags.owndata or back.base.flags.writeable


def test_order_and_scalars_of_numpy_are_kept() -> None:
    back = decode_value(encode_value({"f": np.asfortranarray(np.arange(6.0).reshape(2, 3)), "x": np.float32(1.5)}))
    assert back["f"].flags.f_contiguous
    assert type(back["x"]) is np.float32


def frames() -> list[Any]:
    dates = pd.date_range("2020-01-01", periods=5, freq="B", tz="UTC", name="timestamp")
    bars = pd.DataFrame(np.arange(25.0).reshape(5, 5), index=dates, columns=["open", "high", "low", "close", "volume"])
    return [
        bars,
        bars["close"],
        bars["close"].rename(None),
        bars.iloc[:0],
        pd.DataFrame({"s": ["a", None, "c"], "i": [1, 2, 3], "b": [True, False, True]}),
        pd.DataFrame({"c": pd.Categorical(["x", "y", "x"]), "t": pd.to_datetime(["2020", "2021", None])}),
        bars.tz_convert("America/New_York"),
        bars.set_axis(range(3, 8)),
        pd.Series([1.5, np.nan], name="x"),
    ]


@pytest.mark.parametrize("frame", frames())
def test_frames_come_back_the_same(frame: Any) -> None:
    back = decode_value(encode_value(frame))
    check = pd.testing.assert_frame_equal if isinstance(frame, pd.DataFrame) else pd.testing.assert_series_equal
    check(back, frame, check_freq=True)


def test_what_a_caller_does_to_a_value_reaches_nobody_else() -> None:
    payload = encode_value({"bars": frames()[0], "array": np.arange(3.0)})
    mine = decode_value(payload)
    mine["bars"].loc[:, "close"] = 0.0
    mine["array"][:] = 9
    theirs = decode_value(payload)
    assert theirs["bars"]["close"].iloc[1] == 8.0
    assert theirs["array"].tolist() == [0, 1, 2]


@storable
@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    ticker: str
    strength: float
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Unmarked:
    a: int


def test_a_marked_record_comes_back_and_one_of_another_shape_is_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    signal = Signal(ticker="AAPL", strength=0.5, reasons=("rsi", "news"))
    payload = encode_value([signal])
    assert decode_value(payload) == [signal]
    monkeypatch.setitem(
        __import__("augury_server.caching.values", fromlist=["_records"])._records,
        f"{Signal.__module__}:{Signal.__qualname__}", Unmarked,
    )  # fmt: skip
    with pytest.raises(DamagedValue):
        decode_value(payload)


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ({"a": [1, object()]}, r"value\['a'\]\[1\] is a builtins.object"),
        (Unmarked(1), "Unmarked"),
        (2**63, "builtins.int"),
        ({1, 2}, "builtins.set"),
        (np.array([object()]), "array of object"),
        (pd.DataFrame({1: [1.0]}), "columns"),
        (pd.DataFrame({"a": [[1], [2]]}), "objects"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "columns"),
        (lambda: 1, "function"),
    ],
)
def test_a_type_that_would_not_come_back_the_same_is_refused_with_its_place(value: Any, where: str) -> None:
    with pytest.raises(InvalidInput, match=where):
        encode_value(value)


def test_pickled_bytes_are_damage_and_nothing_of_them_runs() -> None:
    with pytest.raises(DamagedValue):
        decode_value(pickle.dumps(ValueError("ran")))


def header(**changes: Any) -> Header:
    values: dict[str, Any] = {
        "computed_at": 1.0, "expires_at": 2.0, "lineage": "x", "fence": 3, "tags": ("*",), "cost_seconds": 0.1,
    }  # fmt: skip
    return Header(**{**values, **changes})


@given(st.binary(max_size=300), st.integers(0, 200))
def test_an_entry_opens_under_its_own_key_alone(payload: bytes, above: int) -> None:
    sealed = seal("a:1", header(size=len(payload)), payload, above)
    found, back = open_sealed("a:1", sealed)
    assert back == payload
    assert found.tags == ("*",)
    with pytest.raises(DamagedEntry):
        open_sealed("a:2", sealed)


@settings(max_examples=300)
@given(st.data())
def test_every_flipped_bit_and_every_cut_is_found(data: st.DataObject) -> None:
    payload = b"signal" * 50
    sealed = seal("a:1", header(size=len(payload)), payload, data.draw(st.sampled_from([0, 10_000])))
    place = data.draw(st.integers(0, len(sealed) * 8 - 1))
    flipped = bytearray(sealed)
    flipped[place // 8] ^= 1 << place % 8
    for broken in (bytes(flipped), sealed[: place // 8], sealed + b"x"):
        with pytest.raises(DamagedEntry):
            open_sealed("a:1", broken)


def test_large_payloads_are_compressed_and_those_that_would_grow_are_not() -> None:
    text, noise = b"a" * 100_000, np.random.default_rng(1).bytes(10_000)
    assert len(seal("a:1", header(size=len(text)), text, 4096)) < 1000
    assert len(seal("a:1", header(size=len(text)), text, 200_000)) > 100_000
    assert not open_sealed("a:1", seal("a:1", header(size=len(noise)), noise, 4096))[0].compressed
    assert decode_value(encode_value(datetime(2020, 1, 1, tzinfo=UTC))) == datetime(2020, 1, 1, tzinfo=UTC)
