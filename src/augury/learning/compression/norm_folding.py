"""Batch normalisation folded into the convolution before it: two layers that are one linear map."""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.errors import Refused
from augury.extras import require
from augury.learning.compression.step import StepContext

__all__ = ["fold_batch_norm"]

_EPSILON = 1e-5  # ONNX's default


def fold_batch_norm(graph: bytes, context: StepContext) -> bytes:  # noqa: ARG001 - a step's form
    """w' = w g / sqrt(v + e), b' = (b - m) g / sqrt(v + e) + shift for each filter (Jacob et al. 2018, section 3.2).

    Raises Refused when no convolution feeds a batch normalisation alone: the exporter has folded them.
    """
    onnx = require("onnx", extra="learn")
    model = onnx.load_model_from_string(graph)
    values = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    readers: dict[str, int] = {}
    for node in model.graph.node:
        for name in node.input:
            readers[name] = readers.get(name, 0) + 1
    makers = {node.output[0]: node for node in model.graph.node if node.op_type == "Conv"}
    folded: list[Any] = []
    for norm in [node for node in model.graph.node if node.op_type == "BatchNormalization"]:
        layer = makers.get(norm.input[0])
        if layer is None or readers[norm.input[0]] > 1 or not all(name in values for name in norm.input[1:5]):
            continue
        _fold(layer, norm, values)
        folded.append(norm)
    if not folded:
        raise Refused("nothing to fold: the exporter has folded batch normalisation into the convolutions")
    kept = [node for node in model.graph.node if node not in folded]
    del model.graph.node[:]
    model.graph.node.extend(kept)
    used = {name for node in kept for name in node.input}
    del model.graph.initializer[:]
    model.graph.initializer.extend(
        onnx.numpy_helper.from_array(array, name) for name, array in values.items() if name in used
    )
    found: bytes = model.SerializeToString()
    return found


def _fold(layer: Any, norm: Any, values: dict[str, Any]) -> None:
    """Put the normalisation into the convolution's weights; the convolution then gives the normalisation's output."""
    gain, shift, mean, variance = (values[name].astype(np.float64) for name in norm.input[1:5])
    epsilon = next((attribute.f for attribute in norm.attribute if attribute.name == "epsilon"), _EPSILON)
    factor = gain / np.sqrt(variance + epsilon)
    weight = values[layer.input[1]]
    bias = values[layer.input[2]] if len(layer.input) > 2 else np.zeros(weight.shape[0])
    names = [f"{norm.output[0]}_weight", f"{norm.output[0]}_bias"]
    values[names[0]] = (weight * factor[:, None, None, None]).astype(np.float32)
    values[names[1]] = ((bias - mean) * factor + shift).astype(np.float32)
    source = layer.input[0]
    del layer.input[:]
    layer.input.extend([source, *names])
    layer.output[0] = norm.output[0]
