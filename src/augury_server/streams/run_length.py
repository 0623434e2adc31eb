"""The average run length of cumulative-sum charts: how often they alarm falsely, how soon they find a shift.

Not by a rule of thumb: Page's integral equation for the mean number of updates from 0 to an alarm,

    L(u) = 1 + L(0) Phi(k - u - d) + integral over 0..h of L(y) phi(y - u + k - d) dy,

is solved on Gauss-Legendre nodes (Page 1954; Crowder 1987), k being the reference value, h the threshold and d the mean
of the standardised values, all in standard deviations. The two sides of a chart combine as 1/L = 1/L(up) + 1/L(down)
(Kemp 1971). Published: k = 0.5, h = 5 give 465 updates to a false alarm, 10.4 to find a shift of one deviation.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

from augury.arrays import FloatVector
from augury.errors import InvalidInput

__all__ = ["average_run_length", "threshold_for"]

_NODES = 40  # or twice, three times ... as many
_NODES_A_DEVIATION = 5.0


def average_run_length(threshold: float, reference_value: float, *, shift: float = 0.0) -> float:
    """Mean number of updates until a two-sided chart that starts at 0 alarms, of independent normal values.

    `threshold`, `reference_value` and `shift` (the mean of the values) are in standard deviations.

    >>> round(average_run_length(5.0, 0.5)), round(average_run_length(5.0, 0.5, shift=1.0), 1)
    (465, 10.4)
    """
    up = _one_sided(threshold, reference_value, shift)
    down = _one_sided(threshold, reference_value, -shift) if shift else up
    return 1.0 / (1.0 / up + 1.0 / down)


def _one_sided(threshold: float, reference_value: float, shift: float) -> float:
    drift = reference_value - shift
    count = _NODES * max(1, int(np.ceil(_NODES_A_DEVIATION * threshold / _NODES)))
    nodes, weights = _rule(count)
    nodes, weights = threshold * (nodes + 1.0) / 2.0, threshold * weights / 2.0
    starts = np.append(nodes, 0.0)
    density = np.exp(-0.5 * (nodes[None, :] - starts[:, None] + drift) ** 2) / np.sqrt(2.0 * np.pi)
    system = np.eye(count + 1)
    system[:, :count] -= density * weights
    system[:, count] -= ndtr(drift - starts)
    return float(np.linalg.solve(system, np.ones(count + 1))[count])


@lru_cache(maxsize=64)
def _rule(count: int) -> tuple[FloatVector, FloatVector]:
    """Nodes and weights of Gauss and Legendre on -1..1."""
    return np.polynomial.legendre.leggauss(count)


@lru_cache(maxsize=1024)
def threshold_for(arl0: float, reference_value: float) -> float:
    """The threshold h, in standard deviations, at which false alarms of a two-sided chart are `arl0` updates apart.

    Raises InvalidInput for run lengths below those of a chart without any threshold.

    >>> round(threshold_for(465.44, 0.5), 3)
    5.0
    """
    least = average_run_length(0.01, reference_value)
    if arl0 <= least:
        raise InvalidInput(f"arl0 should be above {least:.0f} for a shift of {2 * reference_value:g}, got {arl0:g}")
    close = _siegmund(arl0, reference_value)
    low, high = max(close - 0.3, 0.01), close + 0.3
    while average_run_length(low, reference_value) > arl0:
        low = max(low - 0.5, 0.01)
    while average_run_length(high, reference_value) < arl0:
        high += 0.5
    found = brentq(lambda h: np.log(average_run_length(h, reference_value) / arl0), low, high, xtol=1e-6)
    return float(found)


def _siegmund(arl0: float, reference_value: float) -> float:
    """Nearly the threshold, by Siegmund's approximation (1985, equation 2.57), to begin the search at."""
    drift = 2.0 * reference_value

    def excess(threshold: float) -> float:
        reach = drift * (threshold + 1.166)
        return float(np.expm1(reach) - reach) / (drift * reference_value) - 2.0 * arl0

    return float(brentq(excess, -1.0, 700.0 / drift - 1.166))
