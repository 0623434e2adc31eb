"""The median time for one row: of the exported graph on one thread, or of the estimator."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from augury.learning.data.inputs import Inputs, read_inputs

__all__ = ["median_latency_us"]

_WARM_UP = 5
_RUNS = 50


def median_latency_us(model: Any, inputs: Inputs, of: Literal["onnx", "predict"]) -> float:
    """Median microseconds of wall time for a single row, over 50 rows after 5 warm-up runs; it varies by machine."""
    rows = [inputs[[at % len(inputs)]] for at in range(_WARM_UP + _RUNS)]
    if of == "predict":
        return _median_us(model.predict, rows)
    from augury.learning.artefacts.session import GraphSession
    from augury.learning.artefacts.to_graph import to_onnx

    session = GraphSession(to_onnx(model).SerializeToString())
    kinds = {"features": "tabular", "sequence": "sequence", "image": "image"}
    feeds = [
        {name: read_inputs(row, kinds[name]).astype(np.float32) for name in session.inputs}  # type: ignore[arg-type]
        for row in rows
    ]
    return _median_us(lambda feed: session.run(feed, exact=False), feeds)


def _median_us(call: Callable[[Any], Any], rows: list[Any]) -> float:
    taken = []
    for row in rows:
        started = time.perf_counter()
        call(row)
        taken.append(time.perf_counter() - started)
    return float(np.median(taken[_WARM_UP:])) * 1e6
