"""Rows as networks read them: checked once, then taken batch by batch as float32."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from augury.arrays import FloatMatrix, FloatVector, IntVector
from augury.errors import InvalidInput
from augury.learning.data.inputs import InputKind, Inputs, read_inputs

__all__ = ["NetworkRows", "data_fingerprint"]

_HELD_BYTES = 1 << 28  # rows that fit are read once; more of them are read anew for every batch
_CHECKED_ROWS = 2048
_SCALED_STEPS = 200_000


class NetworkRows:
    """Windows or chart images, one a row: `batch(rows)` is float32[m, *shape], as `Inputs` or an array holds them."""

    def __init__(self, inputs: Any, kind: InputKind) -> None:
        first = read_inputs(inputs[:1] if isinstance(inputs, Inputs) else inputs, kind)
        self.kind = kind
        self.shape: tuple[int, int] = first.shape[1:]
        self.rows = len(inputs)
        self._source: Any = first if not isinstance(inputs, Inputs) else inputs
        row_bytes = first.dtype.itemsize * self.shape[0] * self.shape[1]
        if isinstance(inputs, Inputs) and self.rows * row_bytes <= _HELD_BYTES:
            self._source = read_inputs(inputs, kind)

    def __len__(self) -> int:
        return self.rows

    def batch(self, rows: Any) -> npt.NDArray[np.float32]:
        """float32[m, *shape] of a slice or of positions."""
        with np.errstate(over="ignore"):  # too large for float32 becomes infinite, which `check` refuses
            return np.ascontiguousarray(read_inputs(self._source[rows], self.kind), dtype=np.float32)

    def batches(self, rows: int) -> Iterator[npt.NDArray[np.float32]]:
        """All rows in order, so many at a time."""
        for start in range(0, self.rows, rows):
            yield self.batch(slice(start, start + rows))

    def check(self) -> None:
        """Refuse with InvalidInput numbers that are not finite and pixels outside 0..255."""
        for at, part in enumerate(self.batches(_CHECKED_ROWS)):
            bad = ~np.isfinite(part)
            if bad.any():
                row, *cell = (int(place) for place in np.argwhere(bad)[0])
                raise InvalidInput(
                    f"networks read finite numbers only; row {at * _CHECKED_ROWS + row} holds {part[row, *cell]} at "
                    f"{cell}. Leave out rows with undefined features (keep_nan=False) or choose features without NaN"
                )
            if self.kind == "image" and (part.min() < 0.0 or part.max() > 255.0):
                raise InvalidInput(f"pixels should be 0..255, got {part.min():g}..{part.max():g}")

    def steps(self) -> FloatMatrix:
        """float64[m, k]: every step of every window, windows thinned evenly where there are very many."""
        windows = max(1, _SCALED_STEPS // self.shape[0])
        chosen = np.unique(np.linspace(0, self.rows - 1, min(self.rows, windows)).astype(np.int64))
        return self.batch(chosen).reshape(-1, self.shape[1]).astype(np.float64)


def data_fingerprint(inputs: Any, target: FloatVector, weights: FloatVector) -> str:
    """SHA-256 of what a model is fitted on: equal data, equal fingerprint."""
    digest = hashlib.sha256()
    for part in (*_parts(inputs), target, weights):
        array = np.ascontiguousarray(part)
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(array.data if array.size else b"")
    return digest.hexdigest()


def _parts(inputs: Any) -> list[npt.NDArray[Any] | IntVector]:
    if not isinstance(inputs, Inputs):
        return [np.asarray(inputs)]
    forms = f"{inputs.columns}{inputs.sequence_bars}{inputs.chart.id if inputs.chart else None}"
    parts: list[npt.NDArray[Any]] = [np.frombuffer(forms.encode(), dtype=np.uint8), *inputs.tables]
    for bars in inputs.bars:
        parts += [bars.opened_at, bars.matrix]
    return [*parts, inputs.symbol, inputs.bar, inputs.opened_at, inputs.label_end]
