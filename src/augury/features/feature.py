"""The Feature contract: causal columns computed from bars, in batch and bar by bar, with identical bits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from augury.arrays import FloatMatrix, FloatVector, IntVector
from augury.spec import Spec

__all__ = ["BatchKernel", "Feature", "FeatureStream", "Output", "Scale", "TailKernel"]

Scale: TypeAlias = Literal["invariant", "proportional", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One column of a feature.

    `price_scale` and `volume_scale` say what happens when every price (volume) is multiplied by a positive constant:
    the column stays the same (invariant), is multiplied too (proportional), or neither (other). `flag` columns hold
    1.0, 0.0 or NaN (unknown). `bounds` are inclusive, None where unbounded. The contract suite checks all of it.
    """

    name: str
    meaning: str
    flag: bool = False
    bounds: tuple[float | None, float | None] = (None, None)
    price_scale: Scale = "invariant"
    volume_scale: Scale = "invariant"


class FeatureStream(Protocol):
    """The streaming twin of a feature: one bar in, one row of outputs out, the state saved and restored exactly."""

    def update(self, opened_at: int, bar: FloatVector) -> FloatVector:
        """Feed one closed bar: open time in ns since the epoch (UTC), `bar` float64[5]. Returns float64[k].

        The returned row is a fresh array. A value equals the batch value at the same bar bit for bit.
        """
        ...

    def snapshot(self) -> bytes:
        """The whole state, such that a restored stream continues bit for bit."""
        ...

    def restore(self, snapshot: bytes) -> None:
        """Replace the state by a snapshot taken from a stream of the same feature and options.

        Raises InvalidInput when the snapshot belongs to another feature, other options or is damaged.
        """
        ...


BatchKernel: TypeAlias = Callable[[IntVector, FloatMatrix], FloatMatrix]
TailKernel: TypeAlias = Callable[[IntVector, FloatMatrix, int], FloatMatrix]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """A feature with its options bound: what it reads, what it gives, and how.

    `batch(opened_at int64[n] ns UTC, bars float64[5, n] open high low close volume) -> float64[k, n]`; row j belongs
    to `outputs[j]`. Column t uses bars 0..t only, so it is known at the close of bar t. Cells are NaN until enough
    bars have been seen and wherever the value is undefined; they are never filled.
    `warm_up` is the number of leading bars at which every output is NaN for certain. `look_back` is the number of
    bars, t included, that can influence the value at t; None when the whole history does (recursive features).
    `tail(opened_at, bars, count)` gives the last `count` columns of `batch`, bit for bit, where that can be had for
    less work than the whole; None where it cannot. `label` prefixes the column names and is the definition's name
    unless the builder gives a more telling one (`sma_20`).
    """

    name: str
    label: str
    spec: Spec
    outputs: tuple[Output, ...]
    inputs: tuple[str, ...]
    warm_up: int
    look_back: int | None
    batch: BatchKernel
    open_stream: Callable[[], FeatureStream]
    tail: TailKernel | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Column names, `label_output`, or the label alone for an output without a name."""
        return tuple(f"{self.label}_{output.name}" if output.name else self.label for output in self.outputs)

    @property
    def id(self) -> str:
        """Name and options hash: the version stamped on everything computed with it."""
        return f"{self.name}@{self.spec.id}"
