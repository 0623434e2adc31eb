"""What a model artefact expects at a bar, a rise or a fall: for a history, its end, or a stream, the same bits."""

from __future__ import annotations

import numpy as np

from augury.arrays import FloatMatrix, FloatVector
from augury.errors import InvalidInput
from augury.learning.artefacts.artefact import Artefact
from augury.learning.artefacts.prediction import Prediction
from augury.learning.artefacts.predictor import Predictor, PredictorStream
from augury.market.bars import BarArrays

__all__ = ["PriceModel", "PriceModelStream"]

_BEFORE_EVERYTHING = int(np.iinfo(np.int64).min)
_UNKNOWN = np.full(2, np.nan)
_UNKNOWN.flags.writeable = False


class PriceModel:
    """A model artefact, or None: then every probability is unknown. Holds no state between calls.

    Probabilities come in pairs: of a rise (the last, most bullish class) and of a fall (the first), calibrated as the
    artefact says. Both are NaN (unknown) while features warm up, where one is undefined, where the model abstains, and
    at bars that a training label looked at (up to `fit_end`): of those the model knows the outcome. Raises
    InvalidInput for a regression, and for a model whose features are others now than in training.
    """

    def __init__(self, artefact: Artefact | None) -> None:
        self.artefact = artefact
        self._fit_end = _BEFORE_EVERYTHING
        self._predictor = None if artefact is None else Predictor(artefact)
        if self._predictor is not None:
            if not self._predictor.manifest.classes:
                raise InvalidInput(
                    f"{self._predictor.manifest.model_id} is a regression; a signal needs the probability of a rise: "
                    "train a classification, on the label direction for example"
                )
            fit_end = self._predictor.manifest.fit_end
            self._fit_end = self._fit_end if fit_end is None else fit_end
            self._predictor.bar_inputs  # noqa: B018 - refuses other features now rather than at the first bar

    @property
    def id(self) -> str | None:
        """The model's id, None without a model."""
        return None if self.artefact is None else self.artefact.model_id

    def history(self, bars: BarArrays) -> FloatMatrix:
        """The probabilities at every bar, float64[n, 2]."""
        if self._predictor is None:
            return np.full((len(bars), 2), np.nan)
        found = _known(self._predictor.predict_path(bars))
        found[bars.opened_at <= self._fit_end] = np.nan
        return found

    def latest(self, bars: BarArrays) -> FloatVector:
        """The probabilities at the last bar, float64[2]."""
        if self._predictor is None or bars.opened_at[-1] <= self._fit_end:
            return _UNKNOWN
        found: FloatVector = _known(self._predictor.predict_last(bars))[0]
        return found

    def open_stream(self) -> PriceModelStream:
        """The streaming twin: one bar in, its probabilities out."""
        return PriceModelStream(None if self._predictor is None else self._predictor.open_stream(), self._fit_end)


class PriceModelStream:
    """The streaming twin of a `PriceModel`."""

    __slots__ = ("_fit_end", "_stream")

    def __init__(self, stream: PredictorStream | None, fit_end: int) -> None:
        self._stream = stream
        self._fit_end = fit_end

    def update(self, opened_at: int, bar: FloatVector) -> FloatVector:
        """Feed one closed bar; the probabilities at its close, float64[2]."""
        if self._stream is None:
            return _UNKNOWN
        found = _known(self._stream.predict(opened_at, bar))[0]
        return found if opened_at > self._fit_end else _UNKNOWN

    def snapshot(self) -> bytes:
        """The whole state; empty without a model."""
        return b"" if self._stream is None else self._stream.snapshot()

    def restore(self, snapshot: bytes) -> None:
        """Replace the state by a snapshot of a stream of the same model; InvalidInput for another."""
        if self._stream is not None:
            self._stream.restore(snapshot)


def _known(found: Prediction) -> FloatMatrix:
    """float64[m, 2]: the probabilities of the last and the first class, NaN where the model abstains."""
    return np.where(found.abstained[:, None], np.nan, found.probabilities[:, [-1, 0]])
