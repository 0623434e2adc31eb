"""How many independent trials a search amounts to, when many of them are variants of each other."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
from msgspec import Meta
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.special import ndtri

from augury.arrays import FloatMatrix, FloatVector, IntVector
from augury.spec import Spec
from augury.validation.outcome import Outcome
from augury.validation.seeds import Seed, seed_number
from augury.validation.series import finite_matrix
from augury.validation.sharpe_deflation import expected_max_sharpe
from augury.validation.trial_kernels import leader_groups

__all__ = ["EffectiveTrials", "TrialsSpec", "effective_trials", "trial_sharpes"]

_FEWEST_PERIODS = 8
_TILE = 512
_STREAM = 0x6D617869  # a stream of its own: data made with the same seed must not be drawn again


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialsSpec(Spec):
    """How to count trials.

    "maximum": as many independent trials as have the same expected best result by luck, found by drawing (`draws`
    pairs) from the trials' own correlation; what a deflated Sharpe ratio needs. The others count likeness. "clusters":
    hierarchical, average linkage on distance sqrt((1 - rho) / 2), cut at `correlation`. "leaders": one pass that joins
    each trial to the most like of the groups found so far, for thousands of trials. "spectrum": the participation ratio
    N^2 / sum rho^2 of the correlation matrix, noise in the correlations taken off; low where groups differ in size.

    `scripts/noise_and_edge.py` prints how often a search over noise is believed with "maximum".
    """

    grouping: Literal["maximum", "clusters", "leaders", "spectrum"] = "maximum"
    correlation: Annotated[float, Meta(gt=0.0, lt=1.0)] = 0.5
    draws: Annotated[int, Meta(ge=100)] = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveTrials(Outcome):
    """`effective` independent trials among `trials`, and the variance of their Sharpe ratios per period (ddof 1).

    A record made from Sharpe ratios per bar says `periods` 0, so that nobody rescales it.

    `undefined` trials never varied (no position was taken) and are counted in neither. `threshold` is the correlation
    above which two trials are one; it is raised when few `periods` make correlations of strangers look large. `groups`
    gives each trial's group (-1: undefined; empty where nothing is grouped).
    """

    effective: float
    trials: int
    undefined: int
    periods: int
    threshold: float
    sharpe_variance: float
    groups: IntVector = field(repr=False, compare=False)


def trial_sharpes(returns: FloatMatrix) -> FloatVector:
    """Per-period Sharpe ratios (ddof 1) of trials in rows, float64[trials, periods]; NaN where returns never vary."""
    matrix = finite_matrix(returns, "returns")
    spread = matrix.std(axis=1, ddof=1) if matrix.shape[1] > 1 else np.zeros(matrix.shape[0])
    scale = np.maximum(np.abs(matrix).max(axis=1, initial=0.0), 1e-300)
    sharpes = np.full(len(matrix), np.nan)
    np.divide(matrix.mean(axis=1), spread, out=sharpes, where=spread > 1e-12 * scale)
    return sharpes


def effective_trials(returns: FloatMatrix, spec: TrialsSpec | None = None, *, seed: Seed = 0) -> EffectiveTrials:
    """Effective number of independent trials from their returns (Lopez de Prado and Lewis 2019 for the clusters).

    `returns` is float64[trials, periods]: bars, or sums over blocks of bars when there are too many bars to keep (64
    blocks or more are advisable; the variance is then per block). Refused with a reason below 8 periods or when no
    trial varies.

    >>> import numpy as np
    >>> noise = np.random.default_rng(0).normal(size=(5, 500))
    >>> effective_trials(np.repeat(noise, 10, axis=0), TrialsSpec(grouping="clusters")).effective
    5.0
    >>> 4 < effective_trials(np.repeat(noise, 10, axis=0)).effective < 6
    True
    """
    spec = spec or TrialsSpec()
    matrix = finite_matrix(returns, "returns")
    sharpes = trial_sharpes(matrix)
    known = np.flatnonzero(~np.isnan(sharpes))
    trials, periods = matrix.shape
    number = seed_number(seed)
    reason = None
    if periods < _FEWEST_PERIODS:
        reason = f"{periods} periods; at least {_FEWEST_PERIODS} are needed to tell trials apart"
    elif known.size == 0:
        reason = "no trial's returns vary"
    groups = np.full(trials, -1, dtype=np.int64)
    threshold = _threshold(spec.correlation, known.size, periods)
    effective = math.nan
    if reason is None:
        scores = matrix[known] - matrix[known].mean(axis=1, keepdims=True)
        scores /= np.sqrt((scores**2).sum(axis=1, keepdims=True))
        if spec.grouping == "maximum":
            effective = _same_maximum(scores, spec.draws, number)
        elif spec.grouping == "spectrum":
            effective = _participation(scores)
        else:
            grouped = _clusters if spec.grouping == "clusters" else _leaders
            groups[known] = grouped(scores, threshold)
            effective = float(groups.max() + 1)
    return EffectiveTrials(
        method=f"effective trials by {spec.grouping}",
        seed=number,
        reason=reason,
        effective=effective,
        trials=trials,
        undefined=trials - known.size,
        periods=periods,
        threshold=threshold,
        sharpe_variance=float(np.var(sharpes[known], ddof=1)) if known.size > 1 else math.nan,
        groups=groups if spec.grouping in ("clusters", "leaders") else groups[:0],
    )


def _threshold(correlation: float, trials: int, periods: int) -> float:
    """The wanted correlation, or the 1 - 1/N point of that of strangers (Fisher's z) where it is larger."""
    if trials < 2 or periods < 5:
        return correlation
    return max(correlation, math.tanh(float(ndtri(1.0 - 1.0 / trials)) / math.sqrt(periods - 3)))


def _clusters(scores: FloatMatrix, threshold: float) -> IntVector:
    if len(scores) == 1:
        return np.zeros(1, dtype=np.int64)
    distances = np.sqrt(np.clip((1.0 - scores @ scores.T) / 2.0, 0.0, 1.0))
    np.fill_diagonal(distances, 0.0)
    tree = linkage(squareform(distances, checks=False), method="average")
    return np.asarray(fcluster(tree, math.sqrt((1.0 - threshold) / 2.0), criterion="distance") - 1, dtype=np.int64)


def _leaders(scores: FloatMatrix, threshold: float) -> IntVector:
    groups = np.empty(len(scores), dtype=np.int64)
    leader_groups(scores, np.arange(len(scores)), threshold, groups)
    return groups


def _same_maximum(scores: FloatMatrix, draws: int, seed: int) -> float:
    """How many independent standard normals have the mean maximum of normals with the trials' correlation."""
    noise = np.random.default_rng([seed, _STREAM]).standard_normal((draws, scores.shape[1]))
    noise = np.concatenate([noise, -noise])  # antithetic: halves the error of the mean
    highest = np.full(len(noise), -np.inf)
    for first in range(0, len(scores), _TILE):
        np.maximum(highest, (noise @ scores[first : first + _TILE].T).max(axis=1), out=highest)
    wanted = float(highest.mean())
    low, high = 1.0, float(max(len(scores), 1))
    while high - low > 1e-6 * high:
        middle = 0.5 * (low + high)
        low, high = (middle, high) if expected_max_sharpe(1.0, middle) < wanted else (low, middle)
    return high if len(scores) > 1 else 1.0


def _participation(scores: FloatMatrix) -> float:
    trials, periods = scores.shape
    gram = scores @ scores.T if trials <= periods else scores.T @ scores
    off_diagonal = float((gram**2).sum()) - trials
    noise = trials * (trials - 1) / (periods - 1)  # what strangers' correlations squared add up to
    return float(trials**2 / (trials + max(off_diagonal - noise, 0.0)))
