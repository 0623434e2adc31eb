from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest

from augury.learning.compression.answers import judged_rows
from augury.learning.compression.bench import MeasuringSpec
from augury.learning.compression.levels import bounds_of
from augury.learning.compression.rows import split_rows
from augury.learning.compression.step import StepContext
from augury.learning.data.building import build_dataset
from augury.learning.data.dataset import DatasetSpec
from augury.learning.estimators.families import make_model
from augury.testing import garch_bars

FEATURES = ("range_position(window_bars=20)", "rsi(timeperiod=7)", "roc(timeperiod=5)", "willr(timeperiod=10)")
QUICK = MeasuringSpec(memory=False, blocks=5, block_seconds=0.002)


@pytest.fixture(scope="session")
def dataset():
    """Rows whose class follows two of four features, with noise: something real to lose."""
    spec = DatasetSpec(features=FEATURES, label="direction(horizon_bars=3)", sequence_bars=6, chart_days=5)
    built = build_dataset({"A": garch_bars(2000, seed=11)}, spec)
    table = built.inputs.tabular()
    standard = (table - table.mean(axis=0)) / table.std(axis=0)
    noise = np.random.default_rng(4).normal(0.0, 0.7, len(built))
    return replace(built, target=(standard[:, 0] + standard[:, 2] + noise > 0.0).astype(np.float64))


@pytest.fixture(scope="session")
def rows(dataset):
    return split_rows(dataset)


@pytest.fixture(scope="session")
def context(rows):
    return StepContext(rows=rows, bounds=bounds_of("moderate"), seed=0)


@pytest.fixture(scope="session")
def fitted(rows):
    """A fitted model by text, on the training rows; each is fitted once."""
    import torch

    torch.set_num_threads(1)
    known = {}

    def fit(text):
        if text not in known:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                train = rows.train
                known[text] = make_model(text).fit(train.inputs, train.target, train.weights)
        return known[text]

    return fit


@pytest.fixture(scope="session")
def judged(rows):
    """Validation rows for graphs with an input of that name."""
    return lambda name="features": judged_rows(rows.validation, rows.train, np.array([0, 1]), (name,))


@pytest.fixture
def quick():
    return QUICK
