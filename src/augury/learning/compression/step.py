"""A step of compression: what it is called, what it works on, and the function that makes a candidate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from augury.learning.compression.levels import Bounds
from augury.learning.compression.rows import CompressionRows
from augury.learning.data.dataset import Dataset
from augury.learning.estimators.estimator import Track

__all__ = ["Step", "StepContext"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepContext:
    """What steps may read: training rows to learn from, validation rows to choose by, bounds, seed, progress."""

    rows: CompressionRows = field(repr=False)
    bounds: Bounds
    seed: int
    track: Track | None = field(default=None, repr=False)

    @property
    def train(self) -> Dataset:
        """Rows to learn from."""
        return self.rows.train

    @property
    def validation(self) -> Dataset:
        """Rows to choose by."""
        return self.rows.validation


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`run(model or graph, context)` gives another model or graph, or raises Refused with the reason why it cannot.

    `faithful` steps promise the same function, so their decisions may hardly flip; the others learn again.
    """

    name: str
    works_on: Literal["model", "graph"]
    faithful: bool
    summary: str
    run: Callable[[Any, StepContext], Any] = field(repr=False)
