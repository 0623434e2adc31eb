"""Planted leaks: mistakes that must be found, each with a clean twin that must not be."""

from __future__ import annotations

from augury.testing.planted import events, filling, fitting, news, scaling, smoothing, timeframes, universe, windows
from augury.testing.planted.inputs import planted_inputs
from augury.testing.planted.twins import Twins

__all__ = ["PLANTED", "Twins", "planted_inputs"]

_ROOMS = (windows, scaling, filling, smoothing, timeframes, events, fitting, news, universe)

PLANTED: dict[str, Twins] = {twins.name: twins for room in _ROOMS for twins in room.TWINS}
