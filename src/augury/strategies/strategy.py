"""The Strategy contract: its parameters with bounds, and one function from bars to a target position per bar."""

from __future__ import annotations

import hashlib
import inspect
import math
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from augury.arrays import FloatMatrix, FloatVector
from augury.errors import AuguryError, InvalidInput, nearest
from augury.market.bars import BarArrays, bars_frame
from augury.market.validate import valid_arrays
from augury.strategies.answers import checked_answer
from augury.strategies.failures import failure_of

__all__ = ["CompiledForm", "Form", "Parameter", "PlainForm", "Strategy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One number that a strategy is tuned by, with its default and the closed interval it may lie in."""

    name: str
    default: float
    low: float
    high: float
    integer: bool = True
    meaning: str = ""

    def checked(self, value: Any) -> float:
        """The value as a float; InvalidInput when it is no number, out of bounds, or a fraction where none fits."""
        kind = "a whole number" if self.integer else "a number"
        if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
            raise InvalidInput(f"parameter {self.name!r} should be {kind}, got {value!r}")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not self.low <= number <= self.high or (self.integer and number != round(number)):
            raise InvalidInput(
                f"parameter {self.name!r} should be {kind} in {self.low:g}..{self.high:g}, got {value!r:.40}"
            )
        return number

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {field: getattr(self, field) for field in self.__slots__}


class Form(Protocol):
    """How positions are computed."""

    def evaluate(self, bars: BarArrays, names: tuple[str, ...], values: FloatVector) -> FloatVector:
        """Target positions float64[n] as the strategy gives them, not yet checked."""
        ...

    def text(self) -> str:
        """What identifies the code: its source."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledForm:
    """Kernels compiled for `kernel_form.PREPARE` (or None: the bars are the inputs) and `kernel_form.POSITIONS`.

    `rows` is the number of input rows that `prepare` writes. Sweeps and permutation tests call both without returning
    to Python. `source` is the text of the file that the kernels came from, where that is a user's own.
    """

    positions: Any
    prepare: Any = None
    rows: int = 5
    source: str | None = None

    def inputs(self, matrix: FloatMatrix) -> FloatMatrix:
        """The input rows for bars float64[5, n]."""
        if self.prepare is None:
            return matrix
        rows = np.empty((self.rows, matrix.shape[1]))
        self.prepare(matrix, rows)
        return rows

    def evaluate(self, bars: BarArrays, names: tuple[str, ...], values: FloatVector) -> FloatVector:  # noqa: ARG002
        """Run the kernels once."""
        out = np.empty(len(bars))
        self.positions(self.inputs(bars.matrix), values, out)
        return out

    def text(self) -> str:
        """Source of both kernels and of the compiled functions that they call, or of the file they came from."""
        if self.source is not None:
            return self.source
        seen: dict[Any, None] = {}
        for part in (self.positions, self.prepare):
            seen.update(dict.fromkeys(_functions(part)))
        return "\n".join(textwrap.dedent(inspect.getsource(function)) for function in seen)


def _functions(compiled: Any) -> Iterator[Callable[..., Any]]:
    """The Python functions behind a compiled one and behind those it calls, in the order of their use."""
    function = getattr(compiled, "py_func", None)
    if function is None:
        return
    yield function
    for name in function.__code__.co_names:
        yield from _functions(function.__globals__.get(name))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainForm:
    """A function `positions(bars, **parameters)` from a frame of bars to an array or series of target positions.

    `source` is the text it came from; it identifies the strategy in the ledger and in capsules. Parameters named in
    `integers` arrive as `int`, the others as `float`. `fixed`: the answer is the same whatever the bars.
    """

    function: Callable[..., Any]
    source: str
    integers: tuple[str, ...] = ()
    fixed: bool = False

    def evaluate(self, bars: BarArrays, names: tuple[str, ...], values: FloatVector) -> FloatVector:
        """Call the function on a frame of its own.

        InvalidInput when it raises or exits, with the line that did, and when its answer is not one finite number a
        bar (see `checked_answer`).
        """
        frame = bars_frame(bars.opened_at, bars.matrix)
        index = frame.index
        given = {
            name: int(value) if name in self.integers else value
            for name, value in zip(names, values.tolist(), strict=True)
        }
        try:
            answer = self.function(frame, **given)
        except AuguryError:
            raise
        except (Exception, SystemExit) as error:
            raise InvalidInput(f"positions(bars) failed: {failure_of(error, self.function)}") from error
        return checked_answer(answer, index)

    def text(self) -> str:
        """The source text."""
        return self.source


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """What to hold: a target position per bar, as a fraction of equity in [-1, 1] (more with leverage).

    The position at bar t is decided at its close, from bars up to t only, and executed at the next bar's open unless
    the engine is told otherwise. It is 0 while the strategy is warming up, never NaN. `rule` says what is wrong with a
    combination of parameters ("fast should be below slow"), or None. `warm_up` gives the bars without a decision.
    `scale_free` declares that positions stay the same when every price is multiplied by a constant.
    """

    name: str
    summary: str
    parameters: tuple[Parameter, ...]
    form: Form
    rule: Callable[[Mapping[str, float]], str | None] | None = None
    warm_up: Callable[[Mapping[str, float]], int] | None = None
    source: str = ""
    scale_free: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Parameter names in order."""
        return tuple(parameter.name for parameter in self.parameters)

    @property
    def fixed(self) -> bool:
        """Whether positions are given and cannot be computed on other bars."""
        return isinstance(self.form, PlainForm) and self.form.fixed

    @property
    def compiled(self) -> bool:
        """Whether engines may call it without returning to Python."""
        return isinstance(self.form, CompiledForm)

    @property
    def code_id(self) -> str:
        """16 hex digits: SHA-256 of the name and the source of the code."""
        return hashlib.sha256(f"{self.name}\n{self.form.text()}".encode()).hexdigest()[:16]

    def values(self, given: Mapping[str, Any] | None = None) -> FloatVector:
        """Parameter values float64[p] in order, defaults for those not given; InvalidInput for any that cannot be."""
        given = given or {}
        for name in given:
            if name not in self.names:
                known = nearest(name, self.names) if self.names else "it has none"
                raise InvalidInput(f"strategy {self.name!r} has no parameter {name!r}; {known}")
        values = [parameter.checked(given.get(parameter.name, parameter.default)) for parameter in self.parameters]
        wrong = self.broken_rule(np.array(values))
        if wrong is not None:
            shown = ", ".join(f"{name}={value:g}" for name, value in zip(self.names, values, strict=True))
            raise InvalidInput(f"strategy {self.name!r}: {wrong}; got {shown}")
        return np.array(values, dtype=np.float64)

    def broken_rule(self, values: FloatVector) -> str | None:
        """What is wrong with this combination, or None."""
        return None if self.rule is None else self.rule(dict(zip(self.names, values.tolist(), strict=True)))

    def evaluate(self, bars: BarArrays, values: FloatVector) -> FloatVector:
        """Target positions float64[n]; known at each bar's close."""
        return self.form.evaluate(bars, self.names, values)

    def positions(self, bars: Any, **parameters: Any) -> pd.Series[Any]:
        """Target positions on a frame of bars, indexed like them; row t is decided at the close of bar t.

        Bars are validated. Raises InvalidBars, and InvalidInput for parameters that cannot be.
        """
        arrays = valid_arrays(bars)
        index = bars_frame(arrays.opened_at, arrays.matrix).index
        return pd.Series(self.evaluate(arrays, self.values(parameters)), index=index, name=self.name)
