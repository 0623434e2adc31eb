import pytest

from augury.testing import PLANTED, CausalityPlan, check_causality, planted_inputs

PLAN = CausalityPlan(random_cuts=2, early_cuts=1, event_cuts=2)
INPUTS = {takes: planted_inputs(takes, seed=0) for takes in ("bars", "news", "universe")}
EVERY = pytest.mark.parametrize("twins", PLANTED.values(), ids=PLANTED)


def test_there_are_at_least_sixty_twins_of_all_three_kinds():
    assert len(PLANTED) >= 60
    assert {twins.takes for twins in PLANTED.values()} == set(INPUTS)
    assert all(twins.mistake for twins in PLANTED.values())


@EVERY
def test_the_planted_leak_is_found(twins):
    report = check_causality(twins.leaky, *INPUTS[twins.takes], plan=PLAN)
    assert report.leaks, str(report)
    assert report.leaks[0].lag_bars >= 1
    if twins.lag_bars is not None:
        assert report.leaks[0].lag_bars <= twins.lag_bars


@EVERY
def test_the_clean_twin_is_not_flagged(twins):
    report = check_causality(twins.clean, *INPUTS[twins.takes], plan=PLAN)
    assert report.causal, str(report)
    assert not report.unproven
