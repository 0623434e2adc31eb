from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pytest

from augury.learning.artefacts.calibration_map import CalibrationMap, Knots
from augury.learning.artefacts.exporting import build_artefact, extras_of
from augury.learning.data.building import build_dataset
from augury.learning.data.dataset import DatasetSpec
from augury.learning.estimators.families import make_model
from augury.testing import garch_bars

FEATURES = ("range_position(window_bars=20)", "rsi(timeperiod=7)", "atr(timeperiod=10)")


@dataclass(frozen=True)
class Rows:
    x: np.ndarray
    binary: np.ndarray
    three: np.ndarray
    values: np.ndarray


@pytest.fixture(scope="session")
def rows():
    """Rows of six features with a known relation to two classes, three classes and a value."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(400, 6)) * [1, 5, 0.1, 20, 1, 3] + [0, 2, 0, 50, 1, 0]
    signal = x[:, 0] + 0.2 * x[:, 1] + rng.normal(size=400)
    return Rows(x, (signal > 0).astype(int), np.digitize(signal, [-0.5, 1.0]), 3.0 * signal)


@pytest.fixture(scope="session")
def bars():
    return garch_bars(240, seed=11)


@pytest.fixture(scope="session")
def dataset(bars):
    spec = DatasetSpec(features=FEATURES, label="direction(horizon_bars=3)", sequence_bars=8, chart_days=5)
    return build_dataset({"A": bars}, spec)


@pytest.fixture(scope="session")
def fitted(dataset):
    """A fitted model by text, on the data set; each is fitted once."""
    known = {}

    def fit(text):
        if text not in known:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                known[text] = make_model(text).fit(dataset.inputs, dataset.target, dataset.weights)
        return known[text]

    return fit


@pytest.fixture(scope="session")
def isotonic():
    return CalibrationMap(kind="isotonic", knots=(Knots(raw=(0.3, 0.45, 0.55, 0.7), calibrated=(0.4, 0.48, 0.5, 0.6)),))


@pytest.fixture(scope="session")
def trees_artefact(fitted, dataset, isotonic):
    """A small calibrated tree model of the data set."""
    model = fitted("xgboost(rounds=20, max_depth=3)")
    return build_artefact(model, extras_of(dataset, calibration=isotonic), sample=dataset.inputs)


@pytest.fixture(scope="session")
def linear_artefact(fitted, dataset):
    return build_artefact(fitted("linear"), extras_of(dataset, scores={"log_loss": 0.69}), sample=dataset.inputs)


@pytest.fixture(scope="session")
def network_rows():
    """Windows or images with a relation to a target, as many rows as a quick fit needs."""
    import torch

    torch.set_num_threads(1)

    def make(shape, task):
        rng = np.random.default_rng(5)
        x = rng.normal(size=(160, *shape))
        if shape == (32, 15):
            x = np.where(x > 0.5, 255, 0).astype(np.uint8)
        signal = x.reshape(160, -1)[:, -4:].sum(axis=1)
        return x, signal if task == "regression" else (signal > np.median(signal)).astype(int)

    return make
