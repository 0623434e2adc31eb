"""Windows: the statistics, averages and trend of a session's last values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from augury.arrays import FloatVector, IntVector
from augury.errors import InvalidInput
from augury_server.streams.spec import StreamSpec
from augury_server.streams.update import TrendFacts, WindowFacts
from augury_server.streams.window_kernels import FACTS, HEAD, SUMS, push

__all__ = ["Windows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    lengths: IntVector
    decays: FloatVector
    names: tuple[str, ...]
    cells: int
    out: FloatVector  # scratch, shared by all sessions of a form: it is read before the next update


class Windows:
    """The last values of a session. Not for several threads at once, nor are two of one form."""

    __slots__ = ("_plan", "_state")

    def __init__(self, spec: StreamSpec) -> None:
        self._plan = _plan(spec.window, spec.trend_window, spec.simple_averages, spec.exponential_averages)
        self._state: FloatVector = np.zeros(self._plan.cells)

    def update(self, value: float) -> tuple[WindowFacts, dict[str, float | None], TrendFacts | None]:
        """Take a finite value in; the statistics, the averages by name and the trend with it."""
        plan = self._plan
        push(self._state, plan.lengths, plan.decays, value, plan.out)
        count, mean, std, low, high, trend_count, slope, error, t, *averages = plan.out.tolist()
        window = WindowFacts(count=int(count), mean=mean, std=_known(std), min=low, max=high)
        named = {name: _known(found) for name, found in zip(plan.names, averages, strict=True)}
        if slope != slope:
            return window, named, None
        return window, named, TrendFacts(count=int(trend_count), slope=slope, standard_error=error, t=_known(t))

    def snapshot(self) -> bytes:
        """The whole state."""
        return self._state.astype("<f8").tobytes()

    def restore(self, saved: bytes) -> None:
        """Replace the state; InvalidInput for one of other lengths."""
        if len(saved) != self._state.nbytes:
            raise InvalidInput(f"a snapshot of these windows has {self._state.nbytes} bytes, this one {len(saved)}")
        self._state = np.frombuffer(saved, dtype="<f8").astype(np.float64)


def _known(value: float) -> float | None:
    return value if value == value else None


@lru_cache(maxsize=1024)
def _plan(window: int, trend: int, simple: tuple[int, ...], exponential: tuple[int, ...]) -> _Plan:
    lengths = (window, trend, *simple)
    return _Plan(
        lengths=np.array(lengths, dtype=np.int64),
        decays=np.array([1.0 - 2.0 / (span + 1.0) for span in exponential]),
        names=tuple([f"sma({length})" for length in simple] + [f"ema({span})" for span in exponential]),
        cells=HEAD + SUMS * len(lengths) + 2 * len(exponential) + max(lengths) + 2 * window,
        out=np.empty(FACTS + len(simple) + len(exponential)),
    )
