"""A feature of longer bars seen from shorter ones: the last completed long bar, never the forming one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from augury.arrays import FloatMatrix, FloatVector, IntVector
from augury.errors import InvalidInput
from augury.features.feature import Feature, FeatureStream
from augury.features.snapshots import seal, unseal
from augury.market.bars import BarArrays
from augury.market.resampling import resample_arrays
from augury.market.timeframe import Timeframe
from augury.spec import Spec

__all__ = ["MultiTimeframeSpec", "multi_timeframe"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiTimeframeSpec(Spec):
    """Which feature (its id), on bars of which length, seen from bars of which length."""

    feature: str
    timeframe: str = "4h"
    base_timeframe: str = "1h"

    def check(self) -> None:
        """The longer timeframe must be a whole multiple of the base."""
        long, base = Timeframe.of(self.timeframe), Timeframe.of(self.base_timeframe)
        if long.ns % base.ns or long.ns == base.ns:
            raise InvalidInput(f"timeframe should be 2, 3, ... times base_timeframe {base}; got {long}")


def multi_timeframe(feature: Feature, timeframe: str = "4h", base_timeframe: str = "1h") -> Feature:
    """The feature computed on bars of `timeframe`, given at every bar of `base_timeframe`.

    Long bars are aligned to the UTC epoch (weeks to Monday) and made of the base bars that open in them; hours without
    base bars give none. Timing: at base bar t the value is that of the last long bar whose end, and whose last base
    bar, is not after the close of t; a bucket whose last base bars are missing is therefore seen at the close of the
    next base bar. The forming long bar is never part of it. Columns carry the timeframe: `rsi_14_4h`.

    Warm-up: at least that of `feature` in base bars, in a gapless series that many long bars. Look-back: that of
    `feature` in long bars plus the forming one. NaN: until the first long bar with a value, and where `feature` gives
    NaN. The stream nests the stream of `feature`, and its snapshot that snapshot. Raises InvalidInput for timeframes
    that do not divide and, when computing, for bars closer together than `base_timeframe`.

    >>> from augury.features.registry import make
    >>> multi_timeframe(make("range_position"), "1D", "1h").columns
    ('range_position_1D',)
    """
    long, base = Timeframe.of(timeframe), Timeframe.of(base_timeframe)
    spec = MultiTimeframeSpec(feature=feature.id, timeframe=str(long), base_timeframe=str(base))
    machine = _Machine(feature=feature, long=long, base=base, identity=f"multi_timeframe@{spec.id}")
    ratio = long.ns // base.ns
    return Feature(
        name="multi_timeframe",
        label=f"{feature.label}_{long}",
        spec=spec,
        outputs=feature.outputs,
        inputs=feature.inputs,
        warm_up=feature.warm_up,
        look_back=None if feature.look_back is None else (feature.look_back + 1) * ratio - 1,
        batch=machine.batch,
        open_stream=machine.open_stream,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Machine:
    feature: Feature
    long: Timeframe
    base: Timeframe
    identity: str

    def batch(self, opened_at: IntVector, bars: FloatMatrix) -> FloatMatrix:
        """Values float64[k, n] of the last long bar known at the close of each base bar."""
        out = np.full((len(self.feature.outputs), bars.shape[1]), np.nan)
        close_to = np.flatnonzero(np.diff(opened_at) < self.base.shortest_spacing_ns)
        if close_to.size:
            at = int(close_to[0]) + 1
            self.refuse(int(opened_at[at]), int(opened_at[at - 1]))
        starts, long_bars, known_at = resample_arrays(BarArrays(opened_at, bars), self.long, self.base)
        # a running total in time order, as the stream adds volumes up
        buckets = np.searchsorted(starts, opened_at, side="right") - 1
        long_bars[4] = np.bincount(buckets, weights=bars[4], minlength=starts.size)[: starts.size]
        seen = np.searchsorted(known_at, opened_at + self.base.ns, side="right")
        complete = int(seen[-1]) if seen.size else 0
        if complete == 0:
            return out
        values = self.feature.batch(starts[:complete], np.ascontiguousarray(long_bars[:, :complete]))
        visible = seen > 0
        out[:, visible] = values[:, seen[visible] - 1]
        return out

    def refuse(self, opened_at: int, previous: int) -> None:
        gap = (opened_at - previous) / 1e9
        raise InvalidInput(
            f"expected bars at least one base timeframe ({self.base}) apart; the bar opened at "
            f"{np.datetime64(opened_at, 'ns')} comes {gap:g} s after the one before: pass the bars' own base_timeframe"
        )

    def open_stream(self) -> _Stream:
        """A stream without history."""
        return _Stream(self)


class _Stream:
    """The forming long bar, the last values of the completed ones, and the feature's own stream."""

    __slots__ = ("_bar", "_bucket", "_inner", "_machine", "_previous", "_row")

    def __init__(self, machine: _Machine) -> None:
        self._machine = machine
        self._inner: FeatureStream = machine.feature.open_stream()
        self._bucket: int | None = None  # start of the forming long bar
        self._previous: int | None = None  # open time of the last base bar
        self._bar = np.zeros(5)
        self._row = np.full(len(machine.feature.outputs), np.nan)

    def update(self, opened_at: int, bar: FloatVector) -> FloatVector:
        """Feed one closed base bar; returns a fresh float64[k], equal to the batch column bit for bit."""
        machine = self._machine
        if self._previous is not None and opened_at - self._previous < machine.base.shortest_spacing_ns:
            machine.refuse(opened_at, self._previous)
        bucket = int(machine.long.bucket_starts(np.array([opened_at], dtype=np.int64))[0])
        if self._bucket is not None and bucket != self._bucket:
            self._complete()
        if self._bucket is None:
            self._bucket = bucket
            self._bar = np.array(bar, dtype=np.float64)
        else:
            self._bar[1] = max(self._bar[1], bar[1])
            self._bar[2] = min(self._bar[2], bar[2])
            self._bar[3] = bar[3]
            self._bar[4] += bar[4]
        self._previous = opened_at
        if opened_at + machine.base.ns >= bucket + machine.long.ns:
            self._complete()
        return self._row.copy()

    def _complete(self) -> None:
        if self._bucket is not None:
            self._row = self._inner.update(self._bucket, self._bar)
        self._bucket = None

    def snapshot(self) -> bytes:
        """The forming bar, the last values and the nested snapshot, sealed with identity and checksum."""
        state = (self._bucket, self._previous, self._bar.tolist(), self._row.tolist(), self._inner.snapshot())
        return seal(self._machine.identity, msgspec.msgpack.encode(state))

    def restore(self, snapshot: bytes) -> None:
        """Take over a sealed state. Raises InvalidInput for another feature's, other options' or a damaged one."""
        body = unseal(self._machine.identity, snapshot)
        state: Any = msgspec.msgpack.decode(body, type=tuple[int | None, int | None, list[float], list[float], bytes])
        self._inner.restore(state[4])
        self._bucket, self._previous = state[0], state[1]
        self._bar, self._row = np.array(state[2]), np.array(state[3])
