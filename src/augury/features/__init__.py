"""Causal columns from bars: the Feature contract, the registry and the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.lazy import lazy_exports

if TYPE_CHECKING:
    from augury.features.catalogue.indicators import default_set
    from augury.features.computing import FeatureLike, compute, parse_feature
    from augury.features.feature import Feature, FeatureStream, Output
    from augury.features.registry import FeatureDefinition, definition, definitions, make, register
    from augury.features.stepping import STEP, StepMachine, StepStream
    from augury.features.timeframes import MultiTimeframeSpec, multi_timeframe

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

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "STEP": "augury.features.stepping",
        "Feature": "augury.features.feature",
        "FeatureDefinition": "augury.features.registry",
        "FeatureLike": "augury.features.computing",
        "FeatureStream": "augury.features.feature",
        "MultiTimeframeSpec": "augury.features.timeframes",
        "Output": "augury.features.feature",
        "StepMachine": "augury.features.stepping",
        "StepStream": "augury.features.stepping",
        "compute": "augury.features.computing",
        "default_set": "augury.features.catalogue.indicators",
        "definition": "augury.features.registry",
        "definitions": "augury.features.registry",
        "make": "augury.features.registry",
        "multi_timeframe": "augury.features.timeframes",
        "parse_feature": "augury.features.computing",
        "register": "augury.features.registry",
    },
)
