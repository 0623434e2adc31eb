"""Boosters taken apart and put together again: pruned nodes removed for good, splits told of other columns."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from augury.arrays import IntVector
from augury.extras import require

__all__ = ["with_columns", "without_deleted_nodes"]

_PER_NODE = (
    "base_weights", "default_left", "loss_changes", "split_conditions", "split_indices", "split_type", "sum_hessian",
)  # fmt: skip
_NO_NODE = -1
_NO_PARENT = 2147483647


def without_deleted_nodes(booster: Any) -> Any:
    """The same trees without the places of nodes that were pruned, which XGBoost keeps and saves."""
    return _changed(booster, lambda tree, _: _compact(tree))


def with_columns(booster: Any, kept: IntVector, columns: int, names: Sequence[str] | None) -> Any:
    """A booster of the columns at `kept` as one of all `columns`, which reads those it learnt from."""

    def spread(tree: dict[str, Any], learner: dict[str, Any]) -> None:
        learner["learner_model_param"]["num_feature"] = str(columns)
        learner["feature_names"] = list(names or [])
        learner["feature_types"] = ["float"] * columns if names else []
        tree["split_indices"] = [int(kept[at]) for at in tree["split_indices"]]
        tree["tree_param"]["num_feature"] = str(columns)

    return _changed(booster, spread)


def _changed(booster: Any, change: Callable[[dict[str, Any], dict[str, Any]], None]) -> Any:
    xgboost = require("xgboost", extra="learn")
    document = json.loads(bytes(booster.save_raw("json")))
    for tree in document["learner"]["gradient_booster"]["model"]["trees"]:
        change(tree, document["learner"])
    return xgboost.Booster(model_file=bytearray(json.dumps(document).encode()))


def _compact(tree: dict[str, Any]) -> None:
    """Number the nodes that the root reaches 0, 1, ... in breadth-first order and drop the others."""
    left, right = tree["left_children"], tree["right_children"]
    order = [0]
    for node in order:
        if left[node] != _NO_NODE:
            order += [left[node], right[node]]
    place = {node: at for at, node in enumerate(order)} | {_NO_NODE: _NO_NODE, _NO_PARENT: _NO_PARENT}
    for name in _PER_NODE:
        tree[name] = [tree[name][node] for node in order]
    tree["left_children"] = [place[left[node]] for node in order]
    tree["right_children"] = [place[right[node]] for node in order]
    tree["parents"] = [place[tree["parents"][node]] for node in order]
    tree["tree_param"] |= {"num_nodes": str(len(order)), "num_deleted": "0"}
