"""Graphs in int8 by ONNX Runtime: dynamic for matrix products and LSTM, static for convolutions.

Weights use seven of the eight bits: processors without VNNI add two products of an unsigned and a signed byte in 16
bits, which eight bits overflow. What is judged on one machine then holds on every other. On one without VNNI, eight
bits moved the probabilities of a small transformer by 0.07; seven move them by 0.01.
"""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from augury.errors import Refused
from augury.extras import require
from augury.learning.artefacts.arrays import GraphInput
from augury.learning.artefacts.session import GraphSession
from augury.learning.compression.answers import graph_feeds
from augury.learning.compression.step import StepContext

__all__ = ["quantise", "quantise_dynamic", "quantise_static"]

_CALIBRATION_ROWS = 512
_BATCH_ROWS = 64
_DYNAMIC = ("LSTM", "MatMul", "Attention")


def quantise(graph: bytes, context: StepContext) -> bytes:
    """Static int8 (QDQ, per channel) where there are convolutions, calibrated on 512 training rows; else dynamic int8.

    Raises Refused where the graph has nothing to quantise.
    """
    session = GraphSession(graph)
    operators = _operators(graph)
    if "Conv" in operators:
        return quantise_static(graph, calibration_feeds(context, tuple(session.inputs)))
    return quantise_dynamic(graph)


def calibration_feeds(context: StepContext, names: tuple[str, ...]) -> dict[str, GraphInput]:
    """What the graph reads of training rows spread evenly over the time."""
    count = len(context.train)
    chosen = np.unique(np.linspace(0, count - 1, min(_CALIBRATION_ROWS, count)).astype(np.int64))
    return graph_feeds(context.train.rows(chosen), names)


def quantise_dynamic(graph: bytes) -> bytes:
    """Weights of matrix products and LSTM layers in int8, their inputs in uint8 with a scale found for each call.

    Raises Refused when the graph has none.
    """
    if not _operators(graph) & {*_DYNAMIC, "Gemm"}:
        raise Refused("the graph has no matrix product or LSTM to quantise")
    quantization = require("onnxruntime.quantization", extra="learn")
    with _quiet(), tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "int8.onnx"
        quantization.quantize_dynamic(
            _model(graph),
            written,
            weight_type=quantization.QuantType.QInt8,
            op_types_to_quantize=list(_DYNAMIC),
            reduce_range=True,
        )
        return _checked(written.read_bytes())


def quantise_static(graph: bytes, feeds: Mapping[str, GraphInput]) -> bytes:
    """Convolutions in int8, scales per channel, ranges from `feeds`, as QuantizeLinear/DequantizeLinear.

    What lies between them stays in float32: measured on chart networks, int8 rectifiers, pooling and last layers cost
    more than they save (64 rows: 0.83 of the time instead of 0.52, and twice the flips). `store_int8` then takes the
    weights that are left.
    """
    quantization: Any = require("onnxruntime.quantization", extra="learn")

    class Reader(quantization.CalibrationDataReader):  # type: ignore[misc]
        """Hands the calibration rows over in batches."""

        def __init__(self) -> None:
            count = len(next(iter(feeds.values())))
            starts = range(0, count, _BATCH_ROWS)
            self._batches = iter(
                [{name: array[start : start + _BATCH_ROWS] for name, array in feeds.items()} for start in starts]
            )

        def get_next(self) -> dict[str, Any] | None:
            """The next batch, None at the end."""
            return next(self._batches, None)

    with _quiet(), tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "int8.onnx"
        quantization.quantize_static(
            _model(graph),
            written,
            Reader(),
            quant_format=quantization.QuantFormat.QDQ,
            per_channel=True,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            op_types_to_quantize=["Conv"],
            reduce_range=True,
        )
        return _checked(written.read_bytes())


def _model(graph: bytes) -> Any:
    return require("onnx", extra="learn").load_model_from_string(graph)


def _operators(graph: bytes) -> set[str]:
    return {node.op_type for node in _model(graph).graph.node}


def _checked(graph: bytes) -> bytes:
    """The graph, once ONNX Runtime has shown that it runs it."""
    GraphSession(graph)
    return graph


@contextmanager
def _quiet() -> Iterator[None]:
    """No advice from the quantiser about preparing a graph, which the exporter has done."""
    before = logging.root.manager.disable
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(before)
