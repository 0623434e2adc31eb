"""Causal columns from bars: the Feature contract, the registry and the catalogue."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from augury.features.catalogue.indicators import default_set
    from augury.features.computing import FeatureLike, compute, parse_feature
    from augury.features.feature import Feature, FeatureStream, Output
    from augury.features.registry import FeatureDefinition, definition, definitions, make, register
    from augury.features.stepping import STEP, StepMachine, StepStream
    from augury.features.timeframes import MultiTimeframeSpec, multi_timeframe

_HOMES = {
    "STEP": "stepping",
    "Feature": "feature",
    "FeatureDefinition": "registry",
    "FeatureLike": "computing",
    "FeatureStream": "feature",
    "MultiTimeframeSpec": "timeframes",
    "Output": "feature",
    "StepMachine": "stepping",
    "StepStream": "stepping",
    "compute": "computing",
    "default_set": "catalogue.indicators",
    "definition": "registry",
    "definitions": "registry",
    "make": "registry",
    "multi_timeframe": "timeframes",
    "parse_feature": "computing",
    "register": "registry",
}

__all__ = [
    "STEP",
    "Feature",
    "FeatureDefinition",
    "FeatureLike",
    "FeatureStream",
    "MultiTimeframeSpec",
    "Output",
    "StepMachine",
    "StepStream",
    "compute",
    "default_set",
    "definition",
    "definitions",
    "make",
    "multi_timeframe",
    "parse_feature",
    "register",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"augury.features.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'augury.features' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
