"""Hurst features against nolds doing the same rolling job: CPU time per bar, batch and stream."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from augury.features import registry
from augury.features.hurst_exponent import block_sizes
from timing import best_of, sized

WINDOW = 250
BARS = sized(100_000, 10_000)
PEER_WINDOWS = sized(40, 2)


def _peers() -> dict[str, Callable[[np.ndarray], float]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import nolds
    sizes = block_sizes(WINDOW)
    lags = list(range(1, 20))
    return {
        "hurst": lambda p: nolds.mfhurst_b(p[1:], qvals=[1, 0.5], dists=lags)[0],
        "hurst_dfa": lambda p: nolds.dfa(np.diff(p), nvals=sizes, overlap=False, fit_exp="poly"),
        "hurst_rs": lambda p: nolds.hurst_rs(np.diff(p), nvals=sizes, fit="poly", corrected=True, unbiased=False),
    }


def run() -> list[dict[str, Any]]:
    """Rows of name, ours_us, peer, peer_us, ratio, note; CPU microseconds per bar."""
    rng = np.random.default_rng(1)
    log_prices = np.cumsum(rng.standard_normal(BARS) * 0.01)
    bars = np.ascontiguousarray(np.broadcast_to(100.0 * np.exp(log_prices), (5, BARS)))
    times = np.arange(BARS)
    starts = rng.integers(0, BARS - WINDOW - 1, PEER_WINDOWS)
    rows = []
    for name, peer in _peers().items():
        feature = registry.make(name, window_bars=WINDOW)
        peer(log_prices[: WINDOW + 1])
        peer_us = (
            best_of(lambda peer=peer: [peer(log_prices[s : s + WINDOW + 1]) for s in starts], sized(3, 1))
            / PEER_WINDOWS
            * 1e6
        )
        every = 1 if name == "hurst" else feature.spec.step_bars
        batch_us = best_of(lambda feature=feature: feature.batch(times, bars), sized(7, 1)) / BARS * 1e6
        stream, columns = feature.open_stream(), [np.ascontiguousarray(bars[:, t]) for t in range(5000)]
        stream_us = best_of(lambda s=stream, c=columns: [s.update(0, bar) for bar in c], sized(3, 1)) / 5000 * 1e6
        note = f"window {WINDOW}, computed every {every} bars; the peer's time is divided by {every}"
        for mode, ours in (("batch", batch_us), ("stream", stream_us)):
            rows.append(
                {
                    "name": f"{name} {mode}",
                    "ours_us": ours,
                    "peer": "nolds",
                    "peer_us": peer_us / every,
                    "ratio": peer_us / every / ours,
                    "note": note,
                }
            )
    return rows


if __name__ == "__main__":
    for row in run():
        print(row)
