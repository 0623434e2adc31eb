"""The registry: one file that registers is enough, names are unique, near names are offered."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from augury.errors import Conflict, InvalidInput, NotFound
from augury.features import definition, definitions, make, register
from augury.features.feature import Feature, Output
from augury.features.registry import FeatureDefinition
from augury.features.snapshots import seal, unseal
from augury.spec import Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainSpec(Spec):
    shift: float = 0.0


def build(spec: PlainSpec) -> Feature:
    return Feature(
        name="shifted_close",
        label="shifted_close",
        spec=spec,
        outputs=(Output(name="", meaning="close plus a shift"),),
        inputs=("close",),
        warm_up=0,
        look_back=1,
        batch=lambda _, bars: bars[3:4] + spec.shift,
        open_stream=lambda: None,
    )


ENTRY = FeatureDefinition(
    name="shifted_close", summary="a test's own", source="this file", spec_type=PlainSpec, build=build
)


def test_a_registered_feature_is_listed_found_and_made(monkeypatch):
    known = dict(definitions())
    monkeypatch.setattr("augury.features.registry._definitions", known)
    register(ENTRY)
    assert definition("shifted_close") is definitions()["shifted_close"] is ENTRY
    made = make("shifted_close", shift=2.0)
    assert made.batch(np.arange(2), np.ones((5, 2))).tolist() == [[3.0, 3.0]]
    assert register(ENTRY) is ENTRY
    with pytest.raises(Conflict, match="'shifted_close' is registered already"):
        register(replace(ENTRY, summary="another"))


def test_the_catalogue_is_there_and_sorted():
    names = list(definitions())
    assert names == sorted(names)
    assert {"vsa", "vsa_deviation", "rsi", "macd", "bbands", "obv_slope", "chaikin_money_flow"} <= set(names)


def test_every_definition_builds_with_its_defaults_and_says_what_it_is():
    for name, entry in definitions().items():
        feature = make(name)
        assert feature.name == name
        assert entry.summary
        assert entry.source
        assert feature.id == f"{name}@{feature.spec.id}"
        assert len(set(feature.columns)) == len(feature.outputs)
        assert all(output.meaning for output in feature.outputs)


def test_unknown_names_and_options_are_answered_with_near_ones():
    with pytest.raises(NotFound, match="did you mean 'vsa'"):
        make("vsaa")
    with pytest.raises(InvalidInput, match="did you mean 'window_bars'"):
        make("vsa", window_bar=20)


def test_other_options_are_another_version():
    assert make("rsi", timeperiod=7).id != make("rsi").id
    assert make("rsi", timeperiod=14).id == make("rsi").id


def test_columns_are_the_label_and_the_output():
    assert make("macd").columns == ("macd", "macd_signal", "macd_hist")
    assert replace(make("rsi"), label="momentum").columns == ("momentum",)


def test_a_seal_opens_for_its_owner_and_whole_only():
    sealed = seal("rsi@1", b"state")
    assert unseal("rsi@1", sealed) == b"state"
    with pytest.raises(InvalidInput, match="was not taken from rsi@2"):
        unseal("rsi@2", sealed)
    for broken in (sealed[:-1], sealed + b"x", sealed[:-3] + b"xyz", b""):
        with pytest.raises(InvalidInput):
            unseal("rsi@1", broken)
