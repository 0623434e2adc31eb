"""Run capsules: written, read back, compared, and refused when they are not what was written."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.errors import InvalidInput, Misconfigured
from augury.ledger import Capsule, CapsuleData, SeriesKey, StrategySource, array_digest, source_digest

TEXT = "def positions(bars):\n    return (bars['close'] > 1).astype(float)\n"


@pytest.fixture
def capsule(make_series: Callable[..., SeriesKey]) -> Capsule:
    return Capsule(
        operation="backtest",
        created_at=1_700_000_000 * 10**9,
        options={"delay_bars": 1, "limit": math.inf},
        strategy=StrategySource(name="mine", text=TEXT),
        parameters={"fast": np.int64(10)},
        spec={"commission_rate": 0.001},
        data=(CapsuleData(key=make_series(), path="data/SPX.csv"), CapsuleData(key=make_series("AAPL", "b"))),
        seed=7,
        versions={"augury": "0.1.0", "numpy": "2.4.0"},
        digests={"equity": array_digest(np.arange(3.0)), "positions": array_digest(np.ones(3))},
    )


def test_a_capsule_is_read_back_as_it_was_written(capsule: Capsule) -> None:
    again = Capsule.from_json(capsule.to_json())
    assert again == capsule
    assert again.id == capsule.id
    assert len(capsule.id) == 64
    assert Capsule.from_dict(capsule.to_dict()) == capsule
    assert Capsule.from_json(capsule.to_json().encode()) == capsule
    assert again.options == {"delay_bars": 1, "limit": None}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(options=st.dictionaries(st.text(), json_values, max_size=4), seed=st.none() | st.integers())
def test_any_json_goes_there_and_back(options: dict[str, Any], seed: int | None) -> None:
    capsule = Capsule(operation="x", created_at=0, options=options, seed=seed)
    assert Capsule.from_json(capsule.to_json()) == capsule


def test_the_id_changes_with_everything(capsule: Capsule) -> None:
    content = capsule.to_dict()
    changed = {
        "operation": "sweep",
        "created_at": 0,
        "options": {},
        "strategy": None,
        "parameters": {"fast": 11},
        "spec": {},
        "data": [],
        "seed": None,
        "versions": {},
        "digests": {},
    }
    assert changed.keys() | {"capsule", "id"} == content.keys()
    for name, value in changed.items():
        with pytest.raises(InvalidInput, match="was changed after it was written"):
            Capsule.from_dict(content | {name: value})


def test_results_are_compared_by_name(capsule: Capsule) -> None:
    assert capsule.compare(capsule.digests) == ()
    found = {"equity": array_digest(np.arange(3.0) + 1e-16), "trades": array_digest(np.zeros(1))}
    assert [str(one) for one in capsule.compare(found)] == [
        f"equity: {found['equity'][:16]} instead of {capsule.digests['equity'][:16]}",
        "positions: recorded, but not there now",
        "trades: there now, but not recorded",
    ]
    differences = capsule.compare_versions({"augury": "0.1.0", "numpy": "2.5.0"})
    assert [(one.name, one.recorded, one.found) for one in differences] == [("numpy", "2.4.0", "2.5.0")]


def test_digests_tell_bits_kinds_and_shapes_apart() -> None:
    base = np.array([1.0, -0.0, np.nan, np.inf])
    same = [base.copy(), base[::-1][::-1], np.array([1.0, -0.0, -np.nan, np.inf]), base.astype(">f8")]
    assert {array_digest(one) for one in same} == {array_digest(base)}
    other = [
        np.nextafter(base, 2),
        np.array([1.0, 0.0, np.nan, np.inf]),
        base.astype(np.float32),
        base.reshape(2, 2),
        base[:3],
        np.array([1, 0, 0, 0]),
        np.array([True, False, False, False]),
        np.empty(0),
        np.empty((0, 2)),
    ]
    assert len({array_digest(one) for one in [base, *other]}) == len(other) + 1
    matrix = np.arange(6.0).reshape(2, 3)
    assert array_digest(np.asfortranarray(matrix)) == array_digest(matrix)
    assert np.isnan(base[2])
    for bad in (np.array(["a"]), np.array([None]), np.array(["2024-01-01"], dtype="M8[ns]")):
        with pytest.raises(InvalidInput, match="expected numbers or booleans to digest"):
            array_digest(bad)


def test_source_text_is_the_same_whatever_its_line_ends_and_not_otherwise() -> None:
    assert source_digest(TEXT) == source_digest(TEXT.replace("\n", "\r\n")) == source_digest(TEXT.rstrip("\n"))
    assert source_digest(TEXT) != source_digest(TEXT + " ")
    with pytest.raises(InvalidInput, match="the text of strategy 'mine' was changed"):
        StrategySource(name="mine", text=TEXT, sha256="0" * 64)


BAD = {
    "not json": ("{", InvalidInput, "text that is not JSON"),
    "bytes": (b"\xff\xfe\x00", InvalidInput, "text that is not JSON"),
    "deep": ("[" * 100_000, InvalidInput, "text that is not JSON"),
    "list": ("[]", InvalidInput, "a mapping with the key 'capsule'"),
    "other": ('{"a": 1}', InvalidInput, "a mapping with the key 'capsule'"),
    "newer": ('{"capsule": 2}', Misconfigured, "has version 2, this Augury reads up to 1; update augury"),
    "zero": ('{"capsule": 0}', InvalidInput, "a whole number from 1, got 0"),
    "text": ('{"capsule": "1"}', InvalidInput, "a whole number from 1"),
    "true": ('{"capsule": true}', InvalidInput, "a whole number from 1"),
    "empty": ('{"capsule": 1}', InvalidInput, r"is damaged: missing \['created_at'"),
}


@pytest.mark.parametrize("name", BAD)
def test_text_that_is_no_capsule_is_refused(name: str) -> None:
    text, error, message = BAD[name]
    with pytest.raises(error, match=message):
        Capsule.from_json(text)


@pytest.mark.parametrize(
    "change",
    [
        {"extra": 1},
        {"id": "0" * 64},
        {"id": None},
        {"operation": ""},
        {"operation": 5},
        {"created_at": "now"},
        {"created_at": None},
        {"seed": 1.5},
        {"options": [1]},
        {"digests": {"equity": "short"}},
        {"digests": {"equity": 5}},
        {"data": 5},
        {"data": [5]},
        {"data": [{"key": {"symbol": "x"}, "path": None}]},
        {"strategy": {"name": "x"}},
        {"strategy": {"nom": "x"}},
        {"strategy": 5},
    ],
)
def test_a_capsule_with_one_thing_wrong_is_refused(capsule: Capsule, change: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        Capsule.from_json(json.dumps(capsule.to_dict() | change))


def test_every_cut_of_the_text_and_most_flips_are_refused(capsule: Capsule) -> None:
    text = capsule.to_json()
    for end in range(0, len(text) - 2, 7):
        with pytest.raises(InvalidInput):
            Capsule.from_json(text[:end])
    rng = np.random.default_rng(1)
    content = text.encode()
    for place in rng.integers(0, len(content), 200):
        spoiled = bytearray(content)
        spoiled[place] ^= int(rng.integers(1, 256))
        try:
            found = Capsule.from_json(bytes(spoiled))
        except (InvalidInput, Misconfigured):
            continue
        assert found == capsule, "only blanks may change"
