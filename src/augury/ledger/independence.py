"""How many independent trials would have had as good a best one as these trials, which resemble each other."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augury.errors import InvalidInput

__all__ = ["effective_trials"]

LEAST_BLOCKS = 8
_DRAWS = 1_000
_ROWS_AT_ONCE = 4_096
_GRID = 4_001


def effective_trials(block_returns: NDArray[Any], *, seed: int | np.random.Generator | None = 0) -> float:
    """Effective number of independent trials of float[k, B], each row one trial's returns summed over B blocks of bars.

    Searching among k trials inflates the best Sharpe ratio, and by less when trials move together. The number returned
    is the N for which the best of N independent trials is expected to be as high as the best of these k, had none of
    them any edge: the N that the deflated Sharpe ratio asks for. Every row is centred and scaled to length 1 in the B -
    1 dimensions left, so products of rows are correlations; the expected maximum of the rows' projections on a random
    direction (1,000 draws and their opposites) is set equal to that of N directions drawn independently, whose
    projections follow the cosine law of the sphere, density `sin(t)^(B-3)` of the angle t. Independent rows
    give about k for any B, though at most B - 1 of them can be orthogonal; equal rows give 1, m groups of equal rows
    about m.

    Rows without movement or with NaN cannot be the best and are left out. NaN when no row is left. With fewer than 8
    blocks correlations mean nothing and all rows count. Rounded to four digits, since the last digits of large matrix
    products differ between machines. Takes about 0.1 s of CPU for 10,000 trials of 64 blocks.

    The deflated Sharpe ratio: Bailey and Lopez de Prado 2014; projections as a Gaussian multiplier bootstrap of the
    maximum: Chernozhukov, Chetverikov and Kato 2013.

    >>> one = np.random.default_rng(1).normal(size=(1, 64))
    >>> effective_trials(np.repeat(one, 50, axis=0))
    1.0
    """
    if block_returns.ndim != 2:
        raise InvalidInput(f"block_returns should have 2 dimensions, trials and blocks, got {block_returns.ndim}")
    rows = _directions(block_returns)
    if len(rows) == 0:
        return math.nan
    blocks = rows.shape[1]
    if len(rows) == 1 or blocks < LEAST_BLOCKS:
        return float(len(rows))
    highest = _expected_maximum(rows, np.random.default_rng(seed))
    return float(f"{_independent(highest, blocks - 1, len(rows)):.4g}")


def _directions(block_returns: NDArray[Any]) -> NDArray[np.float32]:
    values = np.asarray(block_returns, dtype=np.float64)
    values = values[np.isfinite(values).all(axis=1)]
    centred = values - values.mean(axis=1, keepdims=True)
    size = np.abs(values).max(axis=1, initial=0.0)
    length = np.sqrt((centred * centred).sum(axis=1))
    moving = length > 1e-6 * size * math.sqrt(max(values.shape[1], 1))
    return np.asarray(centred[moving] / length[moving, None], dtype=np.float32)


def _expected_maximum(rows: NDArray[np.float32], rng: np.random.Generator) -> float:
    draws = rng.standard_normal((rows.shape[1], _DRAWS))
    draws -= draws.mean(axis=0)
    draws /= np.sqrt((draws * draws).sum(axis=0))
    directions = draws.astype(np.float32)
    high = np.full(_DRAWS, -np.inf, dtype=np.float32)
    low = np.full(_DRAWS, np.inf, dtype=np.float32)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        cosines = rows[start : start + _ROWS_AT_ONCE] @ directions
        np.maximum(high, cosines.max(axis=0), out=high)
        np.minimum(low, cosines.min(axis=0), out=low)
    return float((high.mean(dtype=np.float64) - low.mean(dtype=np.float64)) / 2)


def _independent(highest: float, dimensions: int, most: int) -> float:
    """The N in [1, most] whose expected maximal cosine is `highest`: E = 1 - integral of F(x)^N over [-1, 1]."""
    angle = np.linspace(math.pi, 0.0, _GRID)
    cosine = np.cos(angle)
    density = np.sin(angle) ** (dimensions - 2)
    below = np.concatenate([[0.0], np.cumsum(density[1:] + density[:-1])])
    with np.errstate(divide="ignore"):
        logarithm = np.log(below / below[-1])

    def expected(count: float) -> float:
        return 1.0 - float(np.trapezoid(np.exp(count * logarithm), cosine))

    low, high = 0.0, math.log(most)
    if highest >= expected(most):
        return float(most)
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if expected(math.exp(middle)) < highest else (low, middle)
    return math.exp((low + high) / 2)
