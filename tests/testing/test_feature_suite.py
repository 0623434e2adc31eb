import numpy as np
import pytest

from augury.errors import LookAheadError
from augury.features.feature import Output
from augury.testing import CausalityPlan, ContractBroken, SuiteSpec, feature_suite, run_feature_suite

FAST = SuiteSpec(bars=260, causality=CausalityPlan(random_cuts=2, early_cuts=1, event_cuts=1))


def _failures(feature):
    return {outcome.name: outcome.failure for outcome in run_feature_suite(feature, FAST) if outcome.failure}


def _changed(batch, change):
    """The batch followed by a change of its values; `change(values, bars)`."""

    def run(opened_at, bars):
        values = batch(opened_at, bars)
        change(values, bars)
        return values

    return run


def _set(rows, value):
    def change(values, bars):
        values[rows] = value

    return change


def test_a_correct_feature_passes_every_check(mean_feature):
    assert _failures(mean_feature) == {}


def test_checks_have_distinct_readable_ids(mean_feature):
    ids = [check.id for check in feature_suite(mean_feature)]
    assert len(set(ids)) == len(ids) >= 18
    assert "hand_made_mean-is_causal" in ids


def _fill_warm_up(values, bars):
    values[0, : min(4, values.shape[1])] = 0.0


def _next_close(values, bars):
    values[0, 4:-1] = bars[3, 5:]


def _infinite(values, bars):
    values[0, 50:51] = np.inf


def _half_flag(values, bars):
    values[1, 60:61] = 0.5


def _negative(values, bars):
    values[0, 60:61] = -1.0


def _whole_history(values, bars):
    values[0, 4:] += np.cumsum(bars[3])[4:]


def _volume_too(values, bars):
    values[0] += bars[4] * 1e-9


def _plus_one(values, bars):
    values[0] += 1.0


def _never_known(values, bars):
    values[1] = np.nan


def _write_input(values, bars):
    bars[3, :1] = 7.0


BROKEN_BATCHES = {
    "warm_up_is_honoured": (_fill_warm_up, _never_known),
    "short_input_is_unknown": (_fill_warm_up,),
    "is_causal": (_next_close,),
    "values_keep_their_form": (_infinite, _half_flag, _negative),
    "look_back_is_enough": (_whole_history,),
    "inputs_are_declared": (_volume_too,),
    "prices_scale_as_declared": (_plus_one,),
    "volumes_scale_as_declared": (_volume_too,),
    "batch_is_pure": (_write_input,),
    "stream_equals_batch": (_plus_one,),
}


@pytest.mark.parametrize(
    ("rule", "defect"),
    [
        pytest.param(rule, defect, id=f"{rule}{defect.__name__}")
        for rule, all_ in BROKEN_BATCHES.items()
        for defect in all_
    ],
)
def test_a_defect_planted_in_the_batch_is_found(mean_feature, broken_mean, rule, defect):
    failures = _failures(broken_mean(batch=_changed(mean_feature.batch, defect)))
    assert rule in failures
    assert "hand_made_mean" in failures[rule]


def test_declarations_that_do_not_fit_are_found(mean_feature, broken_mean):
    first, second = mean_feature.outputs
    cases = {
        "outputs_are_described": broken_mean(outputs=(first, Output(name="", meaning="the same name twice"))),
        "warm_up_is_honoured": broken_mean(warm_up=WINDOW_TOO_LATE),
        "look_back_is_enough": broken_mean(look_back=4),
        "inputs_are_declared": broken_mean(inputs=("open", "high")),
        "prices_scale_as_declared": broken_mean(outputs=(Output(name="", meaning="mean"), second)),
    }
    for rule, feature in cases.items():
        assert rule in _failures(feature), rule


WINDOW_TOO_LATE = 6


def test_a_batch_that_refuses_short_input_is_found(mean_feature, broken_mean):
    def impatient(opened_at, bars):
        if bars.shape[1] < 3:
            raise ValueError("too short")
        return mean_feature.batch(opened_at, bars)

    checks = {check.name: check for check in feature_suite(broken_mean(batch=impatient), FAST)}
    with pytest.raises(ValueError, match="too short"):
        checks["short_input_is_unknown"]()


def test_a_batch_of_the_wrong_form_is_found(mean_feature, broken_mean):
    def single(opened_at, bars):
        return mean_feature.batch(opened_at, bars)[0]

    checks = {check.name: check for check in feature_suite(broken_mean(batch=single), FAST)}
    with pytest.raises(ContractBroken, match=r"float64\[2, 304\]"):
        checks["values_keep_their_form"]()


def test_a_leak_raises_the_error_that_names_column_and_lag(mean_feature, broken_mean):
    feature = broken_mean(batch=_changed(mean_feature.batch, _next_close))
    check = next(check for check in feature_suite(feature, FAST) if check.name == "is_causal")
    with pytest.raises(LookAheadError, match=r"'hand_made_mean' looks at least 1 bar"):
        check()


def test_a_batch_that_breaks_on_flat_bars_is_found(mean_feature, broken_mean):
    def divides_by_range(values, bars):
        still = bars[1] == bars[2]
        values[0, still] = np.inf

    assert "survives_awkward_bars" in _failures(broken_mean(batch=_changed(mean_feature.batch, divides_by_range)))


def test_a_batch_with_a_changing_answer_is_found(mean_feature, broken_mean):
    rng = np.random.default_rng(0)

    def moody(values, bars):
        values[0] *= 1.0 + 1e-12 * rng.random()

    assert "batch_is_pure" in _failures(broken_mean(batch=_changed(mean_feature.batch, moody)))
