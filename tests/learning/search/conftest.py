"""A small data set whose first features foretell the label and whose others are noise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from augury.learning.data.dataset import Dataset, DatasetSpec
from augury.learning.data.inputs import Inputs
from augury.market.bars import BarArrays

DAY = 86_400_000_000_000


def planted(rows: int = 300, noise: int = 3, seed: int = 0, task: str = "classification") -> Dataset:
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(rows, 1 + noise))
    outcome = 0.01 * (table[:, 0] + rng.normal(size=rows))
    opened_at = np.arange(rows, dtype=np.int64) * DAY
    columns = tuple(f"feature_{at}" for at in range(1 + noise))
    return Dataset(
        spec=DatasetSpec(features=columns),
        inputs=Inputs(
            tables=(table,),
            bars=(BarArrays(opened_at, np.ones((5, rows))),),
            columns=columns,
            symbol=np.zeros(rows, dtype=np.int64),
            bar=np.arange(rows, dtype=np.int64),
            opened_at=opened_at,
            label_end=np.minimum(opened_at + 3 * DAY, opened_at[-1]),
        ),
        target=(outcome > 0.0).astype(float) if task == "classification" else outcome,
        weights=np.ones(rows),
        outcome=outcome,
        classes=("down", "up") if task == "classification" else (),
        symbols=("AAA",),
        feature_ids=columns,
        fingerprint=f"planted-{rows}-{noise}-{seed}-{task}",
    )


@pytest.fixture(scope="session")
def make_dataset() -> Callable[..., Dataset]:
    return planted
