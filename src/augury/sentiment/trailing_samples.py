"""Kernels over the trailing grid samples of one ticker: contrarian correlation, surprise, quantiles.

`samples` is float64[h, 6], oldest first, now last: the ticker's mean sentiment, its market's and its sector's mean
without it, the spread between the members of each, and the number of its documents so far. NaN marks what was not
known.
"""

from __future__ import annotations

from math import atanh, floor, sqrt
from typing import Any

import numpy as np

from augury.numerics.compile import kernel

__all__ = ["contrarian_from_samples", "quantiles_from_samples", "surprise_from_samples"]

OWN = 0
MARKET = 1
SECTOR = 2
SPREAD = 3  # market, sector
DOCUMENTS = 5
SAMPLE = 6

# Where each constant of `ContrarianSpec.vector` sits.
WINDOW = 0
LEAST_CHANGES = 1
LEAST_NEW = 2
CORRELATION = 3
Z_BOUND = 4

# Output of the contrarian kernel.
C_CORRELATION = 0
C_FLAG = 1
C_BOUND = 2
C_CHANGES = 3
C_NEW = 4
C_FIELDS = 5

FLAT = 1e-9
NAN = float("nan")


@kernel("void(float64[:, ::1], int64, float64[::1], float64[::1])")
def contrarian_from_samples(samples: Any, reference: Any, params: Any, out: Any) -> None:
    """Correlation of changes against a reference column, its upper bound and the flag; NaN where not computable."""
    for field in range(C_FIELDS):
        out[field] = NAN
    last = samples.shape[0] - 1
    start = max(1, samples.shape[0] - int(params[WINDOW]))
    changes = 0
    new = 0
    own_sum = 0.0
    reference_sum = 0.0
    for t in range(start, last + 1):
        own = samples[t, OWN] - samples[t - 1, OWN]
        other = samples[t, reference] - samples[t - 1, reference]
        if np.isfinite(own) and np.isfinite(other):
            changes += 1
            own_sum += own
            reference_sum += other
            if samples[t, DOCUMENTS] > samples[t - 1, DOCUMENTS]:
                new += 1
    out[C_CHANGES] = changes
    out[C_NEW] = new
    known_now = last >= 0 and np.isfinite(samples[last, OWN]) and np.isfinite(samples[last, reference])
    if not known_now or changes < params[LEAST_CHANGES] or new < params[LEAST_NEW]:
        return
    own_mean = own_sum / changes
    reference_mean = reference_sum / changes
    own_squares = 0.0
    reference_squares = 0.0
    products = 0.0
    squared_products = 0.0
    for t in range(start, last + 1):
        own = samples[t, OWN] - samples[t - 1, OWN] - own_mean
        other = samples[t, reference] - samples[t - 1, reference] - reference_mean
        if np.isfinite(own) and np.isfinite(other):
            product = own * other
            own_squares += own * own
            reference_squares += other * other
            products += product
            squared_products += product * product
    if own_squares <= changes * FLAT * FLAT or reference_squares <= changes * FLAT * FLAT:
        return
    correlation = max(-1.0, min(1.0, products / sqrt(own_squares * reference_squares)))
    effective = float(changes)
    if squared_products > 0.0:
        effective = min(effective, own_squares * reference_squares / squared_products)
    bound = 1.0
    if effective > 3.0 and abs(correlation) < 1.0:
        bound = np.tanh(atanh(correlation) + params[Z_BOUND] / sqrt(effective - 3.0))
    elif effective > 3.0:
        bound = correlation
    out[C_CORRELATION] = correlation
    out[C_BOUND] = bound
    out[C_FLAG] = 1.0 if correlation <= params[CORRELATION] and bound < 0.0 else 0.0


@kernel("float64(float64[:, ::1], int64, int64)")
def surprise_from_samples(samples: Any, window: Any, least: Any) -> Any:
    """(now - mean) / sample standard deviation of the last `window` own values before now, NaN ones left out."""
    last = samples.shape[0] - 1
    start = max(0, last - window)
    known = 0
    total = 0.0
    for t in range(start, last):
        if np.isfinite(samples[t, OWN]):
            known += 1
            total += samples[t, OWN]
    if known < least:
        return NAN
    mean = total / known
    squares = 0.0
    for t in range(start, last):
        if np.isfinite(samples[t, OWN]):
            squares += (samples[t, OWN] - mean) * (samples[t, OWN] - mean)
    spread = sqrt(squares / (known - 1))
    if spread <= FLAT:
        return NAN
    return (samples[last, OWN] - mean) / spread


@kernel("void(float64[:, ::1], int64, int64, float64[::1], float64[::1])")
def quantiles_from_samples(samples: Any, window: Any, least: Any, levels: Any, out: Any) -> None:
    """Quantiles (linear interpolation, as NumPy's) of the last `window` known own values before now; NaN if too few."""
    last = samples.shape[0] - 1
    values = np.empty(window)
    known = 0
    for t in range(max(0, last - window), last):
        if np.isfinite(samples[t, OWN]):
            values[known] = samples[t, OWN]
            known += 1
    if known < least:
        for i in range(levels.shape[0]):
            out[i] = NAN
        return
    ranked = np.sort(values[:known])
    for i in range(levels.shape[0]):
        place = levels[i] * (known - 1)
        below = floor(place)
        above = min(below + 1, known - 1)
        share = place - below
        step = ranked[above] - ranked[below]
        out[i] = ranked[below] + step * share if share < 0.5 else ranked[above] - step * (1.0 - share)
