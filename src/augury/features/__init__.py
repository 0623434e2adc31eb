"""Causal columns from bars: the Feature contract, the registry and the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.lazy import lazy_exports

if TYPE_CHECKING:
    from augury.features.catalogue.indicators import default_set
    from augury.features.chart_contract import ChartRenderer, chart_renderer
    from augury.features.chart_image_spec import ChartSpec
    from augury.features.chart_images import ChartSeries, draw_charts, drawable
    from augury.features.chart_png import write_png
    from augury.features.chart_stream import ChartStream
    from augury.features.computing import FeatureLike, compute, parse_feature
    from augury.features.feature import Feature, FeatureStream, Output
    from augury.features.registry import FeatureDefinition, definition, definitions, make, register
    from augury.features.stepping import STEP, StepMachine, StepStream
    from augury.features.timeframes import MultiTimeframeSpec, multi_timeframe
    from augury.features.wavelet_transform import modwt

__all__ = [
    "STEP",
    "ChartRenderer",
    "ChartSeries",
    "ChartSpec",
    "ChartStream",
    "Feature",
    "FeatureDefinition",
    "FeatureLike",
    "FeatureStream",
    "MultiTimeframeSpec",
    "Output",
    "StepMachine",
    "StepStream",
    "chart_renderer",
    "compute",
    "default_set",
    "definition",
    "definitions",
    "draw_charts",
    "drawable",
    "make",
    "modwt",
    "multi_timeframe",
    "parse_feature",
    "register",
    "write_png",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "ChartRenderer": "augury.features.chart_contract",
        "ChartSeries": "augury.features.chart_images",
        "ChartSpec": "augury.features.chart_image_spec",
        "ChartStream": "augury.features.chart_stream",
        "Feature": "augury.features.feature",
        "FeatureDefinition": "augury.features.registry",
        "FeatureLike": "augury.features.computing",
        "FeatureStream": "augury.features.feature",
        "MultiTimeframeSpec": "augury.features.timeframes",
        "Output": "augury.features.feature",
        "STEP": "augury.features.stepping",
        "StepMachine": "augury.features.stepping",
        "StepStream": "augury.features.stepping",
        "chart_renderer": "augury.features.chart_contract",
        "compute": "augury.features.computing",
        "default_set": "augury.features.catalogue.indicators",
        "definition": "augury.features.registry",
        "definitions": "augury.features.registry",
        "draw_charts": "augury.features.chart_images",
        "drawable": "augury.features.chart_images",
        "make": "augury.features.registry",
        "modwt": "augury.features.wavelet_transform",
        "multi_timeframe": "augury.features.timeframes",
        "parse_feature": "augury.features.computing",
        "register": "augury.features.registry",
        "write_png": "augury.features.chart_png",
    },
)
