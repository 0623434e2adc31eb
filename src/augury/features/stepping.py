"""Features written as one compiled step over a state vector: batch and stream run the same machine code.

A step has the signature `STEP`: `step(state, params, opened_at, bar, out)`. It reads one closed bar, changes `state`
(float64, everything the feature remembers: ring buffers, sums, counters) and writes every cell of `out`, NaN included.
The state starts as zeros unless the feature gives another start.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numba import types

from augury.arrays import FloatMatrix, FloatVector, IntVector
from augury.errors import InvalidInput
from augury.numerics.compile import kernel

__all__ = ["STEP", "StepMachine", "StepStream"]

_VECTOR = types.float64[::1]
STEP = types.void(_VECTOR, _VECTOR, types.int64, _VECTOR, _VECTOR)
_RUN = types.void(types.FunctionType(STEP), _VECTOR, _VECTOR, types.int64[::1], types.float64[:, ::1], types.float64[:, ::1])
Step: TypeAlias = Callable[[FloatVector, FloatVector, int, FloatVector, FloatVector], None]


@kernel(_RUN)
def run_steps(step: Any, state: Any, params: Any, opened_at: Any, bars: Any, out: Any) -> None:
    """Feed every column of `bars` to `step` and collect the rows it writes."""
    bar = np.empty(bars.shape[0])
    row = np.empty(out.shape[0])
    for t in range(bars.shape[1]):
        for i in range(bars.shape[0]):
            bar[i] = bars[i, t]
        step(state, params, opened_at[t], bar, row)
        for i in range(out.shape[0]):
            out[i, t] = row[i]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepMachine:
    """A compiled step with its parameters, number of outputs and initial state; `batch` and `open_stream` for Feature.

    `identity` (the feature's id) is written into snapshots so that one feature never restores another's state.
    """

    identity: str
    step: Step
    params: FloatVector
    initial_state: FloatVector
    outputs: int

    def batch(self, opened_at: IntVector, bars: FloatMatrix) -> FloatMatrix:
        out = np.empty((self.outputs, bars.shape[1]))
        run_steps(self.step, self.initial_state.copy(), self.params, opened_at, bars, out)
        return out

    def open_stream(self) -> StepStream:
        return StepStream(self)


class StepStream:
    """The streaming twin of a step feature: holds the state vector and applies the same compiled step."""

    __slots__ = ("_machine", "_state")

    def __init__(self, machine: StepMachine) -> None:
        self._machine = machine
        self._state = machine.initial_state.copy()

    def update(self, opened_at: int, bar: FloatVector) -> FloatVector:
        row = np.empty(self._machine.outputs)
        self._machine.step(self._state, self._machine.params, opened_at, bar, row)
        return row

    def snapshot(self) -> bytes:
        body = self._state.astype("<f8").tobytes()
        return self._header() + hashlib.sha256(body).digest() + body

    def restore(self, snapshot: bytes) -> None:
        header = self._header()
        digest_end = len(header) + 32
        body = snapshot[digest_end:]
        if not snapshot.startswith(header) or len(body) != self._state.nbytes:
            raise InvalidInput(
                f"this snapshot was not taken from {self._machine.identity}; restore it into a stream of the feature "
                "and options that made it"
            )
        if hashlib.sha256(body).digest() != snapshot[len(header) : digest_end]:
            raise InvalidInput("the snapshot is damaged (its checksum differs); take a new one or replay the bars")
        self._state = np.frombuffer(body, dtype="<f8").astype(np.float64)

    def _header(self) -> bytes:
        return f"augury-stream 1 {self._machine.identity}\n".encode()
