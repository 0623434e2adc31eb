"""Pieces that every exported graph is built of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from augury.extras import require

__all__ = ["ML_OPSET", "OPSET", "finish_probabilities", "make_graph"]

OPSET = 17
ML_OPSET = 3
_IR_VERSION = 8  # of ONNX 1.12, which brought opset 17


def make_graph(
    nodes: Iterable[Any], constants: Mapping[str, Any], inputs: Mapping[str, tuple[Any, ...]], *, outputs: int
) -> Any:
    """A ModelProto of these nodes: float32 inputs by name with their shapes, constants by name.

    `outputs` is the number of classes, for which a node gives "probabilities" [rows, classes], or 0: "values" [rows].
    """
    onnx = require("onnx", extra="learn")
    helper, single = onnx.helper, onnx.TensorProto.FLOAT
    result = ("probabilities", ("rows", outputs)) if outputs else ("values", ("rows",))
    graph = helper.make_graph(
        list(nodes),
        "augury",
        [helper.make_tensor_value_info(name, single, list(shape)) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(result[0], single, list(result[1]))],
        [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
    return helper.make_model(graph, opset_imports=opsets, producer_name="augury", ir_version=_IR_VERSION)


def finish_probabilities(margins: str, classes: int) -> list[Any]:
    """The nodes from margins ([rows, 1] of the last of two classes, or [rows, classes]) to "probabilities"."""
    helper = require("onnx.helper", extra="learn")
    if classes > 2:
        return [helper.make_node("Softmax", [margins], ["probabilities"], axis=1)]
    return [
        helper.make_node("Neg", [margins], ["against"]),
        helper.make_node("Concat", ["against", margins], ["both"], axis=1),
        helper.make_node("Sigmoid", ["both"], ["probabilities"]),
    ]
