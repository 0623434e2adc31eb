"""Every registered feature, in many forms, against the shipped feature suite.

The forms: default options; every concrete indicator of the default set; every other choice of every option that is a
choice (a name among several, a yes or no); and features of longer bars seen from shorter ones. A new file in the
catalogue is covered the day it exists.
"""

from dataclasses import fields
from typing import Literal, get_args, get_origin, get_type_hints

import pytest

from augury.errors import InvalidInput
from augury.features import default_set, definitions, make, multi_timeframe
from augury.testing import CausalityPlan, SuiteSpec, feature_suite

# A longer bar may hold a single shorter one, so only its own count is a certain warm-up: four times that, as a rule.
FEW_FUTURES = SuiteSpec(valid_within_bars=250, causality=CausalityPlan(random_cuts=2, early_cuts=1, event_cuts=1))


def _choices(kind):
    """The values of an option that is a choice, else nothing."""
    kind = get_args(kind)[0] if get_origin(kind) is not None and get_origin(kind) is not Literal else kind
    if kind is bool:
        return (True, False)
    return get_args(kind) if get_origin(kind) is Literal else ()


def _other_choices():
    for name, entry in definitions().items():
        default = entry.spec_type()
        hints = get_type_hints(entry.spec_type)
        for field in fields(default):
            for value in _choices(hints[field.name]):
                if value != getattr(default, field.name):
                    try:
                        yield f"{name}[{field.name}={value}]", entry.build(default.replace(**{field.name: value}))
                    except InvalidInput:
                        continue


def _forms():
    plain = {f"{name}[default]": entry.build(entry.spec_type()) for name, entry in definitions().items()}
    concrete = {f"{feature.label}[default set]": feature for feature in default_set()}
    longer = {f"{name}[4h]": multi_timeframe(make(name)) for name in ("vsa", "rsi", "bollinger_position")}
    forms = {**plain, **concrete, **dict(_other_choices()), **longer}
    return {feature.id: (form, feature) for form, feature in reversed(forms.items())}.values()


FORMS = dict(_forms())
CASES = [
    pytest.param(check, id=f"{form}-{check.name}")
    for form, feature in FORMS.items()
    for check in feature_suite(feature, None if "[default" in form else FEW_FUTURES)
]


def test_the_registry_is_not_empty_and_every_definition_is_covered():
    assert len(definitions()) >= 10
    assert set(definitions()) <= {feature.name for feature in FORMS.values()}
    assert len(CASES) >= 18 * len(definitions())


@pytest.mark.parametrize("check", CASES)
def test_the_feature_keeps_its_contract(check):
    check()
