"""The one adapter to TA-Lib: a table row (`Indicator`) becomes a registered feature with a batch and a streaming form.

Batch is the TA-Lib function itself; the stream holds TA-Lib's own O(1) handle, which gives the same bits. Integer
outputs (candle patterns, HT_TRENDMODE) become float64 and are NaN, not 0, while warming up. TA-Lib is imported when
the first indicator is built, never by importing this module, so that listing the registry stays quick.
"""

from __future__ import annotations

import importlib
import math
from array import array
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from augury.arrays import FloatMatrix, FloatVector, IntVector
from augury.errors import InvalidInput
from augury.features.feature import Feature
from augury.features.flat_guard import FlatGuard, FlatRule, guard_batch
from augury.features.indicator_table import Indicator, indicator_label, indicator_spec
from augury.features.registry import FeatureDefinition
from augury.features.snapshots import seal, unseal
from augury.market.bars import BAR_COLUMNS
from augury.spec import Spec

__all__ = ["build_indicator", "indicator_definition"]


def indicator_definition(row: Indicator, module: str) -> FeatureDefinition:
    """The registry entry of a row; `module` is where its spec type can be found by name."""
    spec_type = indicator_spec(row, module)

    def build(spec: Spec | None = None) -> Feature:
        return build_indicator(row, spec or spec_type())

    return FeatureDefinition(
        name=row.name, summary=row.meaning, source=f"TA-Lib {row.function}", spec_type=spec_type, build=build
    )


def build_indicator(row: Indicator, spec: Spec) -> Feature:
    """Bind options to a row. Imports TA-Lib (about half a second the first time).

    Warm-up: TA-Lib's own look-back, exactly. Timing: known at the close of the bar. NaN: while warming up, and as the
    row's flat rule says; the bars themselves hold none, so none can poison the sums.
    """
    machine = _TalibMachine(row, spec)
    return Feature(
        name=row.name,
        label=indicator_label(row, spec),
        spec=spec,
        outputs=row.outputs,
        inputs=row.reads or row.inputs,
        warm_up=machine.look_back,
        look_back=machine.look_back + 1 if row.exact_window else None,
        batch=machine.batch,
        open_stream=machine.open_stream,
    )


class _TalibMachine:
    """A TA-Lib function with its options bound."""

    def __init__(self, row: Indicator, spec: Spec) -> None:
        self.row = row
        self.identity = f"{row.name}@{spec.id}"
        self.options: dict[str, Any] = spec.to_dict()
        self.arguments: dict[str, Any] = {**self.options, **row.fixed}
        abstract = importlib.import_module("talib.abstract")
        self.look_back = int(abstract.Function(row.function, **self.arguments).lookback)
        self._talib = importlib.import_module("talib")
        self.bounds = tuple(
            (-math.inf if low is None else low, math.inf if high is None else high)
            for low, high in (output.bounds for output in row.outputs)
        )
        self._columns = tuple(BAR_COLUMNS.index(name) for name in row.inputs)

    def batch(self, opened_at: IntVector, bars: FloatMatrix) -> FloatMatrix:
        """The function over the whole history: float64[k, n], NaN while warming up."""
        del opened_at
        out = np.full((len(self.row.outputs), bars.shape[1]), np.nan)
        if bars.shape[1] <= self.look_back:
            return out
        inputs = [np.ascontiguousarray(bars[column]) for column in self._columns]
        result = getattr(self._talib, self.row.function)(*inputs, **self.arguments)
        for row, values in zip(out, result if isinstance(result, tuple | list) else (result,), strict=True):
            row[self.look_back :] = values[self.look_back :]
        if self.row.flat is not None:
            guard_batch(self.row.flat, self.options, self._watched(self.row.flat, inputs), out)
        self._cut_to_bounds(out)
        return out

    def _cut_to_bounds(self, values: FloatMatrix) -> None:
        """Move to the edge of its scale, in place, what TA-Lib's running sums leave outside it (about 1e-13).

        What overflowed (prices near 1e308) is unknown.
        """
        values[np.isinf(values)] = np.nan
        for row, (low, high) in zip(values, self.bounds, strict=True):
            row[row < low] = low
            row[row > high] = high

    def _watched(self, rule: FlatRule, inputs: list[FloatVector]) -> FloatMatrix:
        if rule.watches is None:
            return np.stack(inputs)
        series = getattr(self._talib, rule.watches)(*inputs, timeperiod=self.options["timeperiod"])
        return np.asarray(series, dtype=np.float64)[np.newaxis]

    def handle(self, function: str, history: list[FloatVector], arguments: Mapping[str, Any]) -> Any:
        """TA-Lib's own streaming handle, opened on the history; None when the history is too short."""
        try:
            return getattr(self._talib.stream, function)(*history, **arguments)
        except self._talib.InsufficientHistory:
            return None

    def open_stream(self) -> _TalibStream:
        """A stream without history."""
        return _TalibStream(self)

    def take(self, bar: FloatVector) -> tuple[float, ...]:
        """The inputs of the function on one bar."""
        return tuple(float(bar[column]) for column in self._columns)


class _TalibStream:
    """TA-Lib's handle plus the inputs it was fed.

    A handle can be neither pickled nor rebuilt exactly from a window, so a snapshot holds every input since the start:
    8 bytes for each input and bar (RSI over 100,000 bars: 0.8 MB). Restoring opens the handle on that history, which
    gives the state of the stream that saved it to the last bit.
    """

    __slots__ = ("_companion", "_guard", "_handle", "_history", "_machine")

    def __init__(self, machine: _TalibMachine) -> None:
        self._machine = machine
        self._history = [array("d") for _ in machine.row.inputs]
        self._handle: Any = None
        self._companion: Any = None
        self._guard = FlatGuard(machine.row.flat, machine.options) if machine.row.flat is not None else None

    def update(self, opened_at: int, bar: FloatVector) -> FloatVector:
        """Feed one closed bar; returns a fresh float64[k], equal to the batch column bit for bit.

        Raises InvalidInput, the state unchanged, for values that are not finite.
        """
        del opened_at
        inputs = self._machine.take(bar)
        if not all(map(math.isfinite, inputs)):
            raise InvalidInput(f"expected finite {', '.join(self._machine.row.inputs)}; got {inputs}; drop the bar")
        result = None if self._handle is None else self._handle.update(*inputs)
        for series, value in zip(self._history, inputs, strict=True):
            series.append(value)
        if self._handle is None and len(self._history[0]) > self._machine.look_back:
            self._open()
            result = None if self._handle is None else self._handle.value
        if result is None:
            row = [math.nan] * len(self._machine.row.outputs)
        else:
            row = [float(value) for value in result] if isinstance(result, tuple) else [float(result)]
        if self._guard is not None:
            self._guard.apply(self._watch(inputs), row)
        self._cut_to_bounds(row)
        return np.array(row)

    def _cut_to_bounds(self, row: list[float]) -> None:
        for j, (low, high) in enumerate(self._machine.bounds):
            if math.isinf(row[j]):
                row[j] = math.nan
            elif row[j] < low:
                row[j] = low
            elif row[j] > high:
                row[j] = high

    def _arrays(self) -> list[FloatVector]:
        return [np.array(series) for series in self._history]

    def _open(self) -> None:
        machine = self._machine
        self._handle = machine.handle(machine.row.function, self._arrays(), machine.arguments)

    def _watch(self, inputs: tuple[float, ...]) -> tuple[float, ...]:
        rule = self._machine.row.flat
        if rule is None or rule.watches is None:
            return inputs
        if self._companion is not None:
            return (float(self._companion.update(*inputs)),)
        self._open_companion(rule.watches)
        return (float(self._companion.value) if self._companion is not None else np.nan,)

    def _open_companion(self, function: str) -> None:
        period = {"timeperiod": self._machine.options["timeperiod"]}
        if len(self._history[0]) > period["timeperiod"]:
            self._companion = self._machine.handle(function, self._arrays(), period)

    def snapshot(self) -> bytes:
        """Every input since the start and the guard's state, sealed with the feature's identity and a checksum."""
        inputs = [np.array(series).astype("<f8").tobytes() for series in self._history]
        guard = self._guard.state if self._guard is not None else []
        return seal(self._machine.identity, msgspec.msgpack.encode((inputs, guard)))

    def restore(self, snapshot: bytes) -> None:
        """Reopen the handle on the saved inputs. Raises InvalidInput for another feature's or a damaged snapshot."""
        body = unseal(self._machine.identity, snapshot)
        inputs, guard = msgspec.msgpack.decode(body, type=tuple[list[bytes], list[float]])
        if len(inputs) != len(self._history):
            raise InvalidInput(f"the snapshot of {self._machine.identity} holds {len(inputs)} inputs; replay the bars")
        self._history = [array("d", np.frombuffer(saved, dtype="<f8").astype(np.float64).tobytes()) for saved in inputs]
        self._handle = self._companion = None
        if len(self._history[0]) > self._machine.look_back:
            self._open()
        if self._guard is not None:
            self._guard.state = guard
            rule = self._machine.row.flat
            if rule is not None and rule.watches is not None:
                self._open_companion(rule.watches)
