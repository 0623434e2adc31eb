"""The Hawkes fit and features against a plain SciPy fit, medians of CPU time within one process."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from scipy import optimize
from threadpoolctl import threadpool_limits

from augury.arrays import FloatVector
from augury.features.hawkes_fit_spec import HawkesFitSpec
from augury.features.registry import make
from augury.numerics.hawkes_fit import RESULT_SIZE, fit_exponential_hawkes
from augury.numerics.hawkes_likelihood import hawkes_gradient, hawkes_log_likelihood
from augury.testing.generators.garch_returns import garch_returns
from augury.testing.generators.hawkes_process import HawkesTruth, hawkes_times
from timing import sized

BARS = 500
Loss: TypeAlias = Callable[[FloatVector, FloatVector, float], tuple[float, FloatVector]]


def median_us(function: Callable[[], object], *, calls: int, rounds: int = 9) -> float:
    """Median over rounds of the mean CPU time of a call in microseconds, after one call to warm up."""
    function()
    times = []
    for _ in range(rounds):
        start = time.thread_time()
        for _ in range(calls):
            function()
        times.append((time.thread_time() - start) / calls * 1e6)
    return statistics.median(times)


def scipy_loss(parameters: FloatVector, times: FloatVector, horizon: float) -> tuple[float, FloatVector]:
    """Negative log-likelihood and gradient in NumPy and Python, the recursion written as a loop over the events."""
    mu, branching, decay = parameters.tolist()
    gaps = np.diff(times)
    kept = np.exp(-decay * gaps)
    excitation, lag = np.zeros(len(times)), np.zeros(len(times))
    for i in range(1, len(times)):
        lag[i] = kept[i - 1] * (lag[i - 1] + gaps[i - 1] * (1.0 + excitation[i - 1]))
        excitation[i] = kept[i - 1] * (1.0 + excitation[i - 1])
    intensity = mu + branching * decay * excitation
    left = horizon - times
    survival = np.exp(-decay * left)
    value = np.log(intensity).sum() - mu * horizon - branching * (1.0 - survival).sum()
    by_mu = (1.0 / intensity).sum() - horizon
    by_branching = (decay * excitation / intensity).sum() - (1.0 - survival).sum()
    by_decay = (branching * (excitation - decay * lag) / intensity).sum() - branching * (left * survival).sum()
    return -value, -np.array([by_mu, by_branching, by_decay])


def compiled_loss(parameters: FloatVector, times: FloatVector, horizon: float) -> tuple[float, FloatVector]:
    """The same from this library's compiled likelihood: what is left is the optimiser's own time."""
    mu, branching, decay = parameters.tolist()
    gradient = np.empty(3)
    hawkes_gradient(times, horizon, mu, branching, decay, gradient)
    return -hawkes_log_likelihood(times, horizon, mu, branching, decay), -gradient


def scipy_fit(times: FloatVector, horizon: float, spec: HawkesFitSpec, loss: Loss = scipy_loss) -> float:
    """Best log-likelihood of L-BFGS-B from six starts with the analytic gradient."""
    bounds = [(1e-8, None), (0.0, spec.branching_max), (spec.decay_min, spec.decay_max)]
    best = -np.inf
    for branching in (0.2, 0.6):
        for decay in np.geomspace(0.03, 0.7, 3):
            start = [len(times) / horizon * (1.0 - branching), branching, decay]
            found = optimize.minimize(loss, start, args=(times, horizon), jac=True, method="L-BFGS-B", bounds=bounds)
            best = max(best, -found.fun)
    return float(best)


def samples(events: int, count: int) -> list[FloatVector]:
    """Jump times on a grid of bars from a clustered process, about `events` each in 500 bars."""
    truth = HawkesTruth(base_rate=0.45 * events / BARS, branching_ratio=0.6, decay=0.2)
    return [np.unique(np.floor(hawkes_times(float(BARS), truth, seed=seed))) + 0.5 for seed in range(count)]


def fit_row(events: int, loss: Loss = scipy_loss, likelihood: str = "NumPy") -> dict[str, Any]:
    spec = HawkesFitSpec()
    drawn = samples(events, sized(20, 4))
    limits, result = spec.limits, np.empty(RESULT_SIZE)

    def ours() -> None:
        for times in drawn:
            fit_exponential_hawkes(times, float(BARS), limits, result)

    def theirs() -> None:
        for times in drawn[:4]:
            scipy_fit(times, float(BARS), spec, loss)

    short = 0.0
    for times in drawn[:4]:
        fit_exponential_hawkes(times, float(BARS), limits, result)
        short = max(short, scipy_fit(times, float(BARS), spec, loss) - result[3])
    mean = np.mean([len(times) for times in drawn])
    ours_us, peer_us = median_us(ours, calls=20) / len(drawn), median_us(theirs, calls=1, rounds=sized(3, 1)) / 4
    note = f"{mean:.0f} events a fit on average; SciPy's best log-likelihood is at most {short:.1e} higher"
    return row(
        f"Hawkes fit, about {events} events",
        ours_us,
        f"SciPy L-BFGS-B, 6 starts, {likelihood} likelihood",
        peer_us,
        note,
    )


def feature_rows() -> list[dict[str, Any]]:
    feature = make("hawkes")
    close = 100.0 * np.exp(np.cumsum(garch_returns(5_000, seed=1).returns))
    bars = np.ascontiguousarray(np.tile(close, (5, 1)))
    window = np.ascontiguousarray(bars[:, :BARS])
    at, window_at = np.arange(5_000, dtype=np.int64), np.arange(BARS, dtype=np.int64)
    tail = feature.tail
    assert tail is not None
    stream = feature.open_stream()
    columns = [np.ascontiguousarray(bars[:, t]) for t in range(2_000)]

    def streamed() -> None:
        for t, bar in enumerate(columns):
            stream.update(t, bar)

    spec = HawkesFitSpec()
    times = samples(40, 1)[0]
    peer_us = median_us(lambda: scipy_fit(times, float(BARS), spec), calls=1, rounds=3)
    peer = "one SciPy fit"
    return [
        row("hawkes, last bar of 500", median_us(lambda: tail(window_at, window, 1), calls=50), peer, peer_us, "tail"),
        row(
            "hawkes, batch, a bar",
            median_us(lambda: feature.batch(at, bars), calls=5) / 5_000,
            "one SciPy fit every 50 bars, events given",
            peer_us / 50,
            "5,000 bars",
        ),
        row(
            "hawkes, stream, a bar",
            median_us(streamed, calls=1) / 2_000,
            "one SciPy fit every 50 bars, events given",
            peer_us / 50,
            "2,000 bars",
        ),
    ]


def row(name: str, ours_us: float, peer: str, peer_us: float, note: str) -> dict[str, Any]:
    return {
        "name": name,
        "ours_us": ours_us,
        "peer": peer,
        "peer_us": peer_us,
        "ratio": peer_us / ours_us,
        "note": note,
    }


def run() -> list[dict[str, Any]]:
    """Rows: name, ours_us, peer, peer_us, ratio, note. One BLAS thread, or SciPy's optimiser mostly waits."""
    with threadpool_limits(1):
        return [fit_row(20), fit_row(40), fit_row(100), fit_row(40, compiled_loss, "compiled"), *feature_rows()]


if __name__ == "__main__":
    for line in run():
        print(
            f"{line['name']:32} {line['ours_us']:10.2f} us   {line['peer']:45} {line['peer_us']:10.1f} us   "
            f"x{line['ratio']:.0f}   {line['note']}"
        )
