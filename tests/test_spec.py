"""The Spec contract."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from typing import Annotated

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.errors import InvalidInput
from augury.spec import Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner(Spec):
    window_bars: Annotated[int, msgspec.Meta(ge=2)] = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer(Spec):
    rate: float = 1.0
    inner: Inner = field(default_factory=Inner)
    many: tuple[Inner, ...] = ()
    maybe: Inner | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered(Spec):
    low: float = 0.0
    high: float = 1.0

    def check(self) -> None:
        if self.low >= self.high:
            raise InvalidInput(f"low must be below high, got {self.low} and {self.high}")


def test_values_are_checked_when_a_record_is_built() -> None:
    with pytest.raises(InvalidInput, match=r"window_bars = 1: Expected `int` >= 2"):
        Inner(window_bars=1)
    with pytest.raises(InvalidInput, match="window_bars"):
        Inner(window_bars="5")  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_have_no_json_and_so_no_id_are_refused(value: float) -> None:
    with pytest.raises(InvalidInput, match=r"Outer.rate = .*: Expected a finite number"):
        Outer(rate=value)


def test_rules_across_fields_are_checked() -> None:
    with pytest.raises(InvalidInput, match="low must be below high"):
        Ordered(low=2.0)
    with pytest.raises(InvalidInput, match="low must be below high"):
        Ordered().replace(high=-1.0)


@pytest.mark.parametrize(
    "values",
    [{"ratee": 1}, {"inner": {"window": 3}}, {"many": [{"window_barz": 3}]}, {"maybe": {"window_bar": 3}}],
)
def test_unknown_keys_are_refused_at_every_depth_with_the_nearest_name(values: dict[str, object]) -> None:
    with pytest.raises(InvalidInput, match="did you mean"):
        Outer.from_dict(values)


def test_nested_records_are_built_from_plain_values() -> None:
    built = Outer.from_dict({"rate": 2, "inner": {"window_bars": 3}, "many": [{"window_bars": 4}], "maybe": {}})
    assert built == Outer(rate=2.0, inner=Inner(window_bars=3), many=(Inner(window_bars=4),), maybe=Inner())
    assert Outer.from_dict(built.to_dict()) == built


def test_whole_numbers_become_floats_so_that_ids_agree() -> None:
    assert Outer(rate=2).id == Outer(rate=2.0).id


@given(st.integers(2, 1000), st.floats(allow_nan=False, allow_infinity=False))
def test_equal_options_give_equal_ids_and_different_ones_different_ids(window: int, rate: float) -> None:
    one = Outer(rate=rate, inner=Inner(window_bars=window))
    assert one.id == Outer(inner=Inner(window_bars=window), rate=rate).id
    assert one.id != one.replace(inner=Inner(window_bars=window + 1)).id


def test_ids_are_the_same_in_another_process() -> None:
    code = "from augury.signals.sizing import SizingSpec; print(SizingSpec(cap=0.2).id)"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    from augury.signals.sizing import SizingSpec

    assert SizingSpec(cap=0.2).id == other


def test_types_with_equal_fields_have_different_ids() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Twin(Spec):
        window_bars: int = 5

    assert Twin().id != Inner().id


def test_options_that_must_be_given_are_named_when_they_are_not() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Needy(Spec):
        name: str
        model: str
        size: int = 1

    with pytest.raises(InvalidInput, match="Needy needs name, model"):
        Needy.from_dict({"size": 2})
    assert Needy.from_dict({"name": "a", "model": "b"}).size == 1
