"""Whether chosen parameters stand on a plateau or on a peak."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
from msgspec import Meta

from augury.arrays import FloatMatrix, FloatVector
from augury.errors import InvalidInput
from augury.spec import Spec
from augury.validation.outcome import Outcome

__all__ = ["Plateau", "PlateauSpec", "grid_plateau", "sampled_plateau"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlateauSpec(Spec):
    """Score of a point: mean of its neighbours' values - `penalty` x their standard deviation (ddof 0).

    Neighbours are up to `steps` grid steps away in every parameter (`grid_plateau`), or the `nearest` evaluated points
    after each parameter is replaced by its rank (`sampled_plateau`); the point itself is one of them.
    """

    penalty: Annotated[float, Meta(ge=0.0)] = 0.5
    steps: Annotated[int, Meta(ge=1)] = 2
    nearest: Annotated[int, Meta(ge=10)] = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Plateau(Outcome):
    """`chosen` is the index of the point with the best score, `peak` that of the highest value.

    `ratio` is the mean of the peak's neighbours over the peak's own value: near 1 on a plateau, low on a peak, NaN when
    the peak is not above zero. `positive_share` is how many of those neighbours are above zero. `scores` has the shape
    of the values; NaN where a point has no defined value.
    """

    chosen: tuple[int, ...]
    peak: tuple[int, ...]
    ratio: float
    positive_share: float
    neighbours: int
    scores: FloatVector = field(repr=False, compare=False)


def grid_plateau(values: FloatMatrix, spec: PlateauSpec | None = None) -> Plateau:
    """Plateau scores on a full grid: `values` float64, one axis a parameter, NaN where a combination is not allowed.

    Undefined points (NaN) are left out of the means; minus infinity counts as undefined. Refused without any value.

    >>> import numpy as np
    >>> values = np.array([0.1, 0.2, 3.0, 0.1, 0.1, 0.9, 1.0, 1.0, 0.9, 1.0])
    >>> found = grid_plateau(values, PlateauSpec(steps=1))
    >>> found.peak, found.chosen
    ((2,), (6,))
    """
    spec = spec or PlateauSpec()
    grid = np.where(np.isfinite(values), values, np.nan)
    means, spreads, counts = _neighbourhoods(grid, spec.steps)
    scores = np.where(np.isnan(grid), np.nan, means - spec.penalty * spreads)
    if np.isnan(scores).all():
        return _empty(scores, f"grid, {spec.steps} steps")
    peak = tuple(int(at) for at in np.unravel_index(int(np.nanargmax(grid)), grid.shape))
    around = grid[tuple(slice(max(0, at - spec.steps), at + spec.steps + 1) for at in peak)]
    around = around[~np.isnan(around)]
    return _found(f"grid, {spec.steps} steps", scores, peak, (float(grid[peak]), around), int(counts[peak]))


def sampled_plateau(points: FloatMatrix, values: FloatVector, spec: PlateauSpec | None = None) -> Plateau:
    """Plateau scores of scattered points: `points` float64[k, parameters] with their `values` float64[k].

    Refused below 10 defined values.
    """
    spec = spec or PlateauSpec()
    places = np.asarray(points, dtype=np.float64)
    heights = np.where(np.isfinite(values), values, np.nan)
    if places.ndim != 2 or len(places) != heights.size:
        raise InvalidInput(f"expected points float64[k, parameters] for k values, got {places.shape}, {heights.size}")
    known = np.flatnonzero(~np.isnan(heights))
    scores = np.full(heights.size, np.nan)
    if known.size < 10:
        return _empty(scores, "nearest points")
    ranks = np.argsort(np.argsort(places[known], axis=0, kind="stable"), axis=0) / known.size
    peak = int(np.nanargmax(heights))
    around = np.empty(0)
    count = min(spec.nearest, known.size)
    for row, place in enumerate(known):
        distance = ((ranks - ranks[row]) ** 2).sum(axis=1)
        closest = heights[known[np.argsort(distance, kind="stable")[:count]]]
        scores[place] = closest.mean() - spec.penalty * closest.std()
        if place == peak:
            around = closest
    return _found("nearest points", scores, (peak,), (float(heights[peak]), around), count)


def _neighbourhoods(grid: FloatVector, steps: int) -> tuple[FloatVector, FloatVector, FloatVector]:
    """Mean, standard deviation and count of the defined values within `steps` along every axis, at each point."""
    width = 2 * steps + 1
    padded = np.pad(grid, steps, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (width,) * grid.ndim)
    axes = tuple(range(grid.ndim, 2 * grid.ndim))
    known = ~np.isnan(windows)
    counts = known.sum(axis=axes).astype(np.float64)
    counts[counts == 0.0] = np.nan
    means = np.where(known, windows, 0.0).sum(axis=axes) / counts
    away = np.where(known, windows - means.reshape(means.shape + (1,) * grid.ndim), 0.0)
    return means, np.sqrt((away**2).sum(axis=axes) / counts), counts


def _found(
    method: str, scores: FloatVector, peak: tuple[int, ...], top: tuple[float, FloatVector], neighbours: int
) -> Plateau:
    height, around = top
    chosen = np.unravel_index(int(np.nanargmax(scores)), scores.shape)
    return Plateau(
        method=f"plateau score, {method}",
        chosen=tuple(int(at) for at in chosen),
        peak=peak,
        ratio=float(around.mean()) / height if height > 0.0 else math.nan,
        positive_share=float((around > 0.0).mean()),
        neighbours=neighbours,
        scores=scores,
    )


def _empty(scores: FloatVector, method: str) -> Plateau:
    return Plateau(
        method=f"plateau score, {method}",
        reason=f"{int((~np.isnan(scores)).sum())} defined values are too few",
        chosen=(),
        peak=(),
        ratio=math.nan,
        positive_share=math.nan,
        neighbours=0,
        scores=scores,
    )
