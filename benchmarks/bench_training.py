"""Training of the networks: CPU time of an epoch, and chart images a second, on one thread."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from augury.features.chart_image_spec import ChartSpec
from augury.learning.estimators.families import make_model
from peers import absent, load
from timing import shown, sized

WINDOWS, BARS, COLUMNS = sized((2000, 60, 16), (32, 8, 3))
IMAGES = {5: sized(1024, 16), 20: sized(256, 16), 60: sized(64, 4)}
EPOCHS = sized(2, 1)
VALIDATION = 4  # so few that an epoch's time is that of training


def run() -> list[dict[str, Any]]:
    """Rows of name, rows, epoch, rows_per_second, parameters, note; the best of the epochs, CPU time."""
    torch, why_not = load("torch")
    if torch is None:
        return [absent("training of networks", "-", "", f"torch: {why_not}")]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        rng = np.random.default_rng(1)
        windows = rng.standard_normal((WINDOWS, BARS, COLUMNS))
        form = f"{BARS} bars x {COLUMNS} features, batches of 128"
        rows = [measured(make_model(family), windows, family, form) for family in ("lstm", "gru", "transformer")]
        for days, count in IMAGES.items():
            images = (rng.random((count, *ChartSpec(days=days).shape)) < 0.1).astype(np.uint8) * np.uint8(255)
            model = make_model("chart_cnn", batch_rows=min(64, count))
            rows.append(measured(model, images, f"chart_cnn, {days} days", f"images, batches of {model.batch_rows}"))
    finally:
        torch.set_num_threads(threads)
    return rows


def measured(model: Any, rows: Any, name: str, note: str) -> dict[str, Any]:
    """Train for a few epochs on alternating classes; nothing is learnt, the work is the same."""
    seconds: list[float] = []

    def clocked(epochs: Iterable[int], total: int) -> Iterator[int]:  # noqa: ARG001
        for epoch in epochs:
            started = time.process_time()
            yield epoch
            seconds.append(time.process_time() - started)

    target = np.arange(len(rows)) % 2
    model.set_params(epochs=EPOCHS, patience=EPOCHS + 1, device="cpu")
    model.fit(rows, target, validation=(rows[:VALIDATION], target[:VALIDATION]), track=clocked)
    best = min(seconds)
    return {
        "name": name,
        "rows": len(rows),
        "epoch": shown(best),
        "rows_per_second": len(rows) / best,
        "parameters": sum(weight.numel() for weight in model.module_.parameters()),
        "note": note,
    }


if __name__ == "__main__":
    for row in run():
        print(row)
