"""Weights of several forecasters that follow their recent losses, from matured labels only."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from augury.arrays import FloatMatrix, IntVector
from augury.errors import InvalidInput

__all__ = ["dynamic_weights"]


def dynamic_weights(
    losses: FloatMatrix, known_at: IntVector, asked_at: IntVector, *, eta: float, half_life_rows: float
) -> FloatMatrix:
    """float64[m, members]: weight k of row i is proportional to exp(-eta * EWMA loss of member k before row i).

    `losses` float64[n, members] and `known_at` int64[n] say how wrong each member was and when that was known (the end
    of the label); `asked_at` int64[m] are the times of the rows to weigh. Only losses with `known_at` strictly before
    `asked_at` count, in order of `known_at`; the averages forget half in `half_life_rows` rows and are exact weighted
    means from the first row on. Where nothing is known yet, the members weigh the same.

    Source: Vovk, "A game of prediction with expert advice", J. Comput. Syst. Sci. 56 (1998): exponential weights.
    """
    if losses.ndim != 2 or known_at.shape != (losses.shape[0],):
        raise InvalidInput(f"expected losses [n, members] and known_at [n], got {losses.shape} and {known_at.shape}")
    order = np.argsort(known_at, kind="stable")
    keep = 0.5 ** (1.0 / half_life_rows)
    sums = lfilter([1.0], [1.0, -keep], losses[order], axis=0)
    counts = lfilter([1.0], [1.0, -keep], np.ones(losses.shape[0]))
    averages = np.vstack([np.zeros((1, losses.shape[1])), sums / counts[:, None]])
    matured = np.searchsorted(known_at[order], asked_at, side="left")
    log_weights = -eta * averages[matured]
    weights = np.exp(log_weights - log_weights.max(axis=1, keepdims=True))
    found: FloatMatrix = weights / weights.sum(axis=1, keepdims=True)
    return found
