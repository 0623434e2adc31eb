import subprocess
import sys

import pytest

from augury.errors import Conflict, InvalidInput, NotFound
from augury.learning.labels.registry import (
    LabelDefinition,
    label,
    label_definition,
    label_definitions,
    register_label,
)
from augury.testing import LabelSuiteSpec, label_suite

VARIANTS = [
    "direction",
    "direction(dead_band=0.5)",
    "direction(dead_band=0.5, three_classes=True, entry='next_open')",
    "forward_return",
    "forward_return(horizon_bars=1, entry='next_open')",
    "forward_return(scaled_by_volatility=True)",
    "trend_scanning",
    "trend_scanning(least_t_value=3.0, three_classes=True)",
    "trend_scanning(t_values=True)",
    "triple_barrier",
    "triple_barrier(upper=2.0, lower=0.5, vertical='sign')",
]


@pytest.mark.parametrize(
    "check",
    [check for text in VARIANTS for check in label_suite(label(text), LabelSuiteSpec(bars=500, cuts=20))],
    ids=lambda check: check.id,
)
def test_every_label_keeps_the_contract(check):
    check()


def test_every_registered_label_is_among_those_tested_and_describes_itself():
    assert {text.partition("(")[0] for text in VARIANTS} == set(label_definitions())
    for name, entry in label_definitions().items():
        made = label(name)
        assert made.name == entry.name == name
        assert entry.summary
        assert entry.source
        assert made.horizon >= 1
        assert made.classes in ((), ("down", "up"), ("down", "flat", "up"))


def test_text_and_keywords_give_the_same_label():
    assert label("direction(horizon_bars=7)").id == label("direction", horizon_bars=7).id
    assert label("direction(horizon_bars=7)", horizon_bars=3).horizon == 3
    assert label("direction").id != label("direction(horizon_bars=6)").id


@pytest.mark.parametrize("text", ["direction(5)", "direction(", "a.b", "", "direction(horizon_bars=x)", "1 + 1", 3])
def test_text_of_another_form_is_refused(text):
    with pytest.raises(InvalidInput, match="expected a label such as"):
        label(text)


def test_an_unknown_label_names_the_nearest():
    with pytest.raises(NotFound, match="did you mean 'triple_barrier'"):
        label("tripple_barrier")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("direction(horizon=5)", "did you mean 'horizon_bars'"),
        ("direction(horizon_bars=0)", ">= 1"),
        ("direction(three_classes=True)", "dead_band above 0"),
        ("forward_return(entry='open')", "'next_open'"),
        ("triple_barrier(upper=0.0)", "> 0"),
        ("trend_scanning(shortest_bars=9, longest_bars=8)", "at least shortest_bars = 9"),
        ("trend_scanning(three_classes=True)", "least_t_value above 0"),
        ("trend_scanning(t_values=True, least_t_value=2.0)", "neither"),
    ],
)
def test_options_out_of_bounds_are_refused(text, message):
    with pytest.raises(InvalidInput, match=message):
        label(text)


def test_a_taken_name_is_a_conflict():
    known = label_definition("direction")
    assert register_label(known) is known
    with pytest.raises(Conflict, match="'direction' is registered"):
        register_label(
            LabelDefinition(name="direction", summary="x", source="x", spec_type=known.spec_type, build=known.build)
        )


def test_binding_labels_compiles_nothing():
    code = (
        "import sys; from augury.learning.labels.registry import label;"
        "label('triple_barrier'); label('trend_scanning'); print('numba' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
