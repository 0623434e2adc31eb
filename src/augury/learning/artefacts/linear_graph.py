"""Scaling and a linear model as an ONNX graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.arrays import FloatMatrix, FloatVector
from augury.extras import require
from augury.learning.artefacts.graph_building import finish_probabilities, make_graph

__all__ = ["linear_graph"]


def linear_graph(
    coefficients: FloatMatrix,
    intercepts: FloatVector,
    *,
    centre: FloatVector,
    scale: FloatVector,
    clip: float,
    classes: int,
) -> Any:
    """The graph of `clip((x - centre) / scale) @ coefficients.T + intercepts`: probabilities, or values for 0 classes.

    `coefficients` float64[1, k] for two classes or values, float64[classes, k] for more; `intercepts` float64[1 or
    classes]; `centre` and `scale` float64[k].
    """
    helper = require("onnx.helper", extra="learn")
    constants = {
        "centre": centre.astype(np.float32),
        "scale": scale.astype(np.float32),
        "low": np.float32(-clip),
        "high": np.float32(clip),
        "coefficients": coefficients.astype(np.float32),
        "intercepts": intercepts.astype(np.float32),
    }
    nodes = [
        helper.make_node("Sub", ["features", "centre"], ["centred"]),
        helper.make_node("Div", ["centred", "scale"], ["scaled"]),
        helper.make_node("Clip", ["scaled", "low", "high"], ["clipped"]),
        helper.make_node("Gemm", ["clipped", "coefficients", "intercepts"], ["margins"], transB=1),
    ]
    if classes:
        nodes += finish_probabilities("margins", classes)
    else:
        constants["flat"] = np.array([-1], dtype=np.int64)
        nodes.append(helper.make_node("Reshape", ["margins", "flat"], ["values"]))
    return make_graph(nodes, constants, {"features": ("rows", coefficients.shape[1])}, outputs=classes)
