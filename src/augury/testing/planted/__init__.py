"""Planted leaks: mistakes that must be found, each with a clean twin that must not be."""

from __future__ import annotations

from augury.testing.planted import (
    events,
    filling,
    fitting,
    news,
    portfolios,
    position_fitting,
    position_timing,
    scaling,
    smoothing,
    timeframes,
    universe,
    windows,
)
from augury.testing.planted.inputs import planted_inputs
from augury.testing.planted.twins import Twins

__all__ = ["PLANTED", "PLANTED_STRATEGIES", "Twins", "planted_inputs"]

_VALUES = (windows, scaling, filling, smoothing, timeframes, events, fitting, news, universe)
_POSITIONS = (position_timing, position_fitting, portfolios)

PLANTED: dict[str, Twins] = {twins.name: twins for room in (*_VALUES, *_POSITIONS) for twins in room.TWINS}
PLANTED_STRATEGIES: dict[str, Twins] = {twins.name: twins for room in _POSITIONS for twins in room.TWINS}
"""Those of `PLANTED` that answer with target positions, or with the weights of a portfolio."""
