"""Weights kept as int8 and turned back into float32 when the graph is loaded: a smaller file, the same speed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from augury.errors import Refused
from augury.extras import require
from augury.learning.artefacts.session import GraphSession
from augury.learning.compression.step import StepContext

__all__ = ["store_int8"]

_LEAST_NUMBERS = 256
_LEVELS = 127.0
_LAYERS = {"MatMul": (1,), "Gemm": (1,), "Conv": (1,), "LSTM": (1, 2), "GRU": (1, 2)}


def store_int8(graph: bytes, context: StepContext) -> bytes:  # noqa: ARG001 - a step's form
    """Each weight matrix as int8 with a float32 scale for every output, restored by Cast and Mul.

    ONNX Runtime folds both when it loads the graph, so that calls take as long as before: it is for layers that have no
    int8 form (GRU) or are slower in it. Raises Refused when there is no float32 weight matrix of 256 numbers or more.
    """
    onnx = require("onnx", extra="learn")
    model = onnx.load_model_from_string(graph)
    weights = _weights(model.graph)
    if not weights:
        raise Refused(f"the graph has no float32 weight matrix of {_LEAST_NUMBERS} numbers or more")
    kept = [tensor for tensor in model.graph.initializer if tensor.name not in weights]
    stored, nodes = [], []
    for tensor in model.graph.initializer:
        if tensor.name in weights:
            values = onnx.numpy_helper.to_array(tensor)
            scale = _scales(values, weights[tensor.name])
            name = tensor.name
            whole = np.rint(values / scale).astype(np.int8)
            stored += [
                onnx.numpy_helper.from_array(whole, f"{name}_int8"),
                onnx.numpy_helper.from_array(scale, f"{name}_scale"),
            ]
            nodes += [
                onnx.helper.make_node("Cast", [f"{name}_int8"], [f"{name}_cast"], to=onnx.TensorProto.FLOAT),
                onnx.helper.make_node("Mul", [f"{name}_cast", f"{name}_scale"], [name]),
            ]
    del model.graph.initializer[:]
    model.graph.initializer.extend([*kept, *stored])
    rest = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*nodes, *rest])
    found: bytes = model.SerializeToString()
    GraphSession(found)
    return found


def _weights(graph: Any) -> dict[str, tuple[int, ...]]:
    """Names of weight matrices with the axes that a scale is shared over."""
    floats = {
        tensor.name: tuple(tensor.dims)
        for tensor in graph.initializer
        if tensor.data_type == 1 and len(tensor.dims) >= 2 and math.prod(tensor.dims) >= _LEAST_NUMBERS
    }
    found: dict[str, tuple[int, ...]] = {}
    for node in graph.node:
        for place in _LAYERS.get(node.op_type, ()):
            name = node.input[place] if place < len(node.input) else ""
            if name in floats:
                found[name] = _shared_axes(node, len(floats[name]))
    return found


def _shared_axes(node: Any, dimensions: int) -> tuple[int, ...]:
    """All axes but those of the outputs: columns of MatMul, rows of Gemm(transB), filters of Conv, gates of cells."""
    if node.op_type in ("LSTM", "GRU"):
        return (2,)
    transposed = any(attribute.name == "transB" and attribute.i for attribute in node.attribute)
    if node.op_type == "MatMul" or (node.op_type == "Gemm" and not transposed):
        return (dimensions - 2,)
    return tuple(range(1, dimensions))


def _scales(values: Any, axes: tuple[int, ...]) -> Any:
    largest = np.abs(values).max(axis=axes, keepdims=True)
    return np.where(largest > 0.0, largest / _LEVELS, 1.0).astype(np.float32)
