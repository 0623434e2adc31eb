"""How many numbers a graph holds."""

from __future__ import annotations

import math
from typing import Any

from augury.extras import require

__all__ = ["graph_parameters"]

_LEAST_SIZE = 2  # a single number is a setting, not something learnt
_TREES = ("TreeEnsembleRegressor", "TreeEnsembleClassifier")
_NUMBERS = {1, 2, 3, 10, 11}  # FLOAT, UINT8, INT8, FLOAT16, DOUBLE of onnx.proto


def graph_parameters(graph: bytes) -> int:
    """Weights of the layers, zeros included, plus the nodes of trees, leaves included.

    Weights are counted whatever their precision. Scales and zero points of int8 weights are bookkeeping, not counted.
    """
    onnx = require("onnx", extra="learn")
    model = onnx.load_model_from_string(graph).graph
    settings = _settings(model)
    count = 0
    for tensor in model.initializer:
        size = math.prod(tensor.dims)
        if tensor.data_type in _NUMBERS and size >= _LEAST_SIZE and tensor.name not in settings:
            count += size
    for node in model.node:
        for attribute in node.attribute:
            if node.op_type in _TREES and attribute.name == "nodes_nodeids":
                count += len(attribute.ints)
            elif node.op_type == "Constant" and attribute.name == "value" and attribute.t.data_type in _NUMBERS:
                size = math.prod(attribute.t.dims)
                count += size if size >= _LEAST_SIZE else 0
    return count


def _settings(model: Any) -> set[str]:
    """Names of the tensors that only say how int8 weights are to be read."""
    found: set[str] = set()
    for node in model.node:
        if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            found |= set(node.input[1:])
        elif node.op_type == "DynamicQuantizeLSTM":
            found |= set(node.input[8:12])
        elif node.op_type in ("MatMulInteger", "ConvInteger", "DynamicQuantizeMatMul"):
            found |= set(node.input[2:])
        elif node.op_type == "Mul":
            found |= {name for name in node.input if name.endswith("_scale")}
    return found
