"""A strategy that follows a model: long where it expects a rise, short where it expects a fall, flat between."""

from __future__ import annotations

import hashlib
import inspect
import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from augury.arrays import FloatVector
from augury.learning.artefacts.artefact import Artefact
from augury.learning.artefacts.predictor import Predictor
from augury.market.bars import BarArrays, bar_arrays
from augury.market.times import iso
from augury.strategies.strategy import Parameter, PlainForm, Strategy

__all__ = ["model_strategy"]

_REMEMBERED = 16
_LARGE = 1e9


def model_strategy(
    model: Artefact | Predictor | str | Path,
    *,
    long_above: float | None = None,
    short_below: float | None = None,
    size: float = 1.0,
    only_after_fit: bool = True,
    name: str | None = None,
) -> Strategy:
    """A strategy that holds `size` where the model's calibrated probability of a rise is above `long_above`.

    Below `short_below` it holds -`size`, between them nothing, nor where the model is warming up, abstains or cannot
    judge. With more than two classes the probability is that of a rise given that it rises or falls
    (`Prediction.direction`); a regression's value is compared instead. Defaults: 0.55 and 0.45, or 0 and 0 for values;
    `short_below=0` never sells a probability short. Bars up to `fit_end`, which training labels looked at, are no proof
    of anything, so no position is held there; `only_after_fit=False` shows the fit.

    The position at bar t is decided at its close. What the model says about the last few series is remembered, so a
    sweep over thresholds runs it once. Pass `long_above`, `short_below` and `size` to tune or sweep. Raises
    InvalidInput when the model cannot read bars or a feature is another now than in training.
    """
    predictor = model if isinstance(model, Predictor) else Predictor(model)
    inputs = predictor.bar_inputs
    probabilities = bool(predictor.manifest.classes)
    low, high = (0.0, 1.0) if probabilities else (-_LARGE, _LARGE)
    above, below = (0.55, 0.45) if probabilities else (0.0, 0.0)
    above = above if long_above is None else float(long_above)
    below = min(below, above) if short_below is None else float(short_below)
    what = "the probability of a rise" if probabilities else "the predicted value"
    parameters = (
        _number("long_above", above, (low, high), f"long where {what} is above"),
        _number("short_below", below, (low, high), f"short where {what} is below"),
        _number("size", float(size), (0.0, 1.0), "fraction of equity held"),
    )
    positions = _ModelPositions(predictor, only_after_fit=only_after_fit)
    strategy = Strategy(
        name=name or f"model_{predictor.manifest.model_id}",
        summary=f"Follows {predictor.manifest.readable}; {positions.since}.",
        parameters=parameters,
        form=PlainForm(function=positions, source=f"{positions!r}\n{inspect.getsource(_ModelPositions)}"),
        rule=_broken_rule,
        warm_up=lambda _: inputs.unjudged,
    )
    strategy.values()  # refuses defaults out of bounds
    return strategy


def _number(name: str, default: float, bounds: tuple[float, float], meaning: str) -> Parameter:
    return Parameter(name=name, default=default, low=bounds[0], high=bounds[1], integer=False, meaning=meaning)


def _broken_rule(values: Mapping[str, float]) -> str | None:
    if values["short_below"] > values["long_above"]:
        return "short_below should not be above long_above"
    return None


class _ModelPositions:
    """`positions(bars, long_above, short_below, size)` of a model, which is run once a series of bars."""

    def __init__(self, predictor: Predictor, *, only_after_fit: bool) -> None:
        self._predictor = predictor
        fit_end = predictor.manifest.fit_end
        self._after = fit_end if only_after_fit else None
        self._lock = threading.Lock()
        self._known: OrderedDict[bytes, FloatVector] = OrderedDict()

    def __call__(self, bars: pd.DataFrame, *, long_above: float, short_below: float, size: float) -> FloatVector:
        """Target positions float64[n]; what is unknown (NaN) is above and below nothing."""
        direction = self._direction(bar_arrays(bars))
        return np.where(direction > long_above, size, np.where(direction < short_below, -size, 0.0))

    @property
    def since(self) -> str:
        """From when on positions are held, in words."""
        if self._after is None:
            return "holds positions in its training period too"
        return f"holds nothing up to {iso(self._after)}, where its training ends"

    def _direction(self, bars: BarArrays) -> FloatVector:
        """What the model says at each bar, float64[n]; NaN where it abstains or cannot judge."""
        key = hashlib.blake2b(bars.opened_at.tobytes() + bars.matrix.tobytes(), digest_size=16).digest()
        with self._lock:
            known = self._known.get(key)
        if known is not None:
            return known
        found = self._predictor.predict_path(bars)
        undecided = found.abstained if self._after is None else found.abstained | (bars.opened_at <= self._after)
        direction: FloatVector = np.where(undecided, np.nan, found.direction)
        with self._lock:
            self._known[key] = direction
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return direction

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self._predictor, self._after is not None)

    def __repr__(self) -> str:
        return f"positions of {self._predictor.manifest.model_id} after {self._after}"


def _again(predictor: Predictor, only_after_fit: bool) -> _ModelPositions:
    """Pickled positions made anew: what they remember stays behind."""
    return _ModelPositions(predictor, only_after_fit=only_after_fit)
