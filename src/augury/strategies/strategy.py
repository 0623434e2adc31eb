"""The Strategy contract: its parameters with bounds, and one function from bars to a target position per bar."""

from __future__ import annotations

import hashlib
import inspect
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from augury.arrays import FloatMatrix, FloatVector
from augury.errors import InvalidInput, nearest
from augury.market.bars import BarArrays, bars_frame

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
        number = float(value)
        if not self.low <= number <= self.high or (self.integer and number != round(number)):
            raise InvalidInput(f"parameter {self.name!r} should be {kind} in {self.low:g}..{self.high:g}, got {value!r}")
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
    to Python.
    """

    positions: Any
    prepare: Any = None
    rows: int = 5

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
        """Source of both kernels."""
        parts = [self.positions.py_func] + ([] if self.prepare is None else [self.prepare.py_func])
        return "\n".join(textwrap.dedent(inspect.getsource(part)) for part in parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainForm:
    """A function `positions(bars, **parameters)` from a frame of bars to an array of target positions.

    `source` is the text it came from; it identifies the strategy in the ledger and in capsules.
    """

    function: Callable[..., Any]
    source: str

    def evaluate(self, bars: BarArrays, names: tuple[str, ...], values: FloatVector) -> FloatVector:
        """Call the function on a frame of its own; InvalidInput when its answer is no array with one value a bar."""
        answer = self.function(bars_frame(bars.opened_at, bars.matrix), **dict(zip(names, values.tolist(), strict=True)))
        try:
            positions = np.array(answer, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise InvalidInput(
                f"positions(bars) should return numbers, one target position a bar; got {type(answer).__name__}"
            ) from error
        if positions.shape != (len(bars),):
            raise InvalidInput(
                f"positions(bars) should return {len(bars)} target positions, one a bar; got shape {positions.shape}"
            )
        return positions

    def text(self) -> str:
        """The source text."""
        return self.source


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """What to hold: a target position per bar, as a fraction of equity in [-1, 1] (more with leverage).

    The position at bar t is decided at its close, from bars up to t only, and executed at the next bar's open unless the
    engine is told otherwise. It is 0 while the strategy is warming up, never NaN. `rule` says what is wrong with a
    combination of parameters ("fast should be below slow"), or None. `warm_up` gives the bars without a decision.
    """

    name: str
    summary: str
    parameters: tuple[Parameter, ...]
    form: Form
    rule: Callable[[Mapping[str, float]], str | None] | None = None
    warm_up: Callable[[Mapping[str, float]], int] | None = None
    source: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Parameter names in order."""
        return tuple(parameter.name for parameter in self.parameters)

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
