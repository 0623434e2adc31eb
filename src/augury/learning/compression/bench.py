"""The bench that candidates are put on: the original's answers, the rows, and everything measured once a graph."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from augury.learning.compression.answers import Answers, JudgedRows
from augury.learning.compression.certificate import Certificate
from augury.learning.compression.footprint import Footprint, Timing
from augury.learning.compression.graph_parameters import graph_parameters
from augury.learning.compression.judging import objections, real_gains, unfaithfulness, verdict, worsening
from augury.learning.compression.levels import Bounds
from augury.learning.compression.memory import peak_memory
from augury.learning.compression.paired_score import paired_score
from augury.learning.compression.paired_timing import TimingEffort, paired_timing
from augury.market.times import iso
from augury.spec import Spec

__all__ = ["Bench", "MeasuringSpec"]

_TIMED_ROWS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuringSpec(Spec):
    """How thoroughly to measure: `memory` starts a process a graph; `blocks` of `block_seconds` of calls are timed."""

    memory: bool = True
    blocks: int = 15
    block_seconds: float = 0.01


class Bench:
    """Compares graphs with an original on the rows given; `certify` is all there is to it."""

    def __init__(
        self, original: bytes, rows: JudgedRows, bounds: Bounds, *, seed: int, measuring: MeasuringSpec | None = None
    ) -> None:
        self._measuring = measuring or MeasuringSpec()
        self._effort = TimingEffort(blocks=self._measuring.blocks, seconds=self._measuring.block_seconds)
        self._rows, self._bounds, self._seed = rows, bounds, seed
        self._answers: dict[str, Answers] = {}
        self._original = self._answers_of(original)
        self._memory: dict[str, int | None] = {}

    def certify(self, before: bytes, after: bytes, *, faithful: bool, final: bool = False) -> Certificate:
        """Compare `after` with the original in score, and with `before` in what it takes.

        `faithful`: the step promises the same decisions. `final`: a whole compression is judged on its losses alone.
        """
        rows, bounds, classified = self._rows, self._bounds, self._rows.classes > 0
        parent, found = self._answers_of(before), self._answers_of(after)
        score = paired_score(self._original, found, rows, confidence=bounds.confidence, seed=self._seed)
        flips = float((parent.decisions != found.decisions).mean())
        difference = float(np.abs(parent.said - found.said).max())
        timing = paired_timing(before, after, rows.some_feeds(_TIMED_ROWS), self._effort)
        was, now = self._footprint(before, timing.before), self._footprint(after, timing.after)
        gains = real_gains(was, now, timing, bounds)
        against = objections(score, bounds, classified=classified)
        against += unfaithfulness(flips, difference, bounds, classified=classified) if faithful else []
        against += [] if final else worsening(was, now, timing, bounds)
        accepted, reason = verdict(gains, against, score, final=final)
        return Certificate(
            period=f"{iso(int(rows.opened_at.min()))} to {iso(int(rows.opened_at.max()))}",
            before=was,
            after=now,
            time_ratios=timing.ratios,
            score=score,
            step_flip_rate=flips,
            step_largest_difference=difference,
            gains=gains,
            accepted=accepted,
            reason=reason,
        )

    def _footprint(self, graph: bytes, timing: Timing) -> Footprint:
        return Footprint(
            size_bytes=len(graph),
            parameters=graph_parameters(graph),
            memory_bytes=self._memory_of(graph),
            timing=timing,
        )

    def _answers_of(self, graph: bytes) -> Answers:
        name = hashlib.sha256(graph).hexdigest()
        if name not in self._answers:
            self._answers[name] = Answers.of(graph, self._rows)
        return self._answers[name]

    def _memory_of(self, graph: bytes) -> int | None:
        if not self._measuring.memory:
            return None
        name = hashlib.sha256(graph).hexdigest()
        if name not in self._memory:
            self._memory[name] = peak_memory(graph, self._rows.some_feeds(_TIMED_ROWS))
        return self._memory[name]
