"""Fewer points for the eye: what a screen cannot show is left out, extremes never are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from augury.arrays import FloatMatrix, FloatVector, IntVector

__all__ = ["keep_extremes", "merge_bars"]


def keep_extremes(curves: Sequence[FloatVector], buckets: int) -> IntVector:
    """Positions to draw, increasing: in each of `buckets` spans the lowest and highest point of each curve; both ends.

    Global extremes are extremes of their span, hence kept. NaN counts as neither; everything is kept when there are at
    most 2 x buckets points.
    """
    size = len(curves[0])
    if size <= 2 * buckets:
        return np.arange(size)
    starts = np.linspace(0, size, buckets + 1).astype(np.int64)[:-1]
    kept = [np.array([0, size - 1])]
    for curve in curves:
        for sign in (1.0, -1.0):
            values = np.where(np.isnan(curve), np.inf, sign * curve)
            lowest = np.minimum.reduceat(values, starts)
            is_lowest = values == np.repeat(lowest, np.diff(np.append(starts, size)))
            positions = np.where(is_lowest, np.arange(size), size)
            kept.append(np.minimum.reduceat(positions, starts))
        if np.isnan(curve).any():  # the edges of a gap, so that it is seen
            kept.append(np.flatnonzero(np.diff(np.isnan(curve).astype(np.int8)))[: 2 * buckets])
    positions = np.unique(np.concatenate(kept))
    return positions[positions < size]


def merge_bars(opened_at: IntVector, matrix: FloatMatrix, most: int) -> tuple[IntVector, FloatMatrix, int]:
    """At most `most` bars: k neighbours become one (first open, high, low, last close, sum of volume); and k."""
    size = len(opened_at)
    run = -(-size // most)
    if run <= 1:
        return opened_at, matrix, 1
    starts = np.arange(0, size, run)
    ends = np.append(starts[1:], size) - 1
    merged = np.stack(
        [
            matrix[0, starts],
            np.fmax.reduceat(matrix[1], starts),
            np.fmin.reduceat(matrix[2], starts),
            matrix[3, ends],
            np.add.reduceat(np.nan_to_num(matrix[4], nan=0.0), starts),
        ]
    )
    return opened_at[starts], merged, run
