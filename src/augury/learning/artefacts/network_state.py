"""Weights of a network taken out as arrays and put back, cut layers included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from augury.errors import InvalidArtefact
from augury.extras import require

__all__ = ["adopt_weights", "network_arrays", "network_of_arrays"]

Arrays = Mapping[str, npt.NDArray[Any]]


def network_arrays(model: Any) -> dict[str, npt.NDArray[Any]]:
    """Everything in the served module, scaling included, by name."""
    return {name: value.detach().cpu().numpy() for name, value in model.module_.state_dict().items()}


def network_of_arrays(model: Any, arrays: Arrays, shape: tuple[int, int], outputs: int) -> Any:
    """The served module of an unfitted model with these arrays; `shape` is that of a row, `outputs` counts scores.

    Raises InvalidArtefact when they are not those of such a module.
    """
    torch = require("torch", extra="deep")
    from augury.learning.estimators.served_network import ColumnScaling, PixelScaling, ServedNetwork

    options = model.checked_options()
    with torch.random.fork_rng(devices=[]):
        members = [model.network(options, shape, outputs) for _ in range(model.members)]
    unit = np.ones(shape[1])
    scaling = PixelScaling() if model.input_kind == "image" else ColumnScaling(unit, unit)
    target = None if model.task == "classification" else (0.0, 1.0)
    return adopt_weights(ServedNetwork(scaling, members, target), arrays).eval()


def adopt_weights(module: Any, arrays: Arrays) -> Any:
    """The module with these weights; linear layers and convolutions take the sizes that the weights have.

    Raises InvalidArtefact for missing, unknown or unfitting arrays.
    """
    torch = require("torch", extra="deep")
    mine = module.state_dict()
    if set(mine) != set(arrays):
        odd = sorted(set(mine) ^ set(arrays))[:5]
        raise InvalidArtefact(f"the weights are not those of this network ({', '.join(odd)}); export the model again")
    for name, layer in module.named_modules():
        prefix = f"{name}." if name else ""
        _resize(torch, layer, prefix, arrays)
    try:
        module.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in arrays.items()})
    except (RuntimeError, TypeError) as error:
        raise InvalidArtefact(f"the weights do not fit this network: {str(error)[:200]}; export it again") from error
    return module


def _resize(torch: Any, layer: Any, prefix: str, arrays: Arrays) -> None:
    """Give a layer the sizes of its arrays; what it holds by then does not matter."""
    nn = torch.nn
    if isinstance(layer, nn.Linear):
        layer.out_features, layer.in_features = arrays[f"{prefix}weight"].shape
    elif isinstance(layer, nn.Conv2d):
        layer.out_channels, layer.in_channels = arrays[f"{prefix}weight"].shape[:2]
    elif isinstance(layer, nn.BatchNorm2d):
        layer.num_features = arrays[f"{prefix}weight"].shape[0]
    else:
        if hasattr(layer, "width_of_head"):
            layer.heads = arrays[f"{prefix}query.weight"].shape[0] // layer.width_of_head
        return
    for name, value in layer.named_parameters(recurse=False):
        if tuple(value.shape) != arrays[prefix + name].shape:
            setattr(layer, name, nn.Parameter(torch.empty(arrays[prefix + name].shape)))
    for name, value in layer.named_buffers(recurse=False):
        if tuple(value.shape) != arrays[prefix + name].shape:
            setattr(layer, name, torch.empty(arrays[prefix + name].shape))
