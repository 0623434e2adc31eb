"""Latency of two graphs side by side: calls interleaved, so that what slows the machine slows both."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from augury.arrays import FloatMatrix
from augury.learning.artefacts.arrays import GraphInput
from augury.learning.artefacts.session import GraphSession
from augury.learning.compression.answers import feeds_for
from augury.learning.compression.footprint import Timing

__all__ = ["PairedTiming", "TimingEffort", "paired_timing"]

_EDGE = 0.1  # of the blocks: the ratio's interval holds the middle 80 %


@dataclass(frozen=True, slots=True, kw_only=True)
class TimingEffort:
    """How often is called: `blocks` times one after the other each graph takes `seconds` of calls (at least 3)."""

    blocks: int = 15
    seconds: float = 0.01
    most_calls: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedTiming:
    """Times of both graphs, and whether the difference of their medians is more than noise.

    `ratios` (after / before, 1 row and 64 rows) are medians over blocks. `faster_one` and `faster_many` say that nine
    blocks in ten gave a ratio below every one of nine in ten blocks of the first graph against itself; `slower_*` the
    converse.
    """

    before: Timing
    after: Timing
    ratios: tuple[float, float]
    faster: tuple[bool, bool]
    slower: tuple[bool, bool]
    noise: tuple[float, float] = field(repr=False)


def paired_timing(
    before: bytes, after: bytes, feeds: Mapping[str, GraphInput], effort: TimingEffort | None = None
) -> PairedTiming:
    """Time both graphs on 1 row and on all rows of `feeds`, in ONNX Runtime, one thread.

    Times are those of the calling thread on the processor: waiting for another process does not count. A second session
    of the first graph is timed along: how far it seems to be from itself is the noise.
    """
    effort = effort or TimingEffort()
    sessions = [GraphSession(before), GraphSession(before), GraphSession(after)]
    one = {name: array[:1] for name, array in feeds.items()}
    figures = [_timed(sessions, rows, effort) for rows in (one, feeds)]
    medians = [np.array([[np.median(block) for block in arm] for arm in arms]) for arms in figures]
    verdicts = [_compared(found) for found in medians]
    return PairedTiming(
        before=_summary(figures, 0),
        after=_summary(figures, 2),
        ratios=(verdicts[0][0], verdicts[1][0]),
        faster=(verdicts[0][1], verdicts[1][1]),
        slower=(verdicts[0][2], verdicts[1][2]),
        noise=(verdicts[0][3], verdicts[1][3]),
    )


def _timed(
    sessions: list[GraphSession], feeds: Mapping[str, GraphInput], effort: TimingEffort
) -> list[list[list[float]]]:
    """Seconds of every call: [session][block][call]."""
    calls, read = [], [feeds_for(session, feeds) for session in sessions]
    for session, mine in zip(sessions, read, strict=True):
        session.run(mine, exact=False)
        spent = min(_call(session, mine) for _ in range(3))
        calls.append(int(np.clip(effort.seconds / max(spent, 1e-7), 3, effort.most_calls)))
    found: list[list[list[float]]] = [[] for _ in sessions]
    for block in range(effort.blocks):
        order = range(len(sessions)) if block % 2 == 0 else reversed(range(len(sessions)))
        for at in order:
            found[at].append([_call(sessions[at], read[at]) for _ in range(calls[at])])
    return found


def _call(session: GraphSession, feeds: Mapping[str, GraphInput]) -> float:
    start = time.thread_time_ns()
    session.run(feeds, exact=False)
    return (time.thread_time_ns() - start) * 1e-9


def _compared(medians: FloatMatrix) -> tuple[float, bool, bool, float]:
    """Ratio after / before, whether it is lower or higher than noise explains, and the noise; [3, blocks]."""
    itself = medians[1] / medians[0]
    ratio = medians[2] / np.minimum(medians[0], medians[1])
    slow_ratio = medians[2] / np.maximum(medians[0], medians[1])
    low, high = np.quantile(itself, [_EDGE, 1.0 - _EDGE])
    faster = bool(np.quantile(ratio, 1.0 - _EDGE) < min(low, 1.0))
    slower = bool(np.quantile(slow_ratio, _EDGE) > max(high, 1.0))
    return float(np.median(medians[2]) / np.median(medians[:2])), faster, slower, float(high - low)


def _summary(figures: list[list[list[list[float]]]], arm: int) -> Timing:
    (p50_one, p99_one), (p50_many, p99_many) = (
        np.quantile(np.concatenate([np.asarray(block) for block in arms[arm]]), [0.5, 0.99]).tolist()
        for arms in figures
    )
    return Timing(p50_one=p50_one, p99_one=p99_one, p50_many=p50_many, p99_many=p99_many)
