"""Boosted trees as an ONNX graph: thresholds, missing-value branches and base score taken over exactly."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from augury.errors import InvalidInput
from augury.extras import require
from augury.learning.artefacts.graph_building import make_graph

__all__ = ["tree_graph"]

_LOGISTIC = ("binary:logistic", "reg:logistic")
_AS_THEY_ARE = ("multi:softprob", "multi:softmax", "reg:squarederror", "reg:pseudohubererror", "reg:absoluteerror")
_NO_CHILD = -1
_NODE_FIELDS = (
    "treeids",
    "nodeids",
    "featureids",
    "modes",
    "values",
    "truenodeids",
    "falsenodeids",
    "missing_value_tracks_true",
)


def tree_graph(booster: Any, *, features: int, classes: int) -> Any:
    """The graph of an XGBoost booster: "features" [rows, features] to probabilities, or to values for 0 classes.

    Thresholds stay float32, as XGBoost compares, so that every row takes the same branches, NaN the branch that
    missing values learnt. Raises InvalidInput for boosters of other kinds (linear, categorical splits, other
    objectives).
    """
    learner = json.loads(bytes(booster.save_raw("json")))["learner"]
    objective = learner["objective"]["name"]
    if objective not in (*_LOGISTIC, *_AS_THEY_ARE):
        raise InvalidInput(
            f"expected an objective of {', '.join((*_LOGISTIC, *_AS_THEY_ARE))}; got {objective!r}: train with one of "
            "these to export"
        )
    model, weights = _trees(learner["gradient_booster"])
    targets = max(int(learner["learner_model_param"]["num_class"]), 1)
    base = _base_margins(learner["learner_model_param"]["base_score"], objective, targets)
    ensemble = _ensemble(model, weights)
    if classes == 2:  # sigmoid(m) is the second part of softmax(0, m)
        ensemble["target_ids"] = [1] * len(ensemble["target_ids"])
        base, targets = [0.0, *base], 2
    helper = require("onnx.helper", extra="learn")
    nodes = [
        helper.make_node(
            "TreeEnsembleRegressor",
            ["features"],
            ["probabilities" if classes else "column"],
            domain="ai.onnx.ml",
            n_targets=targets,
            base_values=base,
            aggregate_function="SUM",
            # done number by number inside the ensemble, so that no row depends on those beside it
            post_transform="SOFTMAX" if classes else "NONE",
            **ensemble,
        )
    ]
    constants: dict[str, Any] = {}
    if classes == 0:
        nodes.append(helper.make_node("Reshape", ["column", "flat"], ["values"]))
        constants["flat"] = np.array([-1], dtype=np.int64)
    return make_graph(nodes, constants, {"features": ("rows", features)}, outputs=classes)


def _trees(booster: dict[str, Any]) -> tuple[dict[str, Any], list[float]]:
    """The tree model and the weight of each tree (1 but for DART)."""
    if booster["name"] == "dart":
        model = booster["gbtree"]["model"]
        return model, [float(weight) for weight in booster["weight_drop"]]
    if booster["name"] != "gbtree":
        raise InvalidInput(f"expected boosted trees (gbtree or dart), got the booster {booster['name']!r}")
    return booster["model"], [1.0] * len(booster["model"]["trees"])


def _base_margins(text: str, objective: str, targets: int) -> list[float]:
    values = [float(value) for value in text.strip("[]").split(",")]
    if objective in _LOGISTIC:
        values = [math.log(value / (1.0 - value)) for value in values]
    return values * targets if len(values) == 1 else values


def _ensemble(model: dict[str, Any], weights: list[float]) -> dict[str, list[Any]]:
    """The nodes and leaves of a TreeEnsembleRegressor."""
    lists: dict[str, list[Any]] = {f"nodes_{name}": [] for name in _NODE_FIELDS}
    lists |= {f"target_{name}": [] for name in ("treeids", "nodeids", "ids", "weights")}
    for number, (tree, target) in enumerate(zip(model["trees"], model["tree_info"], strict=True)):
        if any(tree["split_type"]):
            raise InvalidInput("the booster splits on categories; number them as features of their own to export")
        _add_tree(lists, tree, number, target, weights[number])
    return lists


def _add_tree(lists: dict[str, list[Any]], tree: dict[str, Any], number: int, target: int, weight: float) -> None:
    left, right = tree["left_children"], tree["right_children"]
    waiting = [0]
    while waiting:
        node = waiting.pop()
        leaf = left[node] == _NO_CHILD
        value = np.float32(tree["split_conditions"][node])
        row = {
            "treeids": number,
            "nodeids": node,
            "featureids": 0 if leaf else tree["split_indices"][node],
            "modes": "LEAF" if leaf else "BRANCH_LT",
            "values": 0.0 if leaf else float(value),
            "truenodeids": 0 if leaf else left[node],
            "falsenodeids": 0 if leaf else right[node],
            "missing_value_tracks_true": 0 if leaf else int(tree["default_left"][node]),
        }
        for name, entry in row.items():
            lists[f"nodes_{name}"].append(entry)
        if leaf:
            for name, entry in (("treeids", number), ("nodeids", node), ("ids", target)):
                lists[f"target_{name}"].append(entry)
            lists["target_weights"].append(float(value) * weight)
        else:
            waiting += [right[node], left[node]]
