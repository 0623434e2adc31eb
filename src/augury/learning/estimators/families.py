"""The model families by name: `make_model("lstm(hidden=32)")`; each family's file is loaded when it is asked for."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

from augury.errors import InvalidInput, NotFound, nearest
from augury.learning.data.inputs import InputKind
from augury.text_form import name_and_options

__all__ = ["FAMILIES", "ModelFamily", "family_of", "make_model", "model_text", "parse_model"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFamily:
    """A family of models: where its estimator is, what it reads, which extra it needs, and a sentence about it."""

    name: str
    module: str
    estimator: str
    input_kind: InputKind
    extra: str
    summary: str

    def load(self) -> type[Any]:
        """The estimator class; MissingExtra when its libraries are not installed."""
        found: type[Any] = getattr(importlib.import_module(f"augury.learning.estimators.{self.module}"), self.estimator)
        return found


FAMILIES: dict[str, ModelFamily] = {
    family.name: family
    for family in (
        ModelFamily(
            name="linear",
            module="linear",
            estimator="LinearModel",
            input_kind="tabular",
            extra="learn",
            summary="Penalised logistic or ridge regression on scaled features: the baseline that others must beat.",
        ),
        ModelFamily(
            name="xgboost",
            module="boosted_trees",
            estimator="BoostedTrees",
            input_kind="tabular",
            extra="learn",
            summary="Gradient-boosted trees (XGBoost) with early stopping on a purged block; reads NaN.",
        ),
        ModelFamily(
            name="wavelet",
            module="wavelet_model",
            estimator="WaveletModel",
            input_kind="tabular",
            extra="learn",
            summary="Boosted trees on the wavelet columns of a data set alone.",
        ),
        ModelFamily(
            name="lstm",
            module="recurrent",
            estimator="LstmModel",
            input_kind="sequence",
            extra="deep",
            summary="Long short-term memory network over windows of features.",
        ),
        ModelFamily(
            name="gru",
            module="recurrent",
            estimator="GruModel",
            input_kind="sequence",
            extra="deep",
            summary="Gated recurrent network over windows of features.",
        ),
        ModelFamily(
            name="transformer",
            module="transformer",
            estimator="TransformerModel",
            input_kind="sequence",
            extra="deep",
            summary="Transformer encoder over windows of features, head on the last step.",
        ),
        ModelFamily(
            name="chart_cnn",
            module="chart_cnn",
            estimator="ChartCnn",
            input_kind="image",
            extra="deep",
            summary="Convolutional network over chart images (Jiang, Kelly and Xiu 2023).",
        ),
        ModelFamily(
            name="average",
            module="averaging",
            estimator="AveragedModels",
            input_kind="tabular",
            extra="learn",
            summary="Mean or median of several models, or weights that follow their matured losses.",
        ),
        ModelFamily(
            name="stack",
            module="stacking",
            estimator="StackedModels",
            input_kind="tabular",
            extra="learn",
            summary="Non-negative weights of several models, learnt on purged out-of-fold predictions.",
        ),
    )
}


def family_of(name: str) -> ModelFamily:
    """The family of that name; NotFound, with the nearest names, when there is none."""
    if name not in FAMILIES:
        raise NotFound(f"no model family is named {name!r}; {nearest(name, FAMILIES)}")
    return FAMILIES[name]


def make_model(text: str, **more: Any) -> Any:
    """The estimator that a text names, options as keywords with literal values: `xgboost(max_depth=4)`.

    `more` are options beside those in the text. Raises InvalidInput for text of another form or an unknown option,
    NotFound for an unknown family, MissingExtra when its libraries are not installed.
    """
    name, options = parse_model(text)
    estimator = family_of(name).load()
    options |= more
    known = estimator._get_param_names()
    for option in options:
        if option not in known:
            raise InvalidInput(f"the model family {name!r} has no option {option!r}; {nearest(option, known)}")
    return estimator(**options)


def model_text(model: Any) -> str:
    """The text that makes this estimator again, options that differ from their defaults only."""
    name = next(name for name, family in FAMILIES.items() if family.estimator == type(model).__name__)
    defaults = type(model)().get_params(deep=False)
    changed = {key: value for key, value in model.get_params(deep=False).items() if value != defaults[key]}
    return name + (f"({', '.join(f'{key}={value!r}' for key, value in sorted(changed.items()))})" if changed else "")


def parse_model(text: str) -> tuple[str, dict[str, Any]]:
    """The family's name and the options that a text names; InvalidInput for text of another form.

    >>> parse_model("xgboost(max_depth=4)")
    ('xgboost', {'max_depth': 4})
    """
    return name_and_options(text, "a model such as 'xgboost' or 'lstm(hidden=32)'")
