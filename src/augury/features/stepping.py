"""Features written as one compiled step over a state vector: batch and stream run the same machine code.

A step has the signature `STEP`: `step(state, params, opened_at, bar, out)`. It reads one closed bar, changes `state`
(float64, everything the feature remembers: ring buffers, sums, counters) and writes every cell of `out`, NaN included.
The state starts as zeros unless the feature gives another start.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from augury.arrays import FloatMatrix, FloatVector, IntVector
from augury.errors import InvalidInput
from augury.features.snapshots import seal, unseal
from augury.numerics.compile import kernel
from augury.numerics.step_call import STEP, address_of, call_step

__all__ = ["STEP", "StepMachine", "StepStream"]

Step: TypeAlias = Callable[[FloatVector, FloatVector, int, FloatVector, FloatVector], None]


@kernel("void(int64, float64[::1], float64[::1], int64[::1], float64[:, ::1], float64[:, ::1])")
def run_steps(address: Any, state: Any, params: Any, opened_at: Any, bars: Any, out: Any) -> None:
    """Feed every column of `bars` to the step at `address` and collect the rows it writes."""
    bar = np.empty(bars.shape[0])
    row = np.empty(out.shape[0])
    for t in range(bars.shape[1]):
        for i in range(bars.shape[0]):
            bar[i] = bars[i, t]
        call_step(address, (state, params, opened_at[t], bar, row))
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
    address: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "address", address_of(self.step))

    def batch(self, opened_at: IntVector, bars: FloatMatrix) -> FloatMatrix:
        """Run the step over every bar from the initial state: float64[outputs, n], column t known at its close."""
        out = np.empty((self.outputs, bars.shape[1]))
        run_steps(self.address, self.initial_state.copy(), self.params, opened_at, bars, out)
        return out

    def open_stream(self) -> StepStream:
        """A stream at the initial state, independent of every other."""
        return StepStream(self)


class StepStream:
    """The streaming twin of a step feature: holds the state vector and applies the same compiled step."""

    __slots__ = ("_machine", "_state")

    def __init__(self, machine: StepMachine) -> None:
        self._machine = machine
        self._state = machine.initial_state.copy()

    def update(self, opened_at: int, bar: FloatVector) -> FloatVector:
        """Apply the step to one closed bar; returns a fresh float64[outputs], equal to the batch column bit for bit."""
        row = np.empty(self._machine.outputs)
        self._machine.step(self._state, self._machine.params, opened_at, bar, row)
        return row

    def snapshot(self) -> bytes:
        """The state vector, sealed with the feature's identity and a checksum."""
        return seal(self._machine.identity, self._state.astype("<f8").tobytes())

    def restore(self, snapshot: bytes) -> None:
        """Take over a sealed state. Raises InvalidInput for another feature's, other options' or a damaged one."""
        body = unseal(self._machine.identity, snapshot)
        if len(body) != self._state.nbytes:
            raise InvalidInput(
                f"this snapshot of {self._machine.identity} holds {len(body)} bytes where {self._state.nbytes} "
                "are expected: it was taken by another version; replay the bars"
            )
        self._state = np.frombuffer(body, dtype="<f8").astype(np.float64)
