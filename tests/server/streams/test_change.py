"""False alarms as rare as was asked for, whether the reference is given or learned; shifts found when theory says."""

from __future__ import annotations

import numpy as np
import pytest

from augury.errors import InvalidInput
from augury_server.streams.change import ChangeDetector
from augury_server.streams.run_length import average_run_length, threshold_for
from augury_server.streams.spec import ChangeSpec, StreamSpec


def judged_between_alarms(spec, values):
    detector, alarms, judged = ChangeDetector(spec), 0, 0
    for value in values:
        facts = detector.update(value)
        alarms += facts.alarm
        judged += not facts.learning
    return judged / alarms, alarms


@pytest.mark.parametrize("method", ["cusum", "page_hinkley"])
@pytest.mark.parametrize("burn_in", [20, 200])
def test_false_alarms_of_a_learned_reference_are_as_rare_as_was_asked_for(method, burn_in):
    values = np.random.default_rng(20 + burn_in).normal(3.0, 7.0, 250_000).tolist()
    spec = ChangeSpec(method=method, arl0=500.0, burn_in=burn_in)
    length, alarms = judged_between_alarms(spec, values)
    assert alarms > 250
    assert length == pytest.approx(500.0, rel=0.2)


@pytest.mark.parametrize("method", ["cusum", "page_hinkley"])
def test_false_alarms_of_a_given_reference_are_as_rare_as_was_asked_for(method):
    values = np.random.default_rng(9).normal(3.0, 7.0, 200_000).tolist()
    spec = ChangeSpec(method=method, arl0=500.0, mean=3.0, std=7.0, shift=0.5)
    assert judged_between_alarms(spec, values)[0] == pytest.approx(500.0, rel=0.15)


def test_a_reference_learned_once_would_not_keep_the_promise():
    """Why the reference goes on learning: the plain recursion with the mean and deviation of 50 values, held fast."""
    rng, threshold, lengths = np.random.default_rng(2), threshold_for(500.0, 0.5), []
    for _ in range(60):
        burn_in = rng.normal(size=50)
        mean, std, up, down = burn_in.mean(), burn_in.std(ddof=1), 0.0, 0.0
        step = 0
        for value in rng.normal(size=20_000).tolist():
            step += 1
            z = (value - mean) / std
            up, down = max(0.0, up + z - 0.5), max(0.0, down - z - 0.5)
            if max(up, down) > threshold:
                break
        lengths.append(step)
    assert np.median(lengths) < 0.6 * 500.0 * np.log(2)


@pytest.mark.parametrize("direction", ["up", "down"])
def test_a_planted_shift_is_found_when_theory_says(direction):
    rng, delays = np.random.default_rng(7), []
    spec = ChangeSpec(arl0=5000.0, mean=0.0, std=2.0)
    sign = 1.0 if direction == "up" else -1.0
    for _ in range(1500):
        detector, delay = ChangeDetector(spec), 0
        for value in rng.normal(2.0 * sign, 2.0, 400).tolist():
            delay += 1
            facts = detector.update(value)
            if facts.alarm:
                assert facts.direction == direction
                break
        delays.append(delay)
    theory = average_run_length(threshold_for(5000.0, 0.5), 0.5, shift=1.0)
    assert np.mean(delays) == pytest.approx(theory, rel=0.05)


@pytest.mark.parametrize("method", ["cusum", "page_hinkley"])
def test_a_shift_after_a_long_learning_is_found_nearly_as_soon(method):
    rng, delays = np.random.default_rng(3), []
    spec = ChangeSpec(method=method, arl0=5000.0)
    theory = average_run_length(threshold_for(5000.0, 0.5), 0.5, shift=1.0)
    for _ in range(150):
        detector, alarms = ChangeDetector(spec), 0
        for value in rng.normal(size=300).tolist():
            alarms += detector.update(value).alarm
        if alarms:
            continue
        delay = 0
        for value in rng.normal(1.0, 1.0, 600).tolist():
            delay += 1
            if detector.update(value).alarm:
                break
        delays.append(delay)
    assert 0.7 * theory < np.mean(delays) < 1.35 * theory


def test_after_an_alarm_the_reference_is_learned_anew():
    rng = np.random.default_rng(1)
    detector = ChangeDetector(ChangeSpec(arl0=1e6, burn_in=30))
    values = np.concatenate([rng.normal(0, 1, 200), rng.normal(10, 1, 400)])
    facts = [detector.update(value) for value in values.tolist()]
    alarms = [place for place, one in enumerate(facts) if one.alarm]
    assert len(alarms) == 1
    assert 200 <= alarms[0] < 210
    assert all(one.learning for one in facts[alarms[0] + 1 : alarms[0] + 31])
    assert not facts[alarms[0] + 40].learning


def test_neighbours_that_depend_on_each_other_are_told_and_alarm_too_often():
    """Measured: an autocorrelation of 0.3 makes false alarms of an ARL0 of 1,000 several times as frequent."""
    rng, noise = np.random.default_rng(6), 0.0
    detector, alarms, judged = ChangeDetector(ChangeSpec(arl0=1000.0, mean=0.0, std=1.0)), 0, 0
    trusted = []
    for shock in rng.normal(size=60_000).tolist():
        noise = 0.3 * noise + np.sqrt(1 - 0.09) * shock
        facts = detector.update(noise)
        alarms, judged = alarms + facts.alarm, judged + 1
        trusted.append(facts.trusted)
    assert judged / alarms < 400.0
    assert np.mean(trusted) < 0.75
    independent = ChangeDetector(ChangeSpec(arl0=1e6, mean=0.0, std=1.0))
    found = [independent.update(value).trusted for value in rng.normal(size=5_000).tolist()]
    assert np.mean(found) > 0.97


@pytest.mark.parametrize(
    ("of", "grow"), [("difference", lambda x: np.cumsum(x)), ("log_ratio", lambda x: np.exp(0.01 * np.cumsum(x)))]
)
def test_wandering_values_are_judged_by_their_steps(of, grow):
    steps = np.random.default_rng(12).normal(size=2000)
    plain = ChangeDetector(ChangeSpec(arl0=500.0))
    wanted = [plain.update(value) for value in steps.tolist()]
    judged = ChangeDetector(ChangeSpec(arl0=500.0, of=of))
    found = [judged.update(value) for value in grow(np.concatenate([[0.0], steps])).tolist()][1:]
    assert [one.alarm for one in found] == [one.alarm for one in wanted]
    np.testing.assert_allclose([one.up for one in found], [one.up for one in wanted], atol=1e-6)


def test_values_without_any_spread_do_not_alarm_and_a_step_after_them_does():
    detector = ChangeDetector(ChangeSpec(arl0=1000.0, burn_in=20))
    assert not any(detector.update(5.0).alarm for _ in range(200))
    assert any(detector.update(5.1).alarm for _ in range(3))


def test_the_logarithm_of_a_ratio_needs_positive_values():
    assert "above 0" in ChangeDetector(ChangeSpec(of="log_ratio")).refusal(0.0)


@pytest.mark.parametrize(
    "options",
    [{"method": "psychic"}, {"arl0": 10}, {"mean": 1.0}, {"std": 0.0, "mean": 0.0}, {"shift": 0.01}, {"mystery": 1}],
)
def test_wrong_options_are_refused(options):
    with pytest.raises(InvalidInput):
        StreamSpec.from_dict({"change": options})
