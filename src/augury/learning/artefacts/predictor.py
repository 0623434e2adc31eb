"""Predictor: an artefact at work, on rows, on a history of bars, or bar by bar."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd

from augury.arrays import FloatVector
from augury.errors import InvalidArtefact
from augury.features.snapshots import seal, unseal
from augury.learning.artefacts.arrays import GraphInput, Probabilities
from augury.learning.artefacts.artefact import Artefact
from augury.learning.artefacts.bar_inputs import BarInputs, BarInputsStream
from augury.learning.artefacts.manifest import Manifest
from augury.learning.artefacts.prediction import Prediction, prediction_of
from augury.learning.artefacts.reading import load_artefact
from augury.learning.artefacts.row_inputs import graph_inputs
from augury.learning.artefacts.session import GraphSession
from augury.learning.data.inputs import Inputs
from augury.market.bars import BarArrays, time_index
from augury.market.validate import valid_arrays

__all__ = ["Predictor", "PredictorStream"]


class Predictor:
    """Runs an artefact (or the folder of one) with ONNX Runtime, on one thread unless `threads` says more.

    Decisions about bars (`predict_bars`, `predict_path`, `open_stream`) have the same bits on every path: a row is run
    alone, except for trees, whose batches give each row the bits it has alone. `predict` runs rows together, which is
    several times faster for networks and may differ in the last bits (pass `exact=True` for the others).
    Safe to call from several threads. Raises what `load_artefact` raises.
    """

    def __init__(self, artefact: Artefact | str | Path, *, threads: int = 1) -> None:
        self.artefact = artefact if isinstance(artefact, Artefact) else load_artefact(artefact)
        self._threads = threads
        self._session = GraphSession(self.artefact.graph, threads=threads)
        self._bars: BarInputs | None = None
        self._refuse_another_form()

    @property
    def manifest(self) -> Manifest:
        """What is known about the model."""
        return self.artefact.manifest

    @property
    def bar_inputs(self) -> BarInputs:
        """The model's features, checked against those it was trained on; InvalidInput when they differ now."""
        if self._bars is None:
            self._bars = BarInputs(self.manifest)
        return self._bars

    def predict(self, inputs: Inputs | GraphInput | Mapping[str, GraphInput], *, exact: bool = False) -> Prediction:
        """What the model says about rows: `Inputs`, an array of the form it reads, or arrays by name for several.

        Raises InvalidInput for another form or width, other columns, infinite numbers, and NaN unless it reads NaN.
        """
        feeds = graph_inputs(inputs, self.manifest)
        return prediction_of(self._raw(feeds, exact=exact), self.manifest)

    def predict_path(self, bars: BarArrays) -> Prediction:
        """What the model says at every bar; row t is known at the close of bar t, NaN where it cannot be judged."""
        rows, feeds = self.bar_inputs.read(bars)
        raw = np.full((len(bars), self._width), np.nan)
        raw[rows] = self._raw(feeds, exact=True)
        return prediction_of(raw, self.manifest)

    def predict_last(self, bars: BarArrays) -> Prediction:
        """What the model says at the last bar alone: the last row of `predict_path`, bit for bit, for less work."""
        feeds = self.bar_inputs.read_last(bars)
        raw = np.full((1, self._width), np.nan) if feeds is None else self._raw(feeds, exact=True)
        return prediction_of(raw, self.manifest)

    def predict_bars(self, bars: Any) -> pd.DataFrame:
        """The calibrated probability of each class (or "value") at every bar, indexed like the bars.

        Row t is known at the close of bar t; it is NaN while features warm up and where one is undefined. Bars are
        validated: raises InvalidBars, and InvalidInput when a feature differs from the one the model was trained on.
        """
        arrays = valid_arrays(bars)
        found = self.predict_path(arrays)
        index = time_index(arrays.opened_at)
        if not found.classes:
            return pd.DataFrame({"value": found.values}, index=index)
        return pd.DataFrame(found.probabilities, index=index, columns=list(found.classes))

    def open_stream(self) -> PredictorStream:
        """A stream without history: one closed bar in, the row of `predict_bars` out."""
        return PredictorStream(self)

    @property
    def _width(self) -> int:
        return max(len(self.manifest.classes), 1)

    def _raw(self, feeds: Mapping[str, GraphInput], *, exact: bool) -> Probabilities:
        if not len(next(iter(feeds.values()))):
            return np.empty((0, self._width))
        raw = self._session.run(feeds, exact=exact)
        if raw.shape[1] != self._width:
            raise InvalidArtefact(
                f"the graph of {self.manifest.model_id} gives {raw.shape[1]} columns, its manifest names "
                f"{self._width}; export the model again"
            )
        return raw

    def _refuse_another_form(self) -> None:
        said = {form.name: form.shape[1:] for form in self.manifest.inputs}
        found = {name: shape[1:] for name, shape in self._session.inputs.items()}
        if said != found or tuple(form.name for form in self.manifest.outputs) != self._session.outputs:
            raise InvalidArtefact(
                f"the graph of {self.manifest.model_id} reads {found} and gives {self._session.outputs}, its manifest "
                f"says {said}; export the model again"
            )

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.artefact, self._threads)

    def __repr__(self) -> str:
        return f"Predictor({self.manifest.readable})"


class PredictorStream:
    """A model bar by bar; rows equal those of `Predictor.predict_bars` bit for bit. One thread at a time."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self._inputs = BarInputsStream(predictor.bar_inputs)

    def update(self, opened_at: int, bar: FloatVector) -> FloatVector:
        """Feed one closed bar: open time in ns UTC, float64[5]; the probabilities float64[classes] (or [1] value)."""
        found = self.predict(opened_at, bar)
        row: FloatVector = found.probabilities[0] if found.classes else found.raw[0]
        return row

    def predict(self, opened_at: int, bar: FloatVector) -> Prediction:
        """Feed one closed bar; everything that the model says about it, one row."""
        feeds = self._inputs.update(opened_at, bar)
        predictor = self._predictor
        raw = np.full((1, predictor._width), np.nan) if feeds is None else predictor._raw(feeds, exact=True)
        return prediction_of(raw, predictor.manifest)

    def snapshot(self) -> bytes:
        """The whole state, sealed with the model's id: a stream that restores it continues bit for bit."""
        return seal(self._identity, msgspec.msgpack.encode(self._inputs.snapshot()))

    def restore(self, snapshot: bytes) -> None:
        """Replace the state by a snapshot; InvalidInput when it is another model's or damaged."""
        body = unseal(self._identity, snapshot)
        self._inputs.restore(msgspec.msgpack.decode(body, type=tuple[list[bytes], bytes, bytes, int, int]))

    @property
    def _identity(self) -> str:
        return f"model {self._predictor.manifest.model_id}"


def _again(artefact: Artefact, threads: int) -> Predictor:
    """A pickled predictor made anew: sessions of ONNX Runtime do not travel between processes."""
    return Predictor(artefact, threads=threads)
