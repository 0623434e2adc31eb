"""Every declared space names real options within their bounds, and dimensions say what is wrong with them."""

from __future__ import annotations

from typing import Any

import pytest

from augury.errors import InvalidInput, NotFound
from augury.learning.estimators.families import FAMILIES, make_model
from augury.learning.search.dimension import Dimension, distribution
from augury.learning.search.search_spec import ModelSearchSpec
from augury.learning.search.spaces import SPACES, search_space
from augury.validation.splits import PurgedSpec


def ends(dimension: Dimension) -> tuple[Any, ...]:
    if dimension.kind == "categorical":
        return dimension.choices
    return tuple(int(end) if dimension.kind == "int" else end for end in (dimension.low, dimension.high))


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_every_family_has_a_space_of_options_that_its_bounds_allow(name: str) -> None:
    if FAMILIES[name].extra == "deep":
        pytest.importorskip("torch")
    space = search_space(name)
    assert space == SPACES[name]
    for dimension in space:
        for end in ends(dimension):
            model = make_model(name, **{dimension.name: end})
            if hasattr(model, "checked_options"):
                model.checked_options()


def test_dimensions_become_optuna_distributions() -> None:
    depth = distribution(Dimension(name="depth", kind="int", low=2, high=8, log=True))
    assert (depth.low, depth.high, depth.log) == (2, 8, True)
    assert distribution(Dimension(name="rate", kind="float", low=0.1, high=0.3)).high == 0.3
    assert distribution(Dimension(name="kind", kind="categorical", choices=("a", None, 2))).choices == ("a", None, 2)


@pytest.mark.parametrize(
    "options",
    [
        {"kind": "int", "low": 2.5, "high": 4},
        {"kind": "float", "low": 1.0, "high": 1.0},
        {"kind": "float", "low": 0.0, "high": 1.0, "log": True},
        {"kind": "int", "low": 0, "high": 8, "log": True},
        {"kind": "categorical", "choices": ("a",)},
        {"kind": "categorical", "choices": ("a", "a")},
        {"kind": "real", "low": 0.0, "high": 1.0},
    ],
)
def test_impossible_dimensions_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        Dimension(name="option", **options)


def test_options_fixed_by_the_text_are_left_alone() -> None:
    assert [dimension.name for dimension in search_space("linear(l2=3.0)")] == ["clip"]
    with pytest.raises(InvalidInput, match="fixes every option"):
        search_space("linear(l2=3.0, clip=4.0)")
    with pytest.raises(InvalidInput, match="fixed by"):
        search_space("linear(l2=3.0)", (Dimension(name="l2", kind="float", low=1.0, high=2.0),))
    with pytest.raises(NotFound):
        search_space("forest")


def test_a_search_spec_goes_through_plain_values_and_knows_what_continues_it() -> None:
    spec = ModelSearchSpec(space=(Dimension(name="l2", kind="float", low=1.0, high=2.0),), seed=4)
    assert ModelSearchSpec.from_dict(spec.to_dict()) == spec
    assert spec.identity == spec.replace(trials=500).identity != spec.replace(risk=0.0).identity
    with pytest.raises(InvalidInput, match="one block at a time"):
        ModelSearchSpec(folds=PurgedSpec(groups=5, test_groups=2))
