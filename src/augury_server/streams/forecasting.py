"""A hosted model inside a session: one closed bar in, what the model says at its close out."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from augury.arrays import FloatVector
from augury.errors import InvalidBars
from augury.learning.artefacts.predictor import Predictor, PredictorStream
from augury.market.rules import BAR_RULES, bars_keep_rules
from augury_server.streams.update import Forecast

__all__ = ["Forecaster", "ModelPace", "StreamModel", "valid_bar"]


class ModelPace(Protocol):
    """How fast a model was when its host measured it."""

    @property
    def row_us(self) -> float:
        """Microseconds for one row alone."""


class StreamModel(Protocol):
    """A model that is served: `reference` names one version for good ("name@3")."""

    @property
    def reference(self) -> str:
        """The name with its version."""

    @property
    def predictor(self) -> Predictor:
        """The artefact at work."""

    @property
    def pace(self) -> ModelPace:
        """How fast it is."""


class Forecaster:
    """The predictions of one version, bar by bar, equal bit for bit to its `predict_path` over the same bars."""

    __slots__ = ("_stream", "model", "reference")

    def __init__(self, model: StreamModel) -> None:
        self.model, self.reference = model, model.reference
        self._stream: PredictorStream = model.predictor.open_stream()

    def update(self, opened_at_ns: int, bar: FloatVector) -> Forecast:
        """Feed one closed bar, float64[5]."""
        found = self._stream.predict(opened_at_ns, bar)
        decision = int(found.decision[0])
        return Forecast(
            model=self.reference, classes=found.classes,
            probabilities=tuple(_known(p) for p in found.probabilities[0].tolist()) if found.classes else (),
            value=None if found.classes else _known(float(found.raw[0, 0])),
            decision=found.classes[decision] if decision >= 0 else None,
            abstained=bool(found.abstained[0]),
        )  # fmt: skip

    def snapshot(self) -> bytes:
        """The whole state, sealed with the model's id."""
        return self._stream.snapshot()

    def restore(self, saved: bytes) -> None:
        """Replace the state; InvalidInput for that of another model."""
        self._stream.restore(saved)


def valid_bar(bar: tuple[float, ...]) -> FloatVector:
    """The bar as float64[5]; InvalidBars when it breaks a rule of bars, which the message names."""
    column = np.array(bar, dtype=np.float64)
    matrix = column[:, None]
    if not bars_keep_rules(matrix):
        broken = [rule for rule, breaks in BAR_RULES.values() if breaks(matrix).any()]
        raise InvalidBars(f"a bar keeps these rules: {'; '.join(broken)}; got open, high, low, close, volume = {bar}")
    return column


def _known(value: float) -> float | None:
    return value if value == value else None
