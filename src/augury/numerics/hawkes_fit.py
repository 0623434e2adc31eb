"""Maximum likelihood for a Hawkes process with one exponential kernel, by profiling the likelihood over the decay.

For a fixed decay b the log-likelihood is concave in (mu, n), and at its maximum mu T + n c = N (c = the kernel mass
seen before the horizon), so mu and n follow from one number: the share w of the events that the kernel explains,
n = w N / c, mu = (1 - w) N / T. Newton's method finds w; what is left is a search along ln b, whose slope is the
partial derivative of the log-likelihood with respect to b (envelope theorem). Every change of that slope from rising to
falling between neighbouring starts is refined by Chandrupatla's method (1997); the best maximum wins.

Where w = 0 is best for a decay, the slope of the score at w = 0 stands in, so that no hump between starts is missed.
"""

from __future__ import annotations

import math

import numpy as np

from augury.arrays import FloatMatrix, FloatVector
from augury.numerics.compile import inlined, kernel

__all__ = ["RESULT_SIZE", "fit_exponential_hawkes"]

# rows of the workspace float64[4, N]
GAPS, LEVEL, LAG, TILT = 0, 1, 2, 3
# cells of the problem float64[4]: horizon T, time after the last event, largest branching, smallest mu
HORIZON, AFTER_LAST, CEILING, FLOOR = 0, 1, 2, 3
# cells of a point float64[6]; SHARE is also the warm start of the next point
SHARE, MU, BRANCHING, SLOPE, MASS, OK = 0, 1, 2, 3, 4, 5
POINT_SIZE = 6
RESULT_SIZE = 6


@inlined
def best_share(work: FloatMatrix, largest: float, point: FloatVector) -> None:
    """The share w in [0, largest] that solves sum tilt/(1 + w tilt) = 0, by Newton's method kept inside a bracket."""
    tilt = work[TILT]
    low, high = 0.0, largest
    share = min(max(point[SHARE], 0.05), 0.9, largest)
    tested = share == largest
    point[OK] = 0.0
    for _ in range(100):
        score, bend = 0.0, 0.0
        for i in range(tilt.size):
            ratio = tilt[i] / (1.0 + share * tilt[i])
            score += ratio
            bend += ratio * ratio
        if score > 0.0:
            low = share
            if share == largest:
                point[OK] = 1.0
                break
        else:
            high = share
        moved = share + score / bend
        if moved >= high:
            if not tested:
                moved = largest
                tested = True
            else:
                moved = 0.5 * (share + high)
        elif moved <= low:
            moved = 0.5 * (share + low)
        done = abs(moved - share) <= 1e-9 * min(moved, 1.0 - moved)
        share = moved
        if done:
            point[OK] = 1.0
            break
    point[SHARE] = share


@inlined
def best_base_rate(problem: FloatVector, work: FloatMatrix, decay: float, start: float) -> float:
    """The mu that solves sum 1/lambda = T with the branching at its ceiling; at least 1/T, where the sum exceeds T."""
    level = work[LEVEL]
    mu = start
    floor = 1.0 / problem[HORIZON]
    for _ in range(200):
        value, bend = -problem[HORIZON], 0.0
        for i in range(level.size):
            inverse = 1.0 / (mu + problem[CEILING] * decay * level[i])
            value += inverse
            bend += inverse * inverse
        moved = max(mu + value / bend, floor)
        done = abs(moved - mu) <= 1e-12 * moved
        mu = moved
        if done:
            break
    return float(max(mu, problem[FLOOR]))


@inlined
def profile(problem: FloatVector, work: FloatMatrix, decay: float, point: FloatVector) -> None:
    """The best mu and branching for this decay and the slope of the profile likelihood along ln decay."""
    gaps, level, lag, tilt = work[GAPS], work[LEVEL], work[LAG], work[TILT]
    count = gaps.size
    level[0], lag[0] = 0.0, 0.0
    level_sum, lag_sum = 0.0, 0.0
    for i in range(1, count):
        kept = math.exp(-decay * gaps[i])
        lag[i] = kept * (lag[i - 1] + gaps[i] * (1.0 + level[i - 1]))
        level[i] = kept * (1.0 + level[i - 1])
        level_sum += level[i]
        lag_sum += lag[i]
    after = math.exp(-decay * problem[AFTER_LAST])
    mass = count - after * (1.0 + level[count - 1])
    drift = after * (lag[count - 1] + problem[AFTER_LAST] * (1.0 + level[count - 1]))
    horizon = problem[HORIZON]
    scale = horizon * decay / mass
    point[MASS] = mass
    if not scale * level_sum > count:  # the score at w = 0 is not positive: the kernel explains nothing
        point[MU], point[BRANCHING], point[OK] = count / horizon, 0.0, 1.0
        relative = 1.0 - decay * drift / mass - (decay * lag_sum / level_sum if level_sum > 0.0 else 1.0)
        point[SLOPE] = scale * level_sum * relative
        return
    for i in range(count):
        tilt[i] = scale * level[i] - 1.0
    largest = min(problem[CEILING] * mass / count, 1.0 - problem[FLOOR] * horizon / count)
    best_share(work, largest, point)
    branching = point[SHARE] * count / mass
    mu = (1.0 - point[SHARE]) * count / horizon
    if point[SHARE] == largest:
        branching = problem[CEILING]
        mu = best_base_rate(problem, work, decay, mu)
    slope = -drift
    for i in range(count):
        slope += (level[i] - decay * lag[i]) / (mu + branching * decay * level[i])
    point[MU], point[BRANCHING] = mu, branching
    point[SLOPE] = decay * branching * slope


@inlined
def refine(problem: FloatVector, work: FloatMatrix, bracket: FloatVector, point: FloatVector) -> float:
    """The ln decay inside `bracket` (left, its slope >= 0, right, its slope < 0) where the slope crosses zero."""
    newest, newest_slope = bracket[2], bracket[3]
    other, other_slope = bracket[0], bracket[1]
    oldest, oldest_slope = newest, newest_slope
    fraction = other_slope / (other_slope - newest_slope)
    fraction = 1.0 - min(max(fraction, 0.1), 0.9)
    for _ in range(80):
        x = newest + fraction * (other - newest)
        profile(problem, work, math.exp(x), point)
        slope = point[SLOPE]
        oldest, oldest_slope = newest, newest_slope
        if (slope >= 0.0) != (newest_slope >= 0.0):
            oldest, oldest_slope = other, other_slope
            other, other_slope = newest, newest_slope
        newest, newest_slope = x, slope
        width = abs(other - newest)
        if slope == 0.0 or width <= 1e-9:
            return float(x)
        position = (newest - other) / (oldest - other)
        height = (newest_slope - other_slope) / (oldest_slope - other_slope)
        fraction = 0.5
        if 1.0 - math.sqrt(1.0 - position) < height < math.sqrt(position):
            first = newest_slope / (other_slope - newest_slope) * oldest_slope / (other_slope - oldest_slope)
            second = newest_slope / (oldest_slope - newest_slope) * other_slope / (oldest_slope - other_slope)
            fraction = first + (oldest - newest) / (other - newest) * second
        margin = 0.4e-9 / width
        fraction = min(max(fraction, margin), 1.0 - margin)
    point[OK] = 0.0
    return float(newest)


@inlined
def keep_better(problem: FloatVector, work: FloatMatrix, decay: float, point: FloatVector, result: FloatVector) -> None:
    """Write the point just profiled at `decay` into `result` when its likelihood is the best so far."""
    mu, branching = point[MU], point[BRANCHING]
    if branching <= 0.0:
        return
    level = work[LEVEL]
    total = -mu * problem[HORIZON] - branching * point[MASS]
    for i in range(level.size):
        total += math.log(mu + branching * decay * level[i])
    if total > result[3]:
        result[0], result[1], result[2], result[3], result[5] = mu, branching, decay, total, point[OK]


@kernel("void(float64[::1], float64, float64[::1], float64[::1])")
def fit_exponential_hawkes(times: FloatVector, horizon: float, limits: FloatVector, result: FloatVector) -> None:
    """Fit ordered `times` float64[N >= 1] in [0, horizon].

    `limits`: smallest decay, largest decay, largest branching, smallest mu, number of starts (>= 2).
    `result` float64[6]: mu, branching, decay (NaN when the branching is 0: it is not identified then), log-likelihood,
    likelihood ratio against a Poisson process, 1.0 when every search converged.
    """
    count = times.size
    work = np.empty((4, count))
    work[GAPS, 0] = 0.0
    for i in range(1, count):
        work[GAPS, i] = times[i] - times[i - 1]
    problem = np.array([horizon, horizon - times[count - 1], limits[2], limits[3]])
    poisson = count * math.log(count / horizon) - count
    result[0], result[1], result[2], result[3], result[5] = count / horizon, 0.0, np.nan, poisson, 1.0
    point = np.zeros(POINT_SIZE)
    bracket = np.empty(4)
    starts = int(limits[4])
    lowest = math.log(limits[0])
    step = (math.log(limits[1]) - lowest) / (starts - 1)
    for k in range(starts):
        x = lowest + k * step
        decay = limits[0] if k == 0 else (limits[1] if k == starts - 1 else math.exp(x))
        profile(problem, work, decay, point)
        falling = point[SLOPE] < 0.0
        if (k == 0 and falling) or (k == starts - 1 and not falling):
            keep_better(problem, work, decay, point, result)
        bracket[2], bracket[3] = x, point[SLOPE]
        if k > 0 and falling and bracket[1] >= 0.0:
            best = math.exp(refine(problem, work, bracket, point))
            keep_better(problem, work, best, point, result)
            point[SLOPE] = bracket[3]
        bracket[0], bracket[1] = x, bracket[3]
    result[4] = 2.0 * (result[3] - poisson)
