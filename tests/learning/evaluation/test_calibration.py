"""Calibration maps: against scikit-learn, on planted miscalibration, on real data, and with little data."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from statsmodels.stats.proportion import proportion_confint

from augury.errors import InvalidInput, NotEnoughData
from augury.learning.artefacts.calibration_map import CalibrationMap, calibrate
from augury.learning.data.building import build_dataset
from augury.learning.data.dataset import DatasetSpec
from augury.learning.evaluation.adaptive_calibration import AdaptiveCalibrationSpec, calibrate_adaptively
from augury.learning.evaluation.bins import equal_mass_bins
from augury.learning.evaluation.calibration import calibrate_predictions, calibration_report, fit_calibration
from augury.learning.evaluation.calibration_maps import fit_map
from augury.learning.evaluation.cross_validation import cross_validate
from augury.learning.evaluation.reliability import reliability_curve
from augury.learning.evaluation.score_spec import ScoreSpec
from augury.learning.evaluation.scores import score_predictions
from augury.sample import load_sample

QUICK = ScoreSpec(replications=199)


def _binary(seed, rows=8000, slope=3.0, shift=-0.5):
    """Probabilities too sure of themselves and off-centre, with what came true."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=rows)
    y = rng.random(rows) < 1 / (1 + np.exp(-(0.6 * z + 0.2)))
    p = 1 / (1 + np.exp(-(slope * 0.6 * z + shift)))
    return np.column_stack([1 - p, p]), y.astype(float)


def _ternary(seed, rows=9000):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(rows, 3))
    true = np.exp(0.6 * z) / np.exp(0.6 * z).sum(axis=1, keepdims=True)
    y = (rng.random(rows)[:, None] > true.cumsum(axis=1)).sum(axis=1)
    raw = np.exp(1.8 * z) / np.exp(1.8 * z).sum(axis=1, keepdims=True)
    return raw, y.astype(float)


def _bent(seed, rows=6000):
    """Probabilities whose error no logistic curve mends: a staircase."""
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.01, 0.99, rows)
    y = rng.random(rows) < np.where(p < 0.3, 0.1, np.where(p < 0.8, 0.5, 0.9))
    return np.column_stack([1 - p, p]), y.astype(float)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("make", [_binary, _ternary], ids=["binary", "ternary"])
def test_planted_miscalibration_is_gone_on_held_out_rows(make_predictions, make, seed):
    raw, y = make(seed)
    half = len(y) // 2
    found = fit_calibration(raw[:half], y[:half])
    held = make_predictions(raw[half:], y[half:])
    after = calibrate_predictions(held, found)
    error = [
        score_predictions(said, ("calibration_error",), QUICK)["calibration_error"].estimate for said in (held, after)
    ]
    assert error[0] > 0.1
    assert error[1] < 0.03
    assert found.kind in ("sigmoid", "isotonic", "temperature")
    assert np.allclose(after.predicted.sum(axis=1), 1.0)


def test_a_calibrated_model_is_left_alone_and_few_rows_get_no_isotonic_map():
    for seed in range(5):
        rng = np.random.default_rng(seed)
        p = rng.uniform(0.2, 0.8, 3000)
        found = fit_calibration(np.column_stack([1 - p, p]), rng.random(3000) < p)
        held = rng.uniform(0.2, 0.8, 50)
        assert np.abs(found(np.column_stack([1 - held, held]))[:, 1] - held).max() < 0.06
        assert fit_calibration(*_binary(seed, 200)).kind != "isotonic"
        assert set(found.losses) == {"none", "temperature", "sigmoid", "isotonic"}
    assert any(fit_calibration(*_bent(seed)).kind == "isotonic" for seed in range(3))


def test_real_probabilities_stay_calibrated_on_later_rows():
    data = build_dataset(
        load_sample().bars, DatasetSpec(features=("rsi", "atr", "adx", "roc"), label="direction(horizon_bars=1)")
    )
    cv = cross_validate(data, "xgboost(rounds=60, max_depth=5, patience=None)")
    report = calibration_report(cv.predictions, scoring=QUICK, share=0.5)
    assert report.rows > 5000
    assert report.before.estimate > 0.03
    assert report.after.estimate < 0.03
    assert report.log_loss_after.estimate < report.log_loss_before.estimate
    followed = calibrate_adaptively(cv.predictions)
    curve = reliability_curve(followed.predictions.predicted[followed.judged, 1], data.target[followed.judged])
    assert curve.calibration_error < 0.03


def test_the_temperature_is_that_of_a_direct_search():
    raw, y = _ternary(0, 2000)

    def loss(temperature):
        powers = raw ** (1 / temperature)
        return log_loss(y, powers / powers.sum(axis=1, keepdims=True))

    best = minimize_scalar(loss, bounds=(0.5, 10), method="bounded").x
    assert fit_map("temperature", raw, y.astype(int)).temperature == pytest.approx(best, rel=1e-3)


def test_the_sigmoid_is_a_logistic_regression_on_the_log_odds():
    raw, y = _binary(1, 3000)
    odds = np.log(raw[:, 1] / raw[:, 0])[:, None]
    by_sklearn = LogisticRegression(C=1e9).fit(odds, y).predict_proba(odds)[:, 1]
    mine = calibrate(raw, fit_map("sigmoid", raw, y.astype(int)))[:, 1]
    assert np.abs(mine - by_sklearn).max() < 2e-3


def test_a_reversed_model_is_flattened_but_never_turned_round():
    raw, y = _binary(2, 3000)
    turned = raw[:, ::-1].copy()
    said = calibrate(turned, fit_map("sigmoid", turned, y.astype(int)))[:, 1]
    assert np.ptp(said) < 1e-6
    assert said[0] == pytest.approx(y.mean(), abs=1e-4)


def test_the_isotonic_map_is_that_of_scikit_learn_on_its_bins_with_few_knots():
    raw, y = _binary(3, 4000)
    found = fit_map("isotonic", raw, y.astype(int)).knots[0]
    assert len(found.raw) <= 20
    which = equal_mass_bins(raw[:, 1], 20)
    count = np.bincount(which)
    shares = (np.bincount(which, y) + y.mean()) / (count + 1)
    middle = np.bincount(which, raw[:, 1]) / count
    expected = IsotonicRegression().fit_transform(middle, shares, sample_weight=count)
    assert np.allclose(found.calibrated, expected)
    assert min(found.calibrated) > 0.0
    assert max(found.calibrated) < 1.0


def test_maps_go_to_plain_values_and_back():
    raw, y = _ternary(4, 1000)
    for kind in ("none", "temperature", "sigmoid", "isotonic"):
        found = fit_calibration(raw, y, kind).map
        again = CalibrationMap.from_dict(found.to_dict())
        assert np.array_equal(calibrate(raw, again), calibrate(raw, found))


def test_the_choice_is_made_on_purged_blocks(make_predictions):
    raw, y = _binary(5, 600)
    early = np.arange(600)
    free = fit_calibration(raw, y, opened_at=early, label_end=early)
    purged = fit_calibration(raw, y, opened_at=early, label_end=early + 50)
    assert free.losses["sigmoid"] != purged.losses["sigmoid"]
    assert free.losses["none"] == pytest.approx(purged.losses["none"])


def test_a_moving_map_follows_a_base_rate_that_drifts(make_predictions):
    rng = np.random.default_rng(0)
    p = rng.uniform(0.4, 0.6, 3000)
    y = rng.random(3000) < np.where(np.arange(3000) < 1000, p, p + 0.25)
    said = make_predictions(np.column_stack([1 - p, p]), y)
    spec = AdaptiveCalibrationSpec(kind="sigmoid", window_times=300)
    moving = calibrate_adaptively(said, spec)
    late = slice(1500, None)
    raw = reliability_curve(p[late], y[late]).calibration_error
    followed = reliability_curve(moving.predictions.predicted[late, 1], y[late]).calibration_error
    assert raw > 0.2
    assert followed < 0.05
    assert np.array_equal(moving.predictions.predicted[:250], said.predicted[:250])


def test_a_moving_map_reads_nothing_that_is_not_known_yet(make_predictions):
    raw, y = _binary(6, 600)
    said = make_predictions(raw, y, horizon=5)
    before = calibrate_adaptively(said).predictions.predicted
    object.__setattr__(said, "target", np.where(np.arange(600) < 495, said.target, 1 - said.target))
    after = calibrate_adaptively(said).predictions.predicted
    assert np.array_equal(before[:500], after[:500])
    assert not np.array_equal(before[500:], after[500:])


def test_the_reliability_curve_counts_and_bounds():
    curve = reliability_curve(np.repeat([0.2, 0.6], 50), np.tile([0, 1], 50), bins=10)
    assert curve.rows.tolist() == [50, 50]
    assert curve.frequency.tolist() == [0.5, 0.5]
    assert curve.calibration_error == pytest.approx(0.2)
    assert (curve.lower[0], curve.upper[0]) == pytest.approx(proportion_confint(25, 50, method="wilson"))
    assert set(curve.to_dict()) == {"probability", "frequency", "lower", "upper", "rows", "confidence"}


def test_what_cannot_be_calibrated_is_refused(make_predictions):
    raw, y = _binary(0, 300)
    with pytest.raises(NotEnoughData, match="at least 100 rows"):
        fit_calibration(raw[:50], y[:50])
    with pytest.raises(InvalidInput, match="sum to 1"):
        fit_calibration(raw * 0.5, y)
    with pytest.raises(InvalidInput, match="class numbers 0 to 1"):
        fit_calibration(raw, y + 1)
    with pytest.raises(InvalidInput, match="regression"):
        calibration_report(make_predictions(raw[:, 0], y))
