"""What a model takes: bytes, numbers, memory and time, measured on its graph."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Footprint", "Timing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds of processor time a call takes, for 1 row and for 64: the median and the 99th percentile."""

    p50_one: float
    p99_one: float
    p50_many: float
    p99_many: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """`size_bytes` of the ONNX file, `parameters` (weights and tree nodes), `memory_bytes` and `timing`.

    `memory_bytes` is how much the resident set of a fresh process grows at its peak when it loads the graph and runs
    64 rows, libraries loaded before; None where it was not asked for.
    """

    size_bytes: int
    parameters: int
    memory_bytes: int | None
    timing: Timing

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)
