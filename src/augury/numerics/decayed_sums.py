"""Exponentially decayed sums over scored documents: O(1) memory, O(1) per document, never changed by being looked at.

A document of score s and weight w that became known at a counts with weight w * exp(-(t - a) / tau) at time t.
Moments are kept centred (mean, sum of squared and cubed deviations), so the mean between two documents is one
constant, bit for bit, and a run of equal scores has a spread of exactly zero. Weighted one-pass update: West (1979);
third moment: Pebay (2008), equation 2.1 with a second sample of one element. Own sums (`OWN_FIELDS` of them) describe
one ticker, group sums (`GROUP_FIELDS`) a market or a sector.
"""

from __future__ import annotations

from math import exp
from typing import Any

from augury.numerics.compile import kernel

__all__ = ["GROUP_FIELDS", "OWN_FIELDS", "add_to_group", "add_to_own", "decay_group", "decay_own"]

# Own sums.
WEIGHT = 0  # sum of w
MEAN = 1  # weighted mean of s
SQUARES = 2  # sum of w (s - mean)^2
CUBES = 3  # sum of w (s - mean)^3
POSITIVE = 4  # sum of w over s above the class threshold
NEGATIVE = 5  # sum of w over s below minus the class threshold
NEUTRAL = 6  # sum of w over the rest
WEIGHT_SQUARED = 7  # sum of w^2, so it decays twice as fast
NOVEL = 8  # sum of w over novel documents
FAST_WEIGHT = 9  # sum of w, decaying with tau / 4
FAST_MEAN = 10  # weighted mean of s, decaying with tau / 4
COUNT = 11  # documents ever added; does not decay
OWN_FIELDS = 12

# Group sums.
GROUP_WEIGHT = 0  # sum of w over every member's documents
GROUP_SCORE = 1  # sum of w s
GROUP_BETWEEN = 2  # sum over members of (their W) (their mean)^2
GROUP_MEMBERS = 3  # members that ever had a document; does not decay
GROUP_FIELDS = 4

FAST_RATIO = 4.0  # the second set of sums decays this many times faster


@kernel("void(float64[::1], int64, float64, float64[::1])")
def decay_own(sums: Any, elapsed_ns: Any, tau_ns: Any, out: Any) -> None:
    """Write into `out` what `sums` have become `elapsed_ns` later; `out` may be `sums` itself."""
    factor = exp(-elapsed_ns / tau_ns)
    out[WEIGHT] = sums[WEIGHT] * factor
    out[MEAN] = sums[MEAN]
    for field in range(SQUARES, WEIGHT_SQUARED):
        out[field] = sums[field] * factor
    out[WEIGHT_SQUARED] = sums[WEIGHT_SQUARED] * (factor * factor)
    out[NOVEL] = sums[NOVEL] * factor
    out[FAST_WEIGHT] = sums[FAST_WEIGHT] * exp(-elapsed_ns * FAST_RATIO / tau_ns)
    out[FAST_MEAN] = sums[FAST_MEAN]
    out[COUNT] = sums[COUNT]


@kernel("void(float64[::1], int64, float64, float64[::1])")
def decay_group(sums: Any, elapsed_ns: Any, tau_ns: Any, out: Any) -> None:
    """Write into `out` what group `sums` have become `elapsed_ns` later; `out` may be `sums` itself."""
    factor = exp(-elapsed_ns / tau_ns)
    for field in range(GROUP_MEMBERS):
        out[field] = sums[field] * factor
    out[GROUP_MEMBERS] = sums[GROUP_MEMBERS]


@kernel("void(float64[::1], float64, float64, float64, float64)")
def add_to_own(sums: Any, score: Any, weight: Any, novel: Any, class_threshold: Any) -> None:
    """Add one document to sums that are already decayed to the moment at which it became known."""
    before = sums[WEIGHT]
    total = before + weight
    if before > 0.0:
        delta = score - sums[MEAN]
        share = weight / total
        sums[CUBES] += delta * share * (delta * delta * before * (before - weight) / total - 3.0 * sums[SQUARES])
        sums[SQUARES] += delta * delta * before * share
        sums[MEAN] += delta * share
    else:
        sums[MEAN] = score
        sums[SQUARES] = 0.0
        sums[CUBES] = 0.0
    sums[WEIGHT] = total
    if score > class_threshold:
        sums[POSITIVE] += weight
    elif score < -class_threshold:
        sums[NEGATIVE] += weight
    else:
        sums[NEUTRAL] += weight
    sums[WEIGHT_SQUARED] += weight * weight
    sums[NOVEL] += weight * novel
    fast_total = sums[FAST_WEIGHT] + weight
    if sums[FAST_WEIGHT] > 0.0:
        sums[FAST_MEAN] += (score - sums[FAST_MEAN]) * (weight / fast_total)
    else:
        sums[FAST_MEAN] = score
    sums[FAST_WEIGHT] = fast_total
    sums[COUNT] += 1.0


@kernel("void(float64[::1], float64[::1], float64[::1], float64, float64)")
def add_to_group(group: Any, member_before: Any, member_after: Any, score: Any, weight: Any) -> None:
    """Add one document to group sums; the member's own sums just before and after it keep the spread between
    members."""
    group[GROUP_WEIGHT] += weight
    group[GROUP_SCORE] += weight * score
    group[GROUP_BETWEEN] += (
        member_after[WEIGHT] * member_after[MEAN] * member_after[MEAN]
        - member_before[WEIGHT] * member_before[MEAN] * member_before[MEAN]
    )
    if member_before[COUNT] == 0.0:
        group[GROUP_MEMBERS] += 1.0
