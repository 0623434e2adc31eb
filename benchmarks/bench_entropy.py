"""Permutation entropy and complexity against antropy and ordpy doing the same rolling job: CPU time per bar."""

from __future__ import annotations

from typing import Any

import antropy
import numpy as np
import ordpy

from augury.features import registry
from timing import best_of, sized

BARS = sized(100_000, 10_000)
PEER_WINDOWS = sized(30, 2)


def run() -> list[dict[str, Any]]:
    """Rows of name, ours_us, peer, peer_us, ratio, note; CPU microseconds per bar."""
    rng = np.random.default_rng(1)
    returns = rng.standard_normal(BARS) * 0.01
    bars = np.ascontiguousarray(np.broadcast_to(100.0 * np.exp(np.cumsum(returns)), (5, BARS)))
    times = np.arange(BARS)
    starts = rng.integers(0, BARS - 2000, PEER_WINDOWS)
    rows = []
    for order, window in ((3, 100), (4, 250), (5, 1200)):
        feature = registry.make("permutation_entropy", window_bars=window, order=order)
        batch_us = best_of(lambda feature=feature: feature.batch(times, bars), sized(7, 1)) / BARS * 1e6
        stream, columns = feature.open_stream(), [np.ascontiguousarray(bars[:, t]) for t in range(5000)]
        stream_us = best_of(lambda s=stream, c=columns: [s.update(0, bar) for bar in c], sized(3, 1)) / 5000 * 1e6
        parts = [returns[s : s + window + order - 1] for s in starts]
        peers = {
            "antropy (entropy only)": lambda x, order=order: antropy.perm_entropy(x, order=order, normalize=True),
            "ordpy": lambda x, order=order: ordpy.complexity_entropy(x, dx=order),
        }
        for peer, work in peers.items():
            work(parts[0])
            peer_us = best_of(lambda work=work, parts=parts: [work(x) for x in parts], sized(3, 1)) / PEER_WINDOWS * 1e6
            for mode, ours in (("batch", batch_us), ("stream", stream_us)):
                rows.append(
                    {
                        "name": f"permutation_entropy order {order} {mode}",
                        "ours_us": ours,
                        "peer": peer,
                        "peer_us": peer_us,
                        "ratio": peer_us / ours,
                        "note": f"window {window}",
                    }
                )
    return rows


if __name__ == "__main__":
    for row in run():
        print(row)
