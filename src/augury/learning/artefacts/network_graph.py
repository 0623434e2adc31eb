"""A PyTorch network as an ONNX graph, scaler and softmax included."""

from __future__ import annotations

import copy
import io
import warnings
from typing import Any

from augury.extras import require
from augury.learning.artefacts.graph_building import OPSET

__all__ = ["network_graph"]


def network_graph(module: Any, *, name: str, shape: tuple[int, ...], classes: int) -> Any:
    """The graph of a module from input `name`, float32 [rows, *shape], to probabilities or, for 0 classes, values.

    The module is copied, so where it lives and its mode stay as they are. Raises MissingExtra without PyTorch.
    """
    torch = require("torch", extra="deep")
    onnx = require("onnx", extra="learn")
    still = copy.deepcopy(module).cpu().float().eval()
    output = "probabilities" if classes else "values"
    example = torch.linspace(0.0, 1.0, 3 * _size(shape)).reshape(3, *shape)
    written = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # of the exporter about itself: it is the one that keeps LSTM one operator
        torch.onnx.export(
            still,
            (example,),
            written,
            dynamo=False,
            input_names=[name],
            output_names=[output],
            dynamic_axes={name: {0: "rows"}, output: {0: "rows"}},
            opset_version=OPSET,
        )
    return onnx.load_model_from_string(written.getvalue())


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for length in shape:
        size *= length
    return size
