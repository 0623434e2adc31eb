"""Ordinal patterns, compiled: their counts in a series, and a rolling entropy and complexity in O(order) a bar.

The rolling step keeps the entropy of the counts as a sum of table entries, one per pattern. The entries are multiples
of a power of two (2^-50), so that adding and removing them is exact in float64: no drift, no refresh.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from augury.arrays import FloatVector
from augury.numerics.compile import kernel

__all__ = [
    "PERMUTATION_OUTPUTS",
    "complexity_scale",
    "count_patterns",
    "permutation_initial_state",
    "permutation_params",
    "permutation_step",
]

PERMUTATION_OUTPUTS = 6
_QUANTUM = 2.0**-50

# params: window, order, 1 when the input is returns, m!, null mean, sd, q01, q05, ln m!, Q0, largest tie share; then
# the entropy table and the mixture table, each for counts 0..window
_TABLES = 11
# state: values seen, previous close, ring position, patterns held, latest tie, tied patterns, the two sums; then the
# last order - 1 values, the codes of the last 1..order values, the counts, the ring
_VALUES = 8


def complexity_scale(patterns: int) -> float:
    """Q0: what brings the Jensen-Shannon divergence from uniform to at most 1. Lamberti et al. (2004), Rosso (2007)."""
    k = float(patterns)
    return -2.0 / ((k + 1.0) / k * math.log(k + 1.0) - 2.0 * math.log(2.0 * k) + math.log(k))


def permutation_params(
    *, window: int, order: int, on_returns: bool, null: tuple[float, float, float, float], max_tie_share: float
) -> FloatVector:
    """Parameters of `permutation_step`; `null` is mean, sd, 1 % and 5 % points of the entropy of noise."""
    patterns = math.factorial(order)
    share = np.arange(window + 1) / window
    mixture = 0.5 * (share + 1.0 / patterns)
    entropy = -share * np.log(np.where(share > 0.0, share, 1.0))
    tables = [np.rint(table / _QUANTUM) * _QUANTUM for table in (entropy, -mixture * np.log(mixture))]
    scale = complexity_scale(patterns)
    head = [window, order, float(on_returns), patterns, *null, math.log(patterns), scale, max_tie_share]
    return np.concatenate([np.array(head, dtype=np.float64), *tables])


def permutation_initial_state(params: FloatVector) -> FloatVector:
    """The empty state of `permutation_step`."""
    window, order, patterns = int(params[0]), int(params[1]), int(params[3])
    state = np.zeros(_VALUES + 2 * (order - 1) + patterns + window)
    state[1] = np.nan
    state[7] = patterns * params[_TABLES + window + 1]
    return state


@kernel("int64(float64[::1], int64, int64, float64[::1])")
def count_patterns(x: Any, order: Any, delay: Any, counts: Any) -> int:
    """Add the ordinal patterns of `x` to `counts` float64[order!]; returns how many contain two equal values.

    Equal values rank in order of appearance. The code of a pattern is its Lehmer code: each value counts the earlier
    ones above it, and the counts are the digits of a number in the factorial base. Bandt and Pompe (2002).
    """
    tied = 0
    for start in range(x.shape[0] - (order - 1) * delay):
        code = 0
        weight = 1
        ties = 0
        for j in range(1, order):
            value = x[start + j * delay]
            above = 0
            for i in range(j):
                earlier = x[start + i * delay]
                above += earlier > value
                ties += earlier == value
            weight *= j
            code += above * weight
        counts[code] += 1.0
        tied += ties > 0
    return tied


@kernel("float64(float64[::1], int64, float64)")
def _push_value(state: Any, order: Any, value: Any) -> float:
    """Take one value in; returns the code of the pattern that it ends, NaN before `order` values, and notes ties.

    The code of the last j + 1 values is the code of the j values before the newest, plus the newest one's digit.
    """
    seen = state[0] + 1.0
    state[0] = seen
    codes = _VALUES + order - 1
    before = 0.0
    above = 0.0
    weight = 1.0
    for j in range(1, order):
        earlier = state[_VALUES + j - 1]
        if seen > j:
            above += earlier > value
            if earlier == value:
                state[4] = max(state[4], seen - j)
        weight *= j
        shorter = before
        before = state[codes + j - 1]
        state[codes + j - 1] = shorter + above * weight
    for j in range(order - 2, 0, -1):
        state[_VALUES + j] = state[_VALUES + j - 1]
    state[_VALUES] = value
    return state[codes + order - 2] if seen >= order else np.nan


@kernel("void(float64[::1], float64[::1], int64, int64, float64)")
def _change_count(state: Any, params: Any, counts: Any, code: Any, change: Any) -> None:
    """Change the count of one pattern and the two entropy sums with it."""
    window = int(params[0])
    before = int(state[counts + code])
    after = before + int(change)
    state[counts + code] = after
    state[6] += params[_TABLES + after] - params[_TABLES + before]
    mixture = _TABLES + window + 1
    state[7] += params[mixture + after] - params[mixture + before]


@kernel("void(float64[::1], float64[::1], float64)")
def _slide_patterns(state: Any, params: Any, code: Any) -> None:
    """Let the newest pattern in and the oldest out."""
    order = int(params[1])
    patterns = int(params[3])
    counts = _VALUES + 2 * (order - 1)
    slot = counts + patterns + int(state[2])
    newest = int(code)
    tied = 1 if state[4] > state[0] - order else 0
    if state[3] == params[0]:
        oldest = int(state[slot])
        if oldest >= patterns:
            oldest -= patterns
            state[5] -= 1.0
        _change_count(state, params, counts, oldest, -1.0)
    else:
        state[3] += 1.0
    _change_count(state, params, counts, newest, 1.0)
    state[5] += tied
    state[slot] = newest + patterns * tied
    state[2] = 0.0 if state[2] + 1.0 == params[0] else state[2] + 1.0


@kernel("void(float64[::1], float64[::1], int64, float64[::1], float64[::1])")
def permutation_step(state: Any, params: Any, _opened_at: Any, bar: Any, out: Any) -> None:
    """One bar: entropy, complexity, z, predictable, complex, tie share; NaN where unknown.

    Close-to-close ratios stand for log returns, and closes for log prices: the order is the same. A close that is not
    a positive number leaves the state as it was.
    """
    for i in range(out.shape[0]):
        out[i] = np.nan
    close = bar[3]
    if not 0.0 < close < np.inf:
        return
    value = close
    if params[2] > 0.0:
        previous = state[1]
        state[1] = close
        if not previous > 0.0:
            return
        value = close / previous
    code = _push_value(state, int(params[1]), value)
    if np.isnan(code):
        return
    _slide_patterns(state, params, code)
    if state[3] < params[0]:
        return
    tie_share = state[5] / params[0]
    out[5] = tie_share
    if tie_share > params[10]:
        return
    log_patterns = params[8]
    entropy = min(max(state[6] / log_patterns, 0.0), 1.0)
    divergence = state[7] - 0.5 * (state[6] + log_patterns)
    out[0] = entropy
    out[1] = max(entropy * params[9] * divergence, 0.0)
    out[2] = (entropy - params[4]) / params[5]
    out[3] = 1.0 if entropy < params[6] else 0.0
    out[4] = 1.0 if entropy >= params[7] else 0.0
