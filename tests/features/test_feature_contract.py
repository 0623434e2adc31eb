"""Every registered feature, and every concrete indicator of the default set, against the shipped feature suite."""

import pytest

from augury.features.registry import definitions
from augury.testing import feature_suite


def _all_features():
    from augury.features.catalogue.indicators import default_set

    built = [entry.build(entry.spec_type()) for entry in definitions().values()]
    return list({feature.id: feature for feature in [*built, *default_set()]}.values())


FEATURES = _all_features()
CHECKS = [check for feature in FEATURES for check in feature_suite(feature)]


def test_the_registry_is_not_empty_and_every_definition_is_covered():
    assert len(definitions()) >= 10
    assert set(definitions()) == {feature.name for feature in FEATURES}
    assert len({check.id for check in CHECKS}) == len(CHECKS)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_the_feature_keeps_its_contract(check):
    check()
