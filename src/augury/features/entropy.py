"""Permutation entropy and statistical complexity of a whole series."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from augury.arrays import FloatVector
from augury.errors import InvalidInput, NotEnoughData
from augury.numerics.permutation_kernels import complexity_scale, count_patterns

__all__ = ["complexity", "permutation_entropy"]


def permutation_entropy(
    values: ArrayLike, *, order: int = 4, delay: int = 1, normalize: bool = True, max_tie_share: float = 0.3
) -> float:
    """Shannon entropy of the ordinal patterns of `order` values `delay` apart in `values` float64[n].

    From 0 (one pattern only) to 1 (all equally frequent), or in bits when `normalize` is false. Equal values rank in
    order of appearance; NaN when more than `max_tie_share` of the patterns contain equal values, because then the
    entropy measures the tick size. Raises InvalidInput for values that are not finite, an order outside 2..8 or a
    delay below 1, and NotEnoughData when there is no complete pattern. Bandt and Pompe (2002); ties: Zunino et al.
    (2017).

    >>> round(permutation_entropy([4, 7, 9, 10, 6, 11, 3], order=3, normalize=False), 4)
    1.5219
    """
    share = _pattern_shares(values, order, delay, max_tie_share)
    if share is None:
        return math.nan
    entropy = _shannon(share)
    return min(entropy / math.log(len(share)), 1.0) if normalize else entropy / math.log(2.0)


def complexity(values: ArrayLike, *, order: int = 4, delay: int = 1, max_tie_share: float = 0.3) -> float:
    """Jensen-Shannon statistical complexity: normalised entropy times normalised divergence from uniform patterns.

    Near 0 both for order (one pattern) and for noise (all patterns alike), larger for structure between; patterns
    that never occur count. Same arguments, NaN rule and errors as `permutation_entropy`. Lopez-Ruiz et al. (1995),
    Rosso et al. (2007).

    >>> 0.0 <= complexity(np.random.default_rng(1).standard_normal(1000)) < 0.1
    True
    """
    share = _pattern_shares(values, order, delay, max_tie_share)
    if share is None:
        return math.nan
    patterns = len(share)
    entropy = _shannon(share)
    divergence = _shannon(0.5 * (share + 1.0 / patterns)) - 0.5 * entropy - 0.5 * math.log(patterns)
    return max(entropy / math.log(patterns) * complexity_scale(patterns) * divergence, 0.0)


def _shannon(share: FloatVector) -> float:
    """Shannon entropy in nats of shares that sum to one."""
    present = share[share > 0.0]
    return max(float(-np.sum(present * np.log(present))), 0.0)


def _pattern_shares(values: ArrayLike, order: int, delay: int, max_tie_share: float) -> FloatVector | None:
    """Share of each of the order! patterns, None when too many contain ties."""
    if not 2 <= order <= 8:
        raise InvalidInput(f"expected an order (values in a pattern) from 2 to 8, got {order}")
    if delay < 1:
        raise InvalidInput(f"expected a delay of at least 1, got {delay}")
    x = np.ascontiguousarray(values, dtype=np.float64)
    if x.ndim != 1:
        raise InvalidInput(f"expected values with one dimension, got shape {x.shape}")
    if not np.all(np.isfinite(x)):
        first = int(np.flatnonzero(~np.isfinite(x))[0])
        raise InvalidInput(f"expected finite values, got {x[first]} at position {first}; drop or repair it")
    total = x.size - (order - 1) * delay
    if total < 1:
        raise NotEnoughData(
            f"expected at least {(order - 1) * delay + 1} values for one pattern, got {x.size}; pass a longer history"
        )
    counts = np.zeros(math.factorial(order))
    tied = count_patterns(x, order, delay, counts)
    return None if tied > max_tie_share * total else counts / total
