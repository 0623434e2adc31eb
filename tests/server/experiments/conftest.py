"""A model with real artefacts: a champion, a challenger that reads the same, and some that do not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from augury.learning import export_trainable, make_model
from augury.learning.artefacts.manifest import ManifestExtras

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        return self.time

    def tick(self, **span: float) -> datetime:
        self.time += timedelta(**span)
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def artefact(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A folder with a linear model's artefact; different for each `mark`, with other columns or classes on request."""
    place, made = tmp_path_factory.mktemp("artefacts"), {}
    rng = np.random.default_rng(5)

    def make(
        mark: str, columns: tuple[str, ...] = ("a", "b", "c"), classes: tuple[str, ...] = ("down", "up"),
        label: str = "direction(horizon_bars=1)",
    ) -> Path:  # fmt: skip
        key = (mark, columns, classes, label)
        if key not in made:
            rows = rng.normal(size=(300, len(columns)))
            target = rng.integers(0, len(classes), 300)
            notes = {"mark": mark, "verdict": "better than its baseline"}
            extras = ManifestExtras(label=label, classes=classes, columns=columns, notes=notes)
            made[key] = place / f"{len(made)}"
            export_trainable(make_model("linear").fit(rows, target), made[key], extras)
        return made[key]

    return make


@pytest.fixture
def versions(artefact: Callable[..., Path], clock: Clock) -> Callable[..., None]:
    """Registers a model with a champion (1) and two more versions (2 and 3) that read and say the same."""

    def make(name: str = "trend") -> None:
        from augury_server.registry.promote import promote
        from augury_server.registry.register import register_model

        for mark in ("first", "second", "third"):
            register_model(artefact(mark), name=name, by="ada", now=clock)
        promote(name, 1, by="ada", reason="to begin with", now=clock)

    return make


@pytest.fixture
def plan() -> Callable[..., Any]:
    """An experiment of version 2 against the champion."""

    def make(**given: Any) -> Any:
        from augury_server.experiments.plan import ExperimentPlan

        return ExperimentPlan(**{"name": "deeper", "model_name": "trend", "treatment": 2, **given})

    return make


@pytest.fixture
def act(clock: Clock) -> Callable[..., Any]:
    """Ada, with a reason."""

    def make(**given: Any) -> Any:
        from augury_server.registry.applying import Act

        return Act(**{"by": "ada", "reason": "a test", "now": clock, **given})

    return make
