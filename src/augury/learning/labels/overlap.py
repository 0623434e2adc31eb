"""How much labels overlap: concurrency, average uniqueness, attribution by return, decay with age.

The label of bar t that ends at bar e is made of the returns of bars t + 1 .. e. Source: Lopez de Prado (2018),
"Advances in Financial Machine Learning", chapter 4, sections 4.3 to 4.7.
"""

from __future__ import annotations

import numpy as np

from augury.arrays import FloatVector, IntVector
from augury.errors import InvalidInput

__all__ = ["age_decay", "average_uniqueness", "concurrency", "return_attribution"]


def concurrency(start: IntVector, end: IntVector, bars: int) -> IntVector:
    """How many labels are made of the return of each bar, int64[bars].

    Labels `start` int64[m] to `end` int64[m] (bars, start < end < bars) count at start + 1 .. end. Raises InvalidInput
    for labels outside the series or without length.

    >>> concurrency(np.array([0, 2, 4]), np.array([3, 4, 6]), 7).tolist()
    [0, 1, 1, 2, 1, 1, 1]
    """
    start, end = _checked(start, end, bars)
    steps = np.bincount(start + 1, minlength=bars + 1) - np.bincount(end + 1, minlength=bars + 1)
    counts: IntVector = np.cumsum(steps)[:bars]
    return counts


def average_uniqueness(start: IntVector, end: IntVector, bars: int) -> FloatVector:
    """The mean of 1 / concurrency over the returns that each label is made of, float64[m] in (0, 1].

    The three labels of the book's example:

    >>> average_uniqueness(np.array([0, 2, 4]), np.array([3, 4, 6]), 7).round(4).tolist()
    [0.8333, 0.75, 1.0]
    """
    shares = 1.0 / np.maximum(concurrency(start, end, bars), 1)
    found: FloatVector = _sums_over(shares, start, end) / (end - start)
    return found


def return_attribution(start: IntVector, end: IntVector, log_returns: FloatVector) -> FloatVector:
    """The absolute log return of each label with every bar's shared among the labels that hold it, float64[m].

    `log_returns` float64[bars] holds the return to each bar from the one before; its first value is not read.
    """
    shares = log_returns / np.maximum(concurrency(start, end, log_returns.size), 1)
    found: FloatVector = np.abs(_sums_over(shares, start, end))
    return found


def age_decay(uniqueness: FloatVector, oldest_weight: float) -> FloatVector:
    """Factors float64[m] that fall linearly with cumulative uniqueness, from 1 for the newest label.

    Labels stand in order of time. The oldest gets `oldest_weight` in [0, 1]; below 0 (above -1) the oldest part of that
    size gets nothing; 1 means no decay.

    >>> age_decay(np.ones(4), -0.5).tolist()
    [0.0, 0.0, 0.5, 1.0]
    """
    if not -1.0 < oldest_weight <= 1.0:
        raise InvalidInput(f"oldest_weight should lie above -1 and be at most 1, got {oldest_weight}")
    age = np.cumsum(uniqueness)
    total = age[-1] if age.size else 1.0
    slope = (1.0 - oldest_weight) / total if oldest_weight >= 0.0 else 1.0 / ((1.0 + oldest_weight) * total)
    factors: FloatVector = np.maximum(1.0 - slope * (total - age), 0.0)
    return factors


def _sums_over(values: FloatVector, start: IntVector, end: IntVector) -> FloatVector:
    """Sums of values[start + 1 .. end]."""
    before = np.concatenate([[0.0], np.cumsum(values[1:])])
    found: FloatVector = before[end] - before[start]
    return found


def _checked(start: IntVector, end: IntVector, bars: int) -> tuple[IntVector, IntVector]:
    start, end = np.asarray(start, dtype=np.int64), np.asarray(end, dtype=np.int64)
    bad = np.flatnonzero((start < 0) | (end <= start) | (end >= bars))
    if bad.size:
        at = int(bad[0])
        raise InvalidInput(
            f"expected labels from a bar to a later one of {bars} bars, got {start[at]} to {end[at]} (label {at}); "
            "leave unknown labels out"
        )
    return start, end
