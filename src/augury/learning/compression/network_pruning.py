"""Structured pruning of networks: whole units, heads and filters are taken out of the weights, then trained on."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from augury.arrays import IntVector
from augury.errors import Refused
from augury.extras import require
from augury.learning.artefacts.network_state import adopt_weights
from augury.learning.compression.fine_tuning import fine_tune
from augury.learning.compression.step import StepContext

__all__ = ["cut_units", "mask_weights", "prune_units"]

_MASKED_SHARE = 0.5
Weights = dict[str, Any]


def prune_units(model: Any, context: StepContext) -> Any:
    """Cut the weakest units of every layer, physically, and train on for a tenth of the epochs.

    `cut_share` of the hidden units (recurrent) or filters (chart networks), chosen by the norm of all weights at them;
    in Transformers the share of heads and feed-forward units that takes out as many parameters. Raises Refused for
    networks too small to cut and for chart networks with residual or attention parts.

    Source: Li et al. (2017), "Pruning filters for efficient ConvNets", ICLR.
    """
    return fine_tune(cut_units(model, context.bounds.cut_share), context)


def cut_units(model: Any, share: float) -> Any:
    """The model with its weakest units cut and nothing trained."""
    kind = "chart" if model.family == "chart_cnn" else "transformer" if model.family == "transformer" else "recurrent"
    options, cutter = _CUTTERS[kind](model, share)
    found = copy.copy(model)
    for name, value in options.items():
        setattr(found, name, value)
    spec = found.checked_options()
    module = copy.deepcopy(model.module_)
    outputs = int(model.classes_.size) if model.task == "classification" else 1
    torch = require("torch", extra="deep")
    with torch.random.fork_rng(devices=[]):
        for place, member in enumerate(model.module_.members):
            smaller = found.network(spec, tuple(model.input_shape_), outputs)
            weights = {name: value.detach().numpy() for name, value in member.state_dict().items()}
            module.members[place] = adopt_weights(smaller, cutter(weights))
    found.module_ = module.eval()
    return found


def mask_weights(model: Any, context: StepContext) -> Any:  # noqa: ARG001 - a step's form
    """Unstructured pruning: the half of each weight matrix that is smallest becomes zero, where it stays.

    It is here to be measured: zeros take as many bytes and as long to multiply, so that no certificate accepts it.
    """
    torch = require("torch", extra="deep")
    found = copy.copy(model)
    found.module_ = copy.deepcopy(model.module_)
    with torch.no_grad():
        for name, weight in found.module_.members.named_parameters():
            if weight.ndim >= 2 and "weight" in name:
                weight[weight.abs() < weight.abs().flatten().quantile(_MASKED_SHARE)] = 0.0
    return found


def _kept(count: int, share: float, least: int = 1) -> int:
    """How many of `count` units stay: a multiple of 4 where there are many, since processors work in such groups."""
    keep = max(least, round(count * (1.0 - share)))
    keep = max(4, 4 * round(keep / 4)) if count >= 16 else keep
    if keep >= count:
        raise Refused(f"{count} units are too few to cut {share:.0%} of them")
    return keep


def _strongest(norms: Any, keep: int) -> IntVector:
    return np.sort(np.argsort(-norms, kind="stable")[:keep]).astype(np.int64)


def _squares(values: Any, axis: int) -> Any:
    """Sum of squares over all axes but one."""
    return (np.moveaxis(values, axis, 0).reshape(values.shape[axis], -1) ** 2).sum(axis=1)


def _recurrent(model: Any, share: float) -> tuple[dict[str, int], Callable[[Weights], Weights]]:
    gates = 4 if model.family == "lstm" else 3
    hidden, keep = model.hidden, _kept(model.hidden, share)

    def cut(weights: Weights) -> Weights:
        found: Weights = {}
        before: IntVector | None = None
        for layer in range(model.layers):
            names = {part: f"recurrent.{part}_l{layer}" for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
            rows = {part: weights[name].reshape(gates, hidden, -1) for part, name in names.items()}
            after = f"recurrent.weight_ih_l{layer + 1}" if layer + 1 < model.layers else "head.weight"
            norms = _squares(rows["weight_ih"], 1) + _squares(rows["weight_hh"], 1)
            kept = _strongest(norms + _squares(rows["weight_hh"], 2) + _squares(weights[after], 1), keep)
            for part, name in names.items():
                values = rows[part][:, kept]
                if part == "weight_hh":
                    values = values[:, :, kept]
                elif part == "weight_ih" and before is not None:
                    values = values[:, :, before]
                flat = values.reshape(gates * keep, -1)
                found[name] = flat[:, 0] if weights[name].ndim == 1 else flat
            before = kept
        return found | {"head.weight": weights["head.weight"][:, before], "head.bias": weights["head.bias"]}

    return {"hidden": keep}, cut


def _transformer(model: Any, share: float) -> tuple[dict[str, int], Callable[[Weights], Weights]]:
    share = 1.0 - (1.0 - share) ** 2
    width = model.width // model.heads
    hidden = model.module_.members[0].blocks[0].feed_in.out_features
    keep = _kept(hidden, share)
    heads = model.module_.members[0].blocks[0].attention.heads
    keep_heads = max(1, round(heads * (1.0 - share)))

    def cut(weights: Weights) -> Weights:
        found = dict(weights)
        for block in range(model.blocks):
            at = f"blocks.{block}."
            norms = _squares(weights[f"{at}feed_in.weight"], 0) + _squares(weights[f"{at}feed_out.weight"], 1)
            units = _strongest(norms, keep)
            for name in ("feed_in.weight", "feed_in.bias"):
                found[at + name] = weights[at + name][units]
            found[f"{at}feed_out.weight"] = weights[f"{at}feed_out.weight"][:, units]
            parts = [f"{at}attention.{part}" for part in ("query", "key", "value")]
            norm = _squares(weights[f"{at}attention.out.weight"], 1)
            norm = norm + sum(_squares(weights[f"{part}.weight"], 0) for part in parts)
            chosen = _strongest(norm.reshape(heads, width).sum(axis=1), keep_heads)
            places = (chosen[:, None] * width + np.arange(width)).ravel()
            for part in parts:
                for name in (f"{part}.weight", f"{part}.bias"):
                    found[name] = weights[name][places]
            found[f"{at}attention.out.weight"] = weights[f"{at}attention.out.weight"][:, places]
        return found

    return {"feed_forward": keep}, cut


def _chart(model: Any, share: float) -> tuple[dict[str, int], Callable[[Weights], Weights]]:
    if model.variant not in ("published", "simple"):
        raise Refused(f"filters are cut from the variants published and simple, not from {model.variant!r}")
    keep = _kept(model.channels, share)

    def cut(weights: Weights) -> Weights:
        found: Weights = {}
        before: IntVector | None = None
        layers = sorted({int(name.split(".")[1]) for name in weights if name.startswith("blocks.")})
        for place, layer in enumerate(layers[::2]):
            filters, norm = f"blocks.{layer}.", f"blocks.{layers[2 * place + 1]}."
            strength = _squares(weights[f"{filters}weight"], 0) * weights[f"{norm}weight"] ** 2
            kept = _strongest(strength, keep << place)
            values = weights[f"{filters}weight"][kept]
            found[f"{filters}weight"] = values if before is None else values[:, before]
            found[f"{filters}bias"] = weights[f"{filters}bias"][kept]
            for name in ("weight", "bias", "running_mean", "running_var"):
                found[norm + name] = weights[norm + name][kept]
            found[f"{norm}num_batches_tracked"] = weights[f"{norm}num_batches_tracked"]
            last, before = strength.size, kept
        head = weights["head.weight"]
        found["head.weight"] = head.reshape(head.shape[0], last, -1)[:, before].reshape(head.shape[0], -1)
        return found | {"head.bias": weights["head.bias"]}

    return {"channels": keep}, cut


_CUTTERS: dict[str, Callable[[Any, float], tuple[dict[str, int], Callable[[Weights], Weights]]]] = {
    "recurrent": _recurrent,
    "transformer": _transformer,
    "chart": _chart,
}
