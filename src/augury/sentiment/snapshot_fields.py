"""The snapshot's fields from decayed sums: constant time, the same numbers as `snapshot` computes from the
documents."""

from __future__ import annotations

from math import log, sqrt
from typing import Any

from augury.numerics.compile import kernel
from augury.numerics.decayed_sums import (
    COUNT,
    CUBES,
    FAST_MEAN,
    FAST_WEIGHT,
    MEAN,
    NEGATIVE,
    NEUTRAL,
    NOVEL,
    POSITIVE,
    SQUARES,
    WEIGHT,
    WEIGHT_SQUARED,
)

__all__ = ["fields_from_sums"]

# Where each constant sits in the parameter vector (see `SnapshotSpec.vector`).
TAU_NS = 0
CLASS_THRESHOLD = 1
MIN_WEIGHT = 2
SHRINKAGE = 3
STD_FLOOR = 4
SHARPE_DOCUMENTS = 5
CLASS_SHARE = 6

# Where each field sits in the output.
F_VALID = 0
F_DOCUMENTS = 1
F_WEIGHT = 2
F_N_EFF = 3
F_MEAN = 4
F_MEAN_SHRUNK = 5
F_STD = 6
F_SKEW = 7
F_ENTROPY = 8
F_DISAGREEMENT = 9
F_NOVELTY = 10
F_MOMENTUM = 11
F_SHARPE_LIKE = 12
F_T_LIKE = 13
FIELDS = 14

ROUNDING = 1e-9  # an effective number of 4.9999999999 documents is 5
FLAT_VARIANCE = 1e-18  # below it every score is the same and the shape of their distribution is unknown
LOG3 = log(3.0)
NAN = float("nan")


@kernel("float64(float64[::1], float64, float64)")
def _entropy(sums: Any, n_eff: Any, least_share: Any) -> Any:
    """Entropy of the three class shares over ln 3, with Miller and Madow's (1955) correction, at most 1."""
    total = sums[POSITIVE] + sums[NEGATIVE] + sums[NEUTRAL]
    entropy = 0.0
    classes = 0
    for field in (POSITIVE, NEGATIVE, NEUTRAL):
        share = sums[field] / total
        if share > 0.0:
            entropy -= share * log(share)
        if share >= least_share:
            classes += 1
    return min(1.0, (entropy + (classes - 1) / (2.0 * n_eff)) / LOG3)


@kernel("void(float64[::1], float64[::1], float64[::1])")
def fields_from_sums(sums: Any, params: Any, out: Any) -> None:
    """Write every field from one ticker's sums, decayed to the moment of interest; NaN where there is no knowing."""
    for field in range(FIELDS):
        out[field] = NAN
    total = sums[WEIGHT]
    if not (sums[COUNT] > 0.0 and total >= params[MIN_WEIGHT]):
        out[F_VALID] = 0.0
        return
    mean = sums[MEAN]
    n_eff = total * total / sums[WEIGHT_SQUARED]
    variance = max(0.0, sums[SQUARES] / total)
    out[F_VALID] = 1.0
    out[F_DOCUMENTS] = sums[COUNT]
    out[F_WEIGHT] = total
    out[F_N_EFF] = n_eff
    out[F_MEAN] = mean
    out[F_MEAN_SHRUNK] = mean * n_eff / (n_eff + params[SHRINKAGE])
    if variance > FLAT_VARIANCE:
        out[F_SKEW] = sums[CUBES] / total / (variance * sqrt(variance))
    if n_eff >= 2.0 - ROUNDING:
        std = sqrt(variance * (n_eff / (n_eff - 1.0)))
        spread = max(std, params[STD_FLOOR])
        out[F_STD] = std
        out[F_T_LIKE] = mean * sqrt(n_eff) / spread
        if n_eff >= params[SHARPE_DOCUMENTS] - ROUNDING:
            out[F_SHARPE_LIKE] = mean / spread
    out[F_ENTROPY] = _entropy(sums, n_eff, params[CLASS_SHARE])
    polar = sums[POSITIVE] + sums[NEGATIVE]
    if polar >= params[CLASS_SHARE] * total:
        out[F_DISAGREEMENT] = 1.0 - abs(sums[POSITIVE] - sums[NEGATIVE]) / polar
    out[F_NOVELTY] = min(1.0, sums[NOVEL] / total)
    if sums[FAST_WEIGHT] > 0.0:
        out[F_MOMENTUM] = sums[FAST_MEAN] - mean
