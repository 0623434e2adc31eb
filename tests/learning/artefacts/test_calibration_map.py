from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax

from augury.errors import InvalidInput
from augury.learning.artefacts.calibration_map import CalibrationMap, Knots, calibrate

KNOTS = Knots(raw=(0.1, 0.4, 0.6, 0.9), calibrated=(0.2, 0.3, 0.3, 0.8))


def probabilities(rows, classes, seed=0):
    return np.random.default_rng(seed).dirichlet(np.ones(classes), size=rows)


def test_no_calibration_is_a_copy():
    raw = probabilities(5, 2)
    found = calibrate(raw, CalibrationMap())
    assert np.array_equal(found, raw)
    assert found is not raw


def test_isotonic_knots_interpolate_as_numpy_does():
    raw = probabilities(200, 2)
    found = calibrate(raw, CalibrationMap(kind="isotonic", knots=(KNOTS,)))
    np.testing.assert_allclose(found[:, 1], np.interp(raw[:, 1], KNOTS.raw, KNOTS.calibrated), atol=1e-14)
    np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-14)


def test_isotonic_maps_of_three_classes_are_rescaled_to_sum_one():
    raw = probabilities(200, 3)
    each = [Knots(raw=(0.0, 1.0), calibrated=(0.1, 0.5)), KNOTS, Knots(raw=(0.5,), calibrated=(0.25,))]
    found = calibrate(raw, CalibrationMap(kind="isotonic", knots=tuple(each)))
    wanted = np.column_stack([np.interp(raw[:, at], knots.raw, knots.calibrated) for at, knots in enumerate(each)])
    np.testing.assert_allclose(found, wanted / wanted.sum(axis=1, keepdims=True), atol=1e-14)


def test_a_row_whose_calibrated_values_are_all_zero_keeps_its_raw_ones():
    nothing = Knots(raw=(0.0, 1.0), calibrated=(0.0, 0.0))
    raw = probabilities(4, 3)
    assert np.array_equal(calibrate(raw, CalibrationMap(kind="isotonic", knots=(nothing,) * 3)), raw)


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5])
def test_temperature_is_a_softmax_of_logits_over_it(temperature):
    raw = probabilities(100, 3)
    found = calibrate(raw, CalibrationMap(kind="temperature", temperature=temperature))
    np.testing.assert_allclose(found, softmax(np.log(raw) / temperature, axis=1), atol=1e-12)


def test_temperature_keeps_certainty_certain():
    found = calibrate(np.array([[0.0, 1.0]]), CalibrationMap(kind="temperature", temperature=3.0))
    assert found.tolist() == [[0.0, 1.0]]


@pytest.mark.parametrize(
    "calibration",
    [
        CalibrationMap(),
        CalibrationMap(kind="temperature", temperature=1.7),
        CalibrationMap(kind="isotonic", knots=(KNOTS, KNOTS, KNOTS)),
    ],
    ids=lambda calibration: calibration.kind,
)
def test_a_row_has_the_same_bits_alone_and_among_others(calibration):
    raw = probabilities(501, 3)
    raw[7] = np.nan
    together = calibrate(raw, calibration)
    alone = np.concatenate([calibrate(raw[at : at + 1], calibration) for at in range(len(raw))])
    assert np.array_equal(together, alone, equal_nan=True)
    assert np.isnan(together[7]).all()
    assert not np.isnan(np.delete(together, 7, axis=0)).any()


@given(
    st.lists(st.floats(0, 1), min_size=2, max_size=8, unique=True), st.lists(st.floats(0, 1), min_size=8, max_size=8)
)
def test_isotonic_maps_never_change_the_order_of_rows(places, heights):
    knots = Knots(raw=tuple(sorted(places)), calibrated=tuple(sorted(heights)[: len(places)]))
    p = np.linspace(0, 1, 101)
    found = calibrate(np.column_stack((1 - p, p)), CalibrationMap(kind="isotonic", knots=(knots,)))[:, 1]
    assert (np.diff(found) >= -1e-12).all()
    assert ((found >= 0) & (found <= 1)).all()


def test_maps_come_back_from_plain_values():
    for calibration in (
        CalibrationMap(kind="isotonic", knots=(KNOTS,)),
        CalibrationMap(kind="temperature", temperature=2),
    ):
        assert CalibrationMap.from_dict(calibration.to_dict()) == calibration


@pytest.mark.parametrize(
    "make",
    [
        lambda: Knots(raw=(), calibrated=()),
        lambda: Knots(raw=(0.1, 0.2), calibrated=(0.1,)),
        lambda: Knots(raw=(0.2, 0.2), calibrated=(0.1, 0.2)),
        lambda: Knots(raw=(0.1, 0.2), calibrated=(0.3, 0.2)),
        lambda: Knots(raw=(0.1, 1.2), calibrated=(0.3, 0.4)),
        lambda: Knots(raw=(0.1, float("nan")), calibrated=(0.3, 0.4)),
        lambda: CalibrationMap(kind="isotonic"),
        lambda: CalibrationMap(kind="none", knots=(KNOTS,)),
        lambda: CalibrationMap(kind="isotonic", knots=(KNOTS,), temperature=2.0),
        lambda: CalibrationMap(kind="temperature", temperature=0.0),
        lambda: calibrate(probabilities(2, 3), CalibrationMap(kind="isotonic", knots=(KNOTS,))),
    ],
)
def test_maps_that_are_none_are_refused(make):
    with pytest.raises(InvalidInput):
        make()
