"""Which steps there are for a model, in the order in which they are tried."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from augury.errors import InvalidInput, nearest
from augury.learning.compression.distilling import distil, student_of
from augury.learning.compression.ensemble_steps import drop_members, select_members
from augury.learning.compression.graph_quantising import quantise
from augury.learning.compression.norm_folding import fold_batch_norm
from augury.learning.compression.step import Step, StepContext
from augury.learning.compression.tree_steps import (
    chosen_columns,
    cut_features,
    limit_depth,
    prune_splits,
    truncate_rounds,
)
from augury.learning.compression.weight_storing import store_int8

__all__ = ["METHODS", "graph_steps", "model_stages", "require_methods"]

Run = Callable[[Any, StepContext], Any]

METHODS: dict[str, str] = {
    "select_members": "ensembles: greedy selection of members on out-of-fold predictions",
    "drop_members": "ensembles: members that weigh less than 0.02 left out",
    "truncate_rounds": "trees: the first rounds only",
    "limit_depth": "trees: learnt again with less depth",
    "cut_features": "trees: learnt again without the features that matter least",
    "prune_splits": "trees: splits of little gain turned into leaves",
    "prune_units": "networks: units, heads or filters cut out, then trained on",
    "distil": "a smaller student that learns what the model says",
    "fold_batch_norm": "networks: batch normalisation folded into convolutions",
    "quantise": "networks: int8 arithmetic with weights of seven bits, static for convolutions, dynamic otherwise",
    "store_int8": "networks: weights stored as int8, computed in float32",
    "mask_weights": "networks: half of the weights set to zero where they stand (brings nothing; only on request)",
}
_ONLY_ON_REQUEST = ("mask_weights",)
_TREES = ("truncate_rounds", "limit_depth", "cut_features", "prune_splits")
_NETWORKS = ("lstm", "gru", "transformer", "chart_cnn")
_GRAPH: dict[str, Run] = {"fold_batch_norm": fold_batch_norm, "quantise": quantise, "store_int8": store_int8}
_MODEL: dict[str, Run] = {
    "truncate_rounds": truncate_rounds,
    "limit_depth": limit_depth,
    "cut_features": cut_features,
    "prune_splits": prune_splits,
    "select_members": select_members,
    "drop_members": drop_members,
}


def require_methods(methods: Sequence[str] | None) -> tuple[str, ...]:
    """The methods asked for, or all but those that are only run on request; InvalidInput for unknown names."""
    if methods is None:
        return tuple(name for name in METHODS if name not in _ONLY_ON_REQUEST)
    if isinstance(methods, str) or not methods:
        raise InvalidInput(f"methods should be a sequence of names such as ('quantise',), got {methods!r}")
    for name in methods:
        if name not in METHODS:
            raise InvalidInput(f"no compression method is named {name!r}; {nearest(name, METHODS)}")
    return tuple(methods)


def model_stages(methods: tuple[str, ...]) -> list[Callable[[Any], list[Step]]]:
    """Lists of steps to make one after the other, each for the model as it is by then."""
    return [
        partial(_ensemble_step, "select_members", methods),
        partial(_ensemble_step, "drop_members", methods),
        lambda model: _family_steps(model, methods),
        lambda _: [_distilling()] if "distil" in methods else [],
    ]


def graph_steps(methods: tuple[str, ...], family: str) -> list[Step]:
    """Steps on the graph alone; trees and linear models have nothing for them."""
    if family in ("xgboost", "wavelet", "linear"):
        return []
    return [_step(name) for name in _GRAPH if name in methods]


def _step(name: str) -> Step:
    on_graph = name in _GRAPH
    return Step(
        name=name,
        works_on="graph" if on_graph else "model",
        faithful=on_graph,
        summary=METHODS[name],
        run=_GRAPH[name] if on_graph else _MODEL.get(name, _network_step(name)),
    )


def _network_step(name: str) -> Run:
    """Steps that need PyTorch, which is loaded when they run."""

    def run(model: Any, context: StepContext) -> Any:
        from augury.learning.compression import network_pruning

        step: Run = getattr(network_pruning, name)
        return step(model, context)

    return run


def _ensemble(model: Any) -> bool:
    return model.family in ("average", "stack")


def _ensemble_step(name: str, methods: tuple[str, ...], model: Any) -> list[Step]:
    return [_step(name)] if _ensemble(model) and name in methods else []


def _family_steps(model: Any, methods: tuple[str, ...]) -> list[Step]:
    if model.family == "xgboost":
        return [_step(name) for name in _TREES if name in methods]
    if model.family in _NETWORKS:
        return [_step(name) for name in ("mask_weights", "prune_units") if name in methods]
    if model.family == "wavelet":
        return [replace(step, run=partial(_inside_wavelet, step.run)) for step in _family_steps(model.model_, methods)]
    if not _ensemble(model):
        return []
    return [
        replace(
            step, name=f"{step.name} in member {place + 1} ({member.family})", run=partial(_member, step.run, place)
        )
        for place, member in enumerate(model.models_)
        for step in _family_steps(member, methods)
    ]


def _member(run: Run, place: int, model: Any, context: StepContext) -> Any:
    """A step of one member, in a copy of the ensemble."""
    found = copy.copy(model)
    found.models_ = [*model.models_[:place], run(model.models_[place], context), *model.models_[place + 1 :]]
    return found


def _inside_wavelet(run: Run, model: Any, context: StepContext) -> Any:
    """A step of the learner inside a wavelet model, on the columns that it reads."""
    rows = context.rows
    parts = {
        name: chosen_columns(getattr(rows, name), model.wavelet_positions_) for name in ("train", "validation", "test")
    }
    found = copy.copy(model)
    found.model_ = run(model.model_, replace(context, rows=replace(rows, **parts)))
    return found


def _distilling() -> Step:
    """Distil what the model says by now."""

    def run(teacher: Any, context: StepContext) -> Any:
        return distil(teacher, student_of(teacher), context)

    return Step(name="distil", works_on="model", faithful=False, summary=METHODS["distil"], run=run)
