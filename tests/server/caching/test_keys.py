"""Keys: equal for equal values in every process, different for anything else."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.errors import InvalidInput
from augury_server.caching.keys import key_of, name_tags, own_tags

PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary() | st.dates()
PARTS = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        | st.frozensets(PLAIN, max_size=3)
    ),
    max_leaves=8,
)


def shape(value: Any) -> Any:
    """The slow readable identity: types beside values, containers by their kind, no order where there is none."""
    if isinstance(value, list | tuple):
        return (type(value).__name__, tuple(shape(item) for item in value))
    if isinstance(value, dict):
        return ("dict", frozenset((shape(name), shape(item)) for name, item in value.items()))
    if isinstance(value, frozenset):
        return ("set", frozenset(shape(item) for item in value))
    return (type(value).__name__, value.hex() if isinstance(value, float) else value)


def key(**parts: Any) -> str:
    return key_of("a.b", versions={"code": 1}, **parts)


@given(PARTS, PARTS)
def test_two_parts_share_a_key_exactly_when_they_are_the_same(one: Any, other: Any) -> None:
    assert (key(x=one) == key(x=other)) == (shape(one) == shape(other))


@given(st.dictionaries(st.text(min_size=1, max_size=4), PLAIN, max_size=5), st.randoms())
def test_the_order_of_a_mapping_does_not_matter(parts: dict[str, Any], random: Any) -> None:
    names = list(parts)
    random.shuffle(names)
    assert key(x=parts) == key(x={name: parts[name] for name in names})


def test_values_that_python_calls_equal_are_told_apart() -> None:
    values = [
        1,
        1.0,
        True,
        "1",
        b"1",
        np.int64(1),
        np.float64(1),
        np.array(1),
        (1,),
        [1],
        {1},
        {"1": 1},
        0.0,
        -0.0,
        None,
    ]
    assert len({key(x=value) for value in values}) == len(values)


def test_name_versions_watermark_and_parts_each_make_another_key() -> None:
    keys = {
        key_of("a", versions={"code": 1}, watermark=1, part=1),
        key_of("b", versions={"code": 1}, watermark=1, part=1),
        key_of("a", versions={"code": 2}, watermark=1, part=1),
        key_of("a", versions={"spec": 1}, watermark=1, part=1),
        key_of("a", versions={"code": 1}, watermark=2, part=1),
        key_of("a", versions={"code": 1}, watermark=1, part=2),
        key_of("a", versions={"code": 1}, watermark=1, other=1),
        key_of("a", versions={"code": 1}, part=1),
    }
    assert len(keys) == 8


def test_another_release_of_the_library_has_other_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    before = key(x=1)
    monkeypatch.setattr("augury_server.caching.keys.__version__", "99")
    assert key(x=1) != before


def test_arrays_differ_by_type_shape_and_any_byte() -> None:
    array = np.arange(6.0)
    others = [array.reshape(2, 3), array.astype("f4"), array + 1e-12, array[::-1]]
    assert len({key(x=value) for value in [array, *others]}) == 5
    assert key(x=array[::2]) == key(x=array[::2].copy())


def test_another_process_makes_the_same_key() -> None:
    code = (
        "from augury_server.caching.keys import key_of; from datetime import date\n"
        "print(key_of('a.b', versions={'code': 1}, x={'q', 'w', 'e', 'r'}, y={'b': 1.5, 'a': date(2020, 1, 1)}))"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert seen == {key(x={"r", "e", "w", "q"}, y={"a": date(2020, 1, 1), "b": 1.5})}


@dataclass(frozen=True)
class Frozen:
    a: int
    b: tuple[str, ...] = ()


@dataclass
class Changeable:
    a: int


def test_a_frozen_record_is_its_fields() -> None:
    assert key(x=Frozen(1)) == key(x=Frozen(1))
    assert key(x=Frozen(1)) != key(x=Frozen(1, ("q",)))


@pytest.mark.parametrize("value", [object(), Changeable(1), lambda: 1, np.array([object()]), {1: object()}])
def test_a_value_without_a_known_identity_is_refused(value: Any) -> None:
    with pytest.raises(InvalidInput, match="cannot be part of a cache key"):
        key(x=value)


@pytest.mark.parametrize("name", ["", "A", "a..b", "a:b", ".a", "a b", "a" * 121, 3])
def test_a_malformed_name_is_refused(name: Any) -> None:
    with pytest.raises(InvalidInput, match="dotted lower-case"):
        key_of(name, versions={"code": 1})


def test_a_key_without_any_version_is_refused() -> None:
    with pytest.raises(InvalidInput, match="at least one version"):
        key_of("a", versions={})


def test_times_of_the_same_moment_and_zone_are_the_same() -> None:
    assert key(x=datetime(2020, 1, 1, tzinfo=UTC)) == key(x=datetime(2020, 1, 1, tzinfo=UTC))
    assert key(x=datetime(2020, 1, 1, tzinfo=UTC)) != key(x=datetime(2020, 1, 1))  # noqa: DTZ001


def test_every_entry_has_the_tags_of_its_name_and_all_names_above() -> None:
    assert name_tags("a.b.c") == ("*", "n:a", "n:a.b", "n:a.b.c")
    with pytest.raises(InvalidInput, match="comes from key_of"):
        own_tags("features", ())  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="tuple of texts"):
        own_tags(key_of("a", versions={"code": 1}), "bars")
