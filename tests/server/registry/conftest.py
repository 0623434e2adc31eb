"""Small real artefacts, and a database without versions to register them in."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from augury.learning import export_trainable, load_artefact, make_model
from augury.learning.artefacts.manifest import ManifestExtras

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def trained() -> Any:
    """A linear model and the rows that it was fitted on."""
    rng = np.random.default_rng(5)
    rows = rng.normal(size=(300, 3))
    target = (rows[:, 0] + 0.3 * rng.normal(size=300) > 0).astype(np.int64)
    return make_model("linear").fit(pd.DataFrame(rows, columns=["a", "b", "c"]).to_numpy(), target), rows


@pytest.fixture(scope="session")
def kept_artefacts(tmp_path_factory: pytest.TempPathFactory, trained: Any) -> Callable[..., Path]:
    """A folder with the artefact of that model, different for each `mark`; written once."""
    place, model, made = tmp_path_factory.mktemp("artefacts"), trained[0], {}

    def make(mark: str = "first", verdict: str | None = "better than its baseline") -> Path:
        if (mark, verdict) not in made:
            notes = {"timeframe": "1D", "mark": mark} | ({} if verdict is None else {"verdict": verdict})
            extras = ManifestExtras(
                label="direction(horizon_bars=1)", classes=("down", "up"), symbols=("AAPL", "IBM"), notes=notes,
                data_fingerprint="f" * 64, scores={"log_loss": 0.61}, first_training_time=10, last_training_time=20,
                fit_end=21,
            )  # fmt: skip
            folder = place / f"{mark}-{len(made)}"
            export_trainable(model, folder, extras)
            made[mark, verdict] = folder
        return made[mark, verdict]

    return make


@pytest.fixture
def artefact(kept_artefacts: Callable[..., Path], tmp_path: Path) -> Callable[..., Path]:
    """A copy of such a folder, to damage or to change."""

    def copy(mark: str = "first", verdict: str | None = "better than its baseline") -> Path:
        target = tmp_path / "made" / f"{mark}-{verdict or 'none'}".replace(" ", "-")
        if not target.exists():
            shutil.copytree(kept_artefacts(mark, verdict), target)
        return target

    return copy


@pytest.fixture
def compressed(artefact: Callable[..., Path], trained: Any, tmp_path: Path) -> Callable[[str], Path]:
    """A folder with an artefact that says that it was compressed from another one."""

    def make(mark: str = "first") -> Path:
        from augury.learning.artefacts.exporting import seal_artefact
        from augury.learning.artefacts.writing import write_artefact

        start = load_artefact(artefact(mark))
        notes = start.manifest.notes | {"compression": "moderate", "compressed_from": start.model_id}
        notes.pop("state_sha256")
        folder = tmp_path / "made" / f"small-{mark}"
        write_artefact(seal_artefact(start.graph, start.to_dict() | {"notes": notes}), folder)
        return folder

    return make


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        return self.time

    def tick(self, seconds: float = 60.0) -> datetime:
        self.time += timedelta(seconds=seconds)
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()
