"""Weights of a stack: non-negative least squares, or the mixture of least log-loss on the simplex."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

from augury.arrays import FloatMatrix, FloatVector
from augury.errors import NotEnoughData

__all__ = ["least_log_loss_weights", "least_squares_weights"]

_LEAST_PROBABILITY = 1e-15


def least_squares_weights(
    said: npt.NDArray[np.float64], target: FloatMatrix, row_weights: FloatVector, *, sum_to_one: bool
) -> FloatVector:
    """Non-negative w of least sum of weighted squares of `target - sum_k w_k said[:, k]`, float64[members].

    `said` float64[n, members, columns], `target` float64[n, columns]. With `sum_to_one` the solution is scaled onto
    the simplex. Raises NotEnoughData when no member helps, so that all weights are 0.

    Source: Breiman, "Stacked regressions", Machine Learning 24 (1996).
    """
    root = np.sqrt(row_weights)[:, None]
    design = (said * root[:, :, None]).transpose(0, 2, 1).reshape(-1, said.shape[1])
    found: FloatVector = nnls(design, (target * root).ravel())[0]
    if found.sum() <= 0.0:
        raise NotEnoughData("no member predicts the target out of fold: all stack weights are 0; pass other members")
    return found / found.sum() if sum_to_one else found


def least_log_loss_weights(
    right: FloatMatrix, row_weights: FloatVector, *, tolerance: float = 1e-8, steps: int = 20_000
) -> FloatVector:
    """Weights on the simplex whose mixture has the least mean log-loss, float64[members].

    `right` float64[n, members] is the probability that each member gave to what happened. The mixture's log-loss is
    convex in the weights; expectation-maximisation lowers it at each step, and max_k mean(right_k / mixture) - 1 bounds
    how far it is from the least one: the steps end when that bound is below `tolerance`.

    Source: Cover, "An algorithm for maximizing expected log investment return", IEEE Trans. Inf. Theory 30 (1984).
    """
    given = np.maximum(right, _LEAST_PROBABILITY)
    shares = row_weights / row_weights.sum()
    found = np.full(right.shape[1], 1.0 / right.shape[1])
    for _ in range(steps):
        gains = shares @ (given / (given @ found)[:, None])
        if gains.max() - 1.0 <= tolerance:
            break
        found = found * gains
    return np.asarray(found / found.sum())
