"""Document weights: each factor once, bounds, refusals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.errors import InvalidInput
from augury.sentiment.weights import SOURCE_WEIGHTS, WeightSpec, document_weight, source_weight

LONG = "Acme lifts its outlook for the whole of the coming year"


def test_a_press_release_is_discounted_once() -> None:
    assert document_weight(LONG, "press_release", 1.0, WeightSpec()) == 0.5


def test_the_discount_of_a_duplicate_multiplies_the_rest() -> None:
    assert document_weight(LONG, "wire", 0.25, WeightSpec()) == 0.25
    assert document_weight(LONG, "social", 0.25, WeightSpec()) == 0.125


def test_source_names_ignore_case_spaces_and_hyphens() -> None:
    assert {source_weight(name, WeightSpec()) for name in ("Press Release", "press-release", " PRESS_RELEASE ")} == {
        0.5
    }


def test_an_unknown_or_missing_source_has_the_other_weight() -> None:
    spec = WeightSpec(other_source=0.65)
    assert source_weight("", spec) == source_weight("the moon", spec) == 0.65


def test_a_short_text_weighs_its_share_but_never_less_than_the_floor() -> None:
    spec = WeightSpec(full_words=8, shortest=0.5)
    assert [document_weight("word " * count, "wire", 1.0, spec) for count in (1, 4, 6, 8, 50)] == [
        0.5,
        0.5,
        0.75,
        1.0,
        1.0,
    ]


@given(text=st.text(max_size=200), source=st.sampled_from([name for name, _ in SOURCE_WEIGHTS] + ["", "?"]))
def test_every_weight_is_above_zero_and_at_most_one(text: str, source: str) -> None:
    assert 0.0 < document_weight(text, source, 1.0, WeightSpec()) <= 1.0


def test_a_source_named_twice_is_refused() -> None:
    with pytest.raises(InvalidInput, match="wire more than once"):
        WeightSpec(sources=(("wire", 1.0), ("Wire", 0.5)))


def test_a_weight_of_zero_or_above_one_is_refused() -> None:
    with pytest.raises(InvalidInput):
        WeightSpec(sources=(("wire", 0.0),))
    with pytest.raises(InvalidInput):
        WeightSpec(other_source=1.5)


def test_equal_tables_give_equal_ids_and_survive_a_round_trip() -> None:
    spec = WeightSpec(sources=(("wire", 1.0), ("tips", 0.3)))
    assert WeightSpec.from_dict(spec.to_dict()).id == spec.id
