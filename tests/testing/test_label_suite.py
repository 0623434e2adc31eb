from dataclasses import replace

import numpy as np
import pytest

from augury.errors import LookAheadError
from augury.learning.labels.label import Labels
from augury.learning.labels.registry import label
from augury.testing import ContractBroken, LabelSuiteSpec, label_suite, run_label_suite

FAST = LabelSuiteSpec(bars=300, cuts=12)
FORWARD = label("forward_return(horizon_bars=4)")
BARRIER = label("triple_barrier(horizon_bars=8)")


def _failures(subject):
    return {outcome.name: outcome.failure for outcome in run_label_suite(subject, FAST) if outcome.failure}


def _broken(subject, change):
    """The label with its labels changed by `change(bars, labels)`."""
    return replace(subject, make=lambda bars: change(bars, subject.make(bars)))


def test_sound_labels_pass_and_every_check_has_its_own_name():
    assert _failures(FORWARD) == {}
    checks = label_suite(FORWARD, FAST)
    assert len({check.id for check in checks}) == len(checks) == 8


@pytest.mark.parametrize("subject", [FORWARD, BARRIER], ids=lambda subject: subject.name)
def test_an_end_that_is_one_bar_too_early_is_found(subject):
    early = _broken(
        subject,
        lambda bars, found: replace(
            found, end=np.where(found.end >= 0, np.maximum(found.end - 1, np.arange(len(bars)) + 1), -1)
        ),
    )
    failures = _failures(early)
    assert failures["ends_hold"].startswith("LookAheadError")
    assert "depends_on_its_future" in failures


def test_an_end_that_is_one_bar_too_late_is_found():
    def later(bars, found):
        known = (found.end >= 0) & (found.end + 1 < len(bars))
        return Labels(values=np.where(known, found.values, np.nan), end=np.where(known, found.end + 1, -1))

    failures = _failures(replace(_broken(FORWARD, later), horizon=FORWARD.horizon + 1))
    assert set(failures) == {"ends_are_tight"}
    assert "too late" in failures["ends_are_tight"]


def test_a_label_in_units_of_a_volatility_that_includes_the_future_is_found():
    def hindsight(bars, found):
        returns = np.diff(np.log(bars.matrix[3]), prepend=np.nan)
        ahead = np.full(len(bars), np.nan)
        for t in range(5, len(bars) - 10):
            ahead[t] = returns[t - 4 : t + 10].std()
        values = found.values / np.where(ahead > 0.0, ahead, np.nan)
        return Labels(values=values, end=np.where(np.isnan(values), -1, found.end))

    assert _failures(_broken(FORWARD, hindsight))["ends_hold"].startswith("LookAheadError")


def test_a_label_in_units_of_the_whole_samples_volatility_is_found():
    whole = _broken(FORWARD, lambda _, found: replace(found, values=found.values / np.nanstd(found.values)))
    with pytest.raises(LookAheadError, match="moved when only bars after"):
        next(check for check in label_suite(whole, FAST) if check.name == "ends_hold")()


def test_the_past_posing_as_a_label_is_found():
    def past(bars, found):
        close = bars.matrix[3]
        values = np.full(len(bars), np.nan)
        values[4:-4] = close[4:-4] / close[:-8] - 1.0
        return Labels(values=values, end=np.where(np.isnan(values), -1, np.arange(len(bars)) + 4))

    failures = _failures(_broken(FORWARD, past))
    assert "not a label" in failures["depends_on_its_future"]
    assert "ends_are_tight" in failures


def test_a_price_level_as_target_is_found():
    level = _broken(FORWARD, lambda bars, found: replace(found, values=(1.0 + found.values) * bars.matrix[3]))
    assert "multiplied by 4.0" in _failures(level)["scale_of_prices_is_ignored"]


def test_writing_into_the_bars_and_changing_answers_are_found():
    def writes(bars, found):
        bars.matrix[4] = 0.0
        return found

    assert "writes into" in _failures(_broken(FORWARD, writes))["answers_are_repeated"]
    rng = np.random.default_rng(0)
    moody = _broken(FORWARD, lambda _, found: replace(found, values=found.values * (1 + 1e-12 * rng.random())))
    assert "other labels" in _failures(moody)["answers_are_repeated"]


@pytest.mark.parametrize(
    ("message", "change"),
    [
        ("a label without an end", lambda _, found: replace(found, end=np.full_like(found.end, -1))),
        (
            "an end not after its own bar",
            lambda _, found: replace(found, end=np.where(found.end < 0, -1, found.end - 4)),
        ),
        (
            "more than 4 bars ahead",
            lambda bars, found: replace(
                found, end=np.where(found.end < 0, -1, np.minimum(found.end + 1, len(bars) - 1))
            ),
        ),
        ("an infinite label", lambda _, found: replace(found, values=found.values * np.inf)),
        ("expected float64", lambda _, found: replace(found, values=found.values[:-1])),
        ("no label is known", lambda _, found: Labels(values=found.values * np.nan, end=np.full_like(found.end, -1))),
    ],
)
def test_a_broken_form_is_named(message, change):
    with pytest.raises(ContractBroken, match=message):
        label_suite(_broken(FORWARD, change), FAST)[0]()


def test_values_that_are_no_class_are_found():
    with pytest.raises(ContractBroken, match="none of the 3 classes"):
        label_suite(_broken(BARRIER, lambda _, found: replace(found, values=found.values - 1.0)), FAST)[0]()
