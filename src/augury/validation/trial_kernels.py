"""Grouping thousands of trials by the likeness of their returns, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.numerics.compile import kernel

__all__ = ["leader_groups"]


@kernel("int64(float64[:, ::1], int64[::1], float64, int64[::1])")
def leader_groups(scores: Any, order: Any, threshold: Any, groups: Any) -> Any:
    """Group each trial, in this order, with the leader it correlates most with above `threshold`, or make it one.

    scores float64[trials, bars] with zero mean and unit length each; the group of trial i into groups[i] (numbered
    as leaders were found); returns how many groups. Work: trials x groups x bars.
    """
    leaders = np.empty(order.shape[0], dtype=np.int64)
    count = 0
    for trial in order:
        best, closest = threshold, -1
        for group in range(count):
            likeness = 0.0
            for t in range(scores.shape[1]):
                likeness += scores[trial, t] * scores[leaders[group], t]
            if likeness > best:
                best, closest = likeness, group
        if closest < 0:
            leaders[count] = trial
            closest = count
            count += 1
        groups[trial] = closest
    return count
