"""A predictor that answers one row with little ceremony, its bits those of `Predictor.predict` and `predict_last`."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan
from struct import Struct
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from augury.errors import InvalidInput
from augury.learning import Artefact, Prediction, Predictor
from augury.learning.artefacts.prediction import prediction_of
from augury.learning.artefacts.row_inputs import graph_inputs
from augury.market.bars import BarArrays
from augury_server.serving.one_row import Said, judge_of

__all__ = ["Feeds", "ServedPredictor"]

Feeds: TypeAlias = dict[str, npt.NDArray[Any]]

_FLOATS = {float}
_MOST = float(np.finfo(np.float32).max)
_LARGEST, _LEAST = (Struct("=f").pack(value) for value in (_MOST, -_MOST))


class ServedPredictor(Predictor):
    """`Predictor` with the steps of a prediction apart: inputs of the graph, what the graph says, what follows.

    `width` is the number of columns where the model reads one table, else 0. `together_is_exact` says that rows run
    together have the bits that each has alone. Safe to call from several threads.
    """

    def __init__(self, artefact: Artefact, *, threads: int = 1) -> None:
        super().__init__(artefact, threads=threads)
        manifest = artefact.manifest
        only = manifest.inputs[0] if len(manifest.inputs) == 1 else None
        self._judge = judge_of(manifest)
        self._run = self._session._call  # one row needs nothing else of what `GraphSession.run` does
        self._name = manifest.inputs[0].name
        self.width: int = 0 if only is None or only.kind != "tabular" else int(only.shape[1] or 0)
        self._pack = Struct(f"={self.width}f").pack  # which refuses what no float32 holds
        self.together_is_exact: bool = self._session.batches_are_exact

    def feeds_of_rows(self, rows: Any) -> Feeds:
        """The graph's inputs, float32, of nested lists or arrays; raises InvalidInput as `Predictor.predict` does."""
        ready = self._packed(rows) if type(rows) is list else self._cast(rows)
        if ready is not None:
            return {self._name: ready}
        if isinstance(rows, dict | Mapping):
            return graph_inputs({name: _array(values) for name, values in rows.items()}, self.manifest)
        return graph_inputs(_array(rows), self.manifest)

    def _packed(self, rows: list[Any]) -> npt.NDArray[np.float32] | None:
        """One row of plain finite floats as float32[1, width], what the steps for all cases make of it; None of others.

        Packing rounds as NumPy's cast does and takes a third of its time.
        """
        if len(rows) != 1 or type(rows[0]) is not list or len(rows[0]) != self.width:
            return None
        row = rows[0]
        total = sum(row) if set(map(type, row)) == _FLOATS else nan
        if total - total != 0.0:  # some are not finite, or so large together
            return None
        try:
            packed = self._pack(*row)
        except OverflowError:  # one is beyond float32
            return None
        if _LARGEST in packed or _LEAST in packed:  # perhaps rounded from beyond
            return None
        return np.frombuffer(packed, np.float32).reshape(1, self.width)

    def _cast(self, rows: Any) -> npt.NDArray[np.float32] | None:
        """float64[m, width] of finite values within float32 as the steps for all cases cast it; None of others."""
        if type(rows) is not np.ndarray or rows.dtype != np.float64 or rows.ndim != 2 or not rows.size:
            return None
        if rows.shape[1] != self.width or not (rows.min() >= -_MOST and rows.max() <= _MOST):  # nor where NaN is
            return None
        return np.ascontiguousarray(rows, dtype=np.float32)

    def feeds_of_last(self, bars: BarArrays) -> Feeds | None:
        """The graph's inputs [1, ...] at the last of some bars; None where it cannot be judged."""
        return self.bar_inputs.read_last(bars)

    def say(self, feeds: Feeds | None) -> Said:
        """What the model says about one row; about None, that nothing is known."""
        if feeds is None:
            return self._judge([float("nan")] * self._width)
        row = self._run(feeds).ravel().tolist()
        if len(row) != self._width:
            row = self._raw(feeds, exact=True)[0].tolist()  # says what is wrong
        return self._judge(row)

    def say_each(self, feeds: Feeds) -> list[Said]:
        """What the model says about rows, each as if it were alone."""
        return [self._judge(raw) for raw in self._raw(feeds, exact=True).tolist()]

    def predict_feeds(self, feeds: Feeds) -> Prediction:
        """What the model says about rows, each as if it were alone, as arrays."""
        return prediction_of(self._raw(feeds, exact=True), self.manifest)


def _array(values: Any) -> Any:
    if not isinstance(values, list | tuple):
        return values
    try:
        return np.asarray(values)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(f"expected rows of equal length that hold numbers: {error}") from error
