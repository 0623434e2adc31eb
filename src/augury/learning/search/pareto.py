"""Which pairs of score and latency are not beaten in both, and how much of the plane they cover."""

from __future__ import annotations

import numpy as np

from augury.arrays import FloatVector, IntVector

__all__ = ["hypervolume", "pareto_rows"]


def pareto_rows(scores: FloatVector, latencies: FloatVector) -> IntVector:
    """Positions of the trials that no other one beats: none has a score as high and a latency as low, one better.

    Highest score first; of equal pairs all are kept.
    """
    order = np.lexsort((latencies, -scores))
    kept: list[int] = []
    for at in order:
        beaten = any(
            latencies[other] <= latencies[at]
            and scores[other] >= scores[at]
            and (latencies[other] < latencies[at] or scores[other] > scores[at])
            for other in kept
        )
        if not beaten:
            kept.append(int(at))
    return np.array(kept, dtype=np.int64)


def hypervolume(scores: FloatVector, latencies: FloatVector, reference: tuple[float, float]) -> float:
    """Area of the plane between the Pareto set and a reference (score, latency) that is worse in both.

    Source: Zitzler and Thiele, "Multiobjective evolutionary algorithms", IEEE Trans. Evol. Comput. 3 (1999).
    """
    worst_score, worst_latency = reference
    inside = (scores > worst_score) & (latencies < worst_latency)
    scores, latencies = scores[inside], latencies[inside]
    area, reached = 0.0, worst_latency
    for at in np.lexsort((latencies, -scores)):
        if latencies[at] < reached:
            area += (reached - latencies[at]) * (scores[at] - worst_score)
            reached = float(latencies[at])
    return float(area)
