"""Several graphs as one: their inputs shared, their outputs combined; and a graph that reads some columns only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from augury.arrays import FloatVector, IntVector
from augury.errors import InvalidInput
from augury.extras import require
from augury.learning.artefacts.graph_building import make_graph

__all__ = ["chosen_columns_graph", "median_graph", "weighted_graph"]


def weighted_graph(parts: Sequence[Any], weights: FloatVector) -> Any:
    """The graph of the sum of the parts' outputs times `weights` float64[parts]."""
    helper = require("onnx.helper", extra="learn")
    merged, names, outputs = _side_by_side(parts)
    result = "probabilities" if outputs else "values"
    constants = {f"weight_{place}": np.float32(weight) for place, weight in enumerate(weights.tolist())}
    nodes = [
        helper.make_node("Mul", [name, f"weight_{place}"], [f"weighted_{place}"]) for place, name in enumerate(names)
    ]
    nodes.append(helper.make_node("Sum", [f"weighted_{place}" for place in range(len(names))], [result]))
    return _finished(merged, nodes, constants, outputs)


def median_graph(parts: Sequence[Any]) -> Any:
    """The graph of the median of the parts' outputs, probabilities rescaled to sum 1."""
    helper = require("onnx.helper", extra="learn")
    merged, names, outputs = _side_by_side(parts)
    count = len(names)
    constants = {
        "last": np.array([-1], dtype=np.int64),
        "count": np.array([count], dtype=np.int64),
        "from": np.array([(count - 1) // 2], dtype=np.int64),
        "to": np.array([count // 2 + 1], dtype=np.int64),
        "classes": np.array([1], dtype=np.int64),
    }
    nodes = [helper.make_node("Unsqueeze", [name, "last"], [f"{name}_apart"]) for name in names]
    nodes += [
        helper.make_node("Concat", [f"{name}_apart" for name in names], ["together"], axis=-1),
        helper.make_node("TopK", ["together", "count"], ["ordered", "places"], axis=-1),
        helper.make_node("Slice", ["ordered", "from", "to", "last"], ["middle"]),
        helper.make_node("ReduceMean", ["middle"], ["median" if outputs else "values"], axes=[-1], keepdims=0),
    ]
    if outputs:
        nodes.append(helper.make_node("ReduceSum", ["median", "classes"], ["total"], keepdims=1))
        nodes.append(helper.make_node("Div", ["median", "total"], ["probabilities"]))
    return _finished(merged, nodes, constants, outputs)


def chosen_columns_graph(inner: Any, positions: IntVector, features: int) -> Any:
    """The graph that reads `features` columns and gives `inner` those at `positions` int64[k]."""
    onnx = require("onnx", extra="learn")
    compose = require("onnx.compose", extra="learn")
    renamed = compose.add_prefix(inner, "chosen_", rename_inputs=True, rename_outputs=False)
    gather = onnx.helper.make_node("Gather", ["features", "positions"], [renamed.graph.input[0].name], axis=1)
    graph = make_graph([gather], {"positions": positions}, {"features": ("rows", features)}, outputs=1).graph
    graph.node.extend(renamed.graph.node)
    graph.initializer.extend(renamed.graph.initializer)
    del graph.output[:]
    graph.output.extend(renamed.graph.output)
    renamed.graph.CopyFrom(graph)
    return renamed


def _side_by_side(parts: Sequence[Any]) -> tuple[Any, list[str], int]:
    """All parts in one model without outputs, the names of their outputs, and the number of classes (0: values)."""
    compose = require("onnx.compose", extra="learn")
    shapes = {tuple(axis.dim_value for axis in part.graph.output[0].type.tensor_type.shape.dim) for part in parts}
    kinds = {part.graph.output[0].name for part in parts}
    if len(kinds) != 1 or (kinds == {"probabilities"} and len({shape[-1] for shape in shapes}) != 1):
        raise InvalidInput(f"members of an ensemble should give the same outputs; got {sorted(kinds)} of {shapes}")
    outputs = int(next(iter(shapes))[1]) if kinds == {"probabilities"} else 0
    merged: Any = None
    names = []
    for place, part in enumerate(parts):
        renamed = compose.add_prefix(part, f"member_{place}_", rename_inputs=False, rename_outputs=True)
        names.append(renamed.graph.output[0].name)
        merged = renamed if merged is None else _joined(merged, renamed)
    del merged.graph.output[:]
    del merged.graph.value_info[:]
    return merged, names, outputs


def _joined(merged: Any, other: Any) -> Any:
    known = {item.name: item for item in merged.graph.input}
    for item in other.graph.input:
        if item.name not in known:
            merged.graph.input.append(item)
        elif _width(known[item.name]) != _width(item):
            raise InvalidInput(
                f"members of an ensemble read {item.name} of {_width(known[item.name])} and {_width(item)}; fit them "
                "on the same inputs"
            )
    merged.graph.node.extend(other.graph.node)
    merged.graph.initializer.extend(other.graph.initializer)
    versions = {entry.domain: entry for entry in merged.opset_import}
    for entry in other.opset_import:
        if entry.domain not in versions:
            merged.opset_import.append(entry)
        elif versions[entry.domain].version != entry.version:
            raise InvalidInput(
                f"members of an ensemble use versions {versions[entry.domain].version} and {entry.version} of the "
                f"operators {entry.domain or 'of ONNX'!r}; export them with the same version of Augury"
            )
    return merged


def _width(item: Any) -> tuple[int, ...]:
    return tuple(axis.dim_value for axis in item.type.tensor_type.shape.dim)[1:]


def _finished(merged: Any, nodes: Sequence[Any], constants: dict[str, Any], outputs: int) -> Any:
    tail = make_graph(nodes, constants, {}, outputs=outputs)
    merged.graph.node.extend(tail.graph.node)
    merged.graph.initializer.extend(tail.graph.initializer)
    merged.graph.output.extend(tail.graph.output)
    known = {entry.domain for entry in merged.opset_import}
    merged.opset_import.extend(entry for entry in tail.opset_import if entry.domain not in known)
    return merged
