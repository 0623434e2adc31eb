"""The ONNX graph of a fitted model, by family."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from augury.errors import InvalidInput, nearest
from augury.extras import require
from augury.learning.artefacts.ensemble_graph import chosen_columns_graph, median_graph, weighted_graph
from augury.learning.artefacts.linear_graph import linear_graph
from augury.learning.artefacts.network_graph import network_graph
from augury.learning.artefacts.tree_graph import tree_graph

__all__ = ["INPUT_NAMES", "to_onnx"]

INPUT_NAMES = {"tabular": "features", "sequence": "sequence", "image": "image"}


def to_onnx(model: Any) -> Any:
    """One ONNX model (onnx.ModelProto) of a fitted estimator, scaling and softmax included, with any number of rows.

    Inputs are float32: "features" [rows, k], "sequence" [rows, T, k], "image" [rows, height, width] with pixels
    0..255; the output is "probabilities" [rows, classes] or, for a regression, "values" [rows]. Probabilities differ
    from the estimator's by float32 rounding only. An average whose weights follow losses is exported with its latest
    weights.

    The graph passes ONNX's full check. Raises sklearn's NotFittedError, InvalidInput for a model of no known family.
    """
    graph = _graph_of(model)
    require("onnx.checker", extra="learn").check_model(graph, full_check=True)
    return graph


def _graph_of(model: Any) -> Any:
    family = getattr(model, "family", None)
    if family not in _BUILDERS:
        raise InvalidInput(
            f"expected a model of one of the families {', '.join(sorted(_BUILDERS))}; got {type(model).__name__} "
            f"({nearest(str(family), _BUILDERS)})"
        )
    require("sklearn.utils.validation", extra="learn").check_is_fitted(model)
    return _BUILDERS[family](model)


def _classes(model: Any) -> int:
    return int(model.classes_.size) if model.task == "classification" else 0


def _linear(model: Any) -> Any:
    scaler = model.scaler_
    return linear_graph(
        model.coef_,
        model.intercept_,
        centre=scaler.centre,
        scale=scaler.scale,
        clip=scaler.clip,
        classes=_classes(model),
    )


def _trees(model: Any) -> Any:
    return tree_graph(model.booster_, features=model.n_features_in_, classes=_classes(model))


def _wavelet(model: Any) -> Any:
    return chosen_columns_graph(_graph_of(model.model_), model.wavelet_positions_, model.n_features_in_)


def _network(model: Any) -> Any:
    return network_graph(
        model.module_, name=INPUT_NAMES[model.input_kind], shape=tuple(model.input_shape_), classes=_classes(model)
    )


def _average(model: Any) -> Any:
    parts = [_graph_of(member) for member in model.models_]
    return median_graph(parts) if model.combine == "median" else weighted_graph(parts, model.weights_)


def _stack(model: Any) -> Any:
    return weighted_graph([_graph_of(member) for member in model.models_], model.weights_)


_BUILDERS: dict[str, Callable[[Any], Any]] = {
    "linear": _linear,
    "xgboost": _trees,
    "wavelet": _wavelet,
    "lstm": _network,
    "gru": _network,
    "transformer": _network,
    "chart_cnn": _network,
    "average": _average,
    "stack": _stack,
}
