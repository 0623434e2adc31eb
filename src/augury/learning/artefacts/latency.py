"""How long a prediction takes: single rows and thousands, an artefact beside the library that trained it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from augury.arrays import IntVector
from augury.errors import InvalidInput
from augury.learning.artefacts.predictor import Predictor
from augury.learning.artefacts.row_inputs import graph_inputs

__all__ = ["Latency", "ModelLatency", "measure_latency", "model_latency"]

_MANY = 1000
_WARM_UP_CALLS = 3
_SINGLE_CALLS = 200
_BATCH_CALLS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Time of one call in seconds, over `calls` of them: median, 99th percentile and best; `rows` in each call."""

    rows: int
    calls: int
    p50: float
    p99: float
    best: float

    def to_dict(self) -> dict[str, float]:
        """Plain values."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLatency:
    """Latencies of an artefact and, where the fitted model was given, of its own library: one row, and 1,000 rows."""

    artefact_single: Latency
    artefact_many: Latency
    native_single: Latency | None = None
    native_many: Latency | None = None

    def to_dict(self) -> dict[str, dict[str, float] | None]:
        """Plain values; None for what was not measured."""
        found = {name: getattr(self, name) for name in self.__slots__}
        return {name: None if value is None else value.to_dict() for name, value in found.items()}


def measure_latency(call: Callable[[], Any], *, rows: int, calls: int) -> Latency:
    """Time `calls` calls, each on its own, by the monotonic clock; a few calls before them are not counted."""
    if calls < 1:
        raise InvalidInput(f"expected at least 1 call to time, got {calls}")
    for _ in range(min(_WARM_UP_CALLS, calls)):
        call()
    taken: IntVector = np.empty(calls, dtype=np.int64)
    for place in range(calls):
        started = time.perf_counter_ns()
        call()
        taken[place] = time.perf_counter_ns() - started
    p50, p99 = (np.quantile(taken, [0.5, 0.99]) / 1e9).tolist()
    return Latency(rows=rows, calls=calls, p50=p50, p99=p99, best=float(taken.min()) / 1e9)


def model_latency(
    predictor: Predictor,
    inputs: Any,
    model: Any = None,
    *,
    single_calls: int = _SINGLE_CALLS,
    batch_calls: int = _BATCH_CALLS,
) -> ModelLatency:
    """Latency of an artefact's `predict` and of the fitted `model`'s own on the same rows, repeated to 1,000.

    Both get arrays that are ready to read, so that neither is charged for building features. Raises InvalidInput for
    no rows, or several inputs beside a native model that takes `Inputs` only.
    """
    feeds = graph_inputs(inputs, predictor.manifest)
    count = len(next(iter(feeds.values())))
    if count == 0:
        raise InvalidInput("expected at least one row to time predictions on; got none")
    many = {name: np.resize(array, (_MANY, *array.shape[1:])) for name, array in feeds.items()}
    single = {name: array[:1] for name, array in many.items()}
    found = {
        "artefact_single": measure_latency(lambda: predictor.predict(single), rows=1, calls=single_calls),
        "artefact_many": measure_latency(lambda: predictor.predict(many), rows=_MANY, calls=batch_calls),
    }
    if model is not None:
        ask = model.predict_proba if model.task == "classification" else model.predict_values
        one, thousand = _native(inputs, single, many)
        found["native_single"] = measure_latency(lambda: ask(one), rows=1, calls=single_calls)
        found["native_many"] = measure_latency(lambda: ask(thousand), rows=_MANY, calls=batch_calls)
    return ModelLatency(**found)


def _native(inputs: Any, single: dict[str, Any], many: dict[str, Any]) -> tuple[Any, Any]:
    """The rows as the training library takes them: the one array, or `Inputs` for a model that reads several."""
    if len(many) == 1:
        name = next(iter(many))
        return single[name], many[name]
    if not hasattr(inputs, "tables"):
        raise InvalidInput("a model that reads several inputs is timed on Inputs; pass those of its data set")
    return inputs[:1], inputs[np.resize(np.arange(len(inputs)), _MANY)]
