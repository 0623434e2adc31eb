"""The technical inputs of a signal: columns of four features in a fixed order, for a history, its end, or a stream."""

from __future__ import annotations

import numpy as np

from augury.arrays import FloatMatrix, FloatVector
from augury.features.feature import Feature, FeatureStream
from augury.features.registry import make
from augury.market.bars import BarArrays
from augury.signals.spec import SignalSpec

__all__ = ["TECHNICAL_COLUMNS", "Technical", "TechnicalStream"]

_WANTED: dict[str, tuple[str, ...]] = {
    "vsa": ("score", "no_supply", "selling_climax"),
    "hawkes": ("branching", "clustering"),
    "hurst": ("exponent", "trending", "mean_reverting"),
    "permutation_entropy": ("entropy", "complex"),
}
TECHNICAL_COLUMNS: tuple[str, ...] = tuple(f"{name}.{output}" for name, outs in _WANTED.items() for output in outs)


class Technical:
    """The features a signal needs, with the options of a spec bound. Holds no state between calls."""

    def __init__(self, spec: SignalSpec) -> None:
        options = {
            "vsa": spec.vsa,
            "hawkes": spec.hawkes,
            "hurst": spec.hurst,
            "permutation_entropy": spec.permutation_entropy,
        }
        self.features: tuple[Feature, ...] = tuple(make(name, **options[name]) for name in _WANTED)
        self.rows: tuple[list[int], ...] = tuple(
            [[output.name for output in feature.outputs].index(name) for name in _WANTED[feature.name]]
            for feature in self.features
        )
        self.ids: tuple[str, ...] = tuple(feature.id for feature in self.features)

    def history(self, bars: BarArrays) -> FloatMatrix:
        """Every column at every bar: float64[len(TECHNICAL_COLUMNS), n]."""
        parts = [feature.batch(bars.opened_at, bars.matrix) for feature in self.features]
        return np.vstack([part[rows] for part, rows in zip(parts, self.rows, strict=True)])

    def latest(self, bars: BarArrays, count: int) -> FloatMatrix:
        """The last `count` columns of `history`, bit for bit, for less work."""
        parts = [_tail(feature, bars, count) for feature in self.features]
        return np.vstack([part[rows] for part, rows in zip(parts, self.rows, strict=True)])

    def open_stream(self) -> TechnicalStream:
        """The streaming twin: one bar in, one column of `history` out."""
        return TechnicalStream(self)


class TechnicalStream:
    """The streaming twins of the features of a `Technical`, fed together."""

    __slots__ = ("_rows", "_streams")

    def __init__(self, technical: Technical) -> None:
        self._rows = technical.rows
        self._streams: tuple[FeatureStream, ...] = tuple(feature.open_stream() for feature in technical.features)

    def update(self, opened_at: int, bar: FloatVector) -> FloatVector:
        """Feed one closed bar to every feature; returns float64[len(TECHNICAL_COLUMNS)]."""
        parts = [stream.update(opened_at, bar) for stream in self._streams]
        return np.concatenate([part[rows] for part, rows in zip(parts, self._rows, strict=True)])

    def snapshot(self) -> list[bytes]:
        """The state of every feature, in order."""
        return [stream.snapshot() for stream in self._streams]

    def restore(self, snapshot: list[bytes]) -> None:
        """Replace every state by that of a snapshot taken with the same options."""
        for stream, state in zip(self._streams, snapshot, strict=True):
            stream.restore(state)


def _tail(feature: Feature, bars: BarArrays, count: int) -> FloatMatrix:
    if feature.tail is not None:
        return feature.tail(bars.opened_at, bars.matrix, count)
    return feature.batch(bars.opened_at, bars.matrix)[:, -count:]
