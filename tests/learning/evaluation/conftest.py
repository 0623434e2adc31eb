"""Synthetic data sets whose edge, or lack of one, is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from augury.learning.data.dataset import Dataset, DatasetSpec
from augury.learning.data.inputs import Inputs
from augury.learning.evaluation.predictions import Predictions
from augury.market.bars import BarArrays

DAY = 86_400_000_000_000
COLUMNS = ("first", "second", "third", "fourth", "fifth", "sixth")


def _bars(returns: np.ndarray, start: int) -> BarArrays:
    close = 100.0 * np.exp(np.cumsum(returns))
    opened = np.concatenate([[100.0], close[:-1]])
    high, low = np.maximum(opened, close) * 1.0005, np.minimum(opened, close) * 0.9995
    matrix = np.ascontiguousarray(np.vstack([opened, high, low, close, np.full(close.size, 1e6)]))
    return BarArrays(np.int64(start) + np.arange(close.size, dtype=np.int64) * DAY, matrix)


@pytest.fixture(scope="session")
def make_dataset() -> Callable[..., Dataset]:
    """`make_dataset(bars, edge=..., label=...)`: the next return leans on the sign of first * second by `edge` sigmas.

    `persistent` features are slow autoregressions; `horizon` is that of the label; `kind` is "two", "three" or "value".
    """

    def make(
        bars: int = 600,
        *,
        edge: float = 0.0,
        seed: int = 0,
        symbols: int = 1,
        horizon: int = 1,
        kind: str = "two",
        linear: bool = False,
        persistent: bool = False,
    ) -> Dataset:
        rng = np.random.default_rng(seed)
        parts = []
        for at in range(symbols):
            table = rng.normal(size=(bars, len(COLUMNS)))
            if persistent:
                for t in range(1, bars):
                    table[t] = 0.98 * table[t - 1] + 0.2 * table[t]
            lean = np.clip(table[:, 0], -2, 2) if linear else np.sign(table[:, 0] * table[:, 1])
            noise = rng.normal(size=bars)
            returns = 0.01 * (noise + edge * np.concatenate([[0.0], lean[:-1]]))
            series = _bars(returns, 1_000_000_000_000_000_000)
            rows = np.arange(2, bars - horizon)
            close = series.matrix[3]
            forward = close[rows + horizon] / close[rows] - 1.0
            parts.append((series, table, rows, forward, np.full(rows.size, at)))
        row, symbol = np.concatenate([p[2] for p in parts]), np.concatenate([p[4] for p in parts])
        outcome = np.concatenate([p[3] for p in parts])
        order = np.lexsort((symbol, row))
        row, symbol, outcome = row[order], symbol[order], outcome[order]
        band = 0.005 * np.sqrt(horizon)
        target = {
            "two": (outcome > 0).astype(float),
            "three": 1.0 + (outcome > band) - (outcome < -band),
            "value": outcome,
        }[kind]
        times = parts[0][0].opened_at
        return Dataset(
            spec=DatasetSpec(features=COLUMNS, label=f"direction(horizon_bars={horizon})"),
            inputs=Inputs(
                tables=tuple(np.ascontiguousarray(p[1]) for p in parts),
                bars=tuple(p[0] for p in parts),
                columns=COLUMNS,
                symbol=symbol,
                bar=row,
                opened_at=times[row],
                label_end=times[row + horizon],
            ),
            target=target,
            weights=np.ones(row.size),
            outcome=outcome,
            classes={"two": ("down", "up"), "three": ("down", "flat", "up"), "value": ()}[kind],
            symbols=tuple(f"S{at}" for at in range(symbols)),
            feature_ids=COLUMNS,
            fingerprint=f"{seed:064d}",
        )

    return make


@pytest.fixture(scope="session")
def make_predictions() -> Callable[..., Predictions]:
    """`make_predictions(probabilities, target)`: one symbol, one row a day, labels of one day unless `horizon`."""

    def make(
        predicted: np.ndarray,
        target: np.ndarray,
        *,
        horizon: int = 1,
        symbols: int = 1,
        folds: int = 1,
        outcome: np.ndarray | None = None,
    ) -> Predictions:
        predicted = np.asarray(predicted, dtype=float)
        classes = 0 if predicted.ndim == 1 else predicted.shape[1]
        m = len(target)
        place = np.arange(m) // symbols
        return Predictions(
            classes=classes,
            predicted=predicted.reshape(m, max(classes, 1)),
            target=np.asarray(target, dtype=float),
            outcome=np.asarray(target if outcome is None else outcome, dtype=float),
            reference=np.full(m, float(np.mean(target))),
            symbol=np.arange(m) % symbols,
            bar=place,
            opened_at=place * DAY,
            label_end=(place + horizon) * DAY,
            fold=np.minimum(np.arange(m) * folds // m, folds - 1),
            row=np.arange(m),
        )

    return make
