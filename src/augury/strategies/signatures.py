"""Parameters of a strategy read from a function's signature: names, defaults, whole or not, bounds."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from augury.errors import InvalidInput, nearest
from augury.strategies.strategy import Parameter

__all__ = ["Bounds", "parameters_of"]

Bounds = Mapping[str, Sequence[float]]
_MANY = 1_000_000
_LARGE = 1e9
_FORM = "expected positions(bars) or positions(bars, fast=10, slow=30), every parameter with a number as its default"


def parameters_of(
    function: Callable[..., Any], bounds: Bounds | None = None, *, inputs: int = 1
) -> tuple[Parameter, ...]:
    """The parameters that follow the first `inputs` arguments, which are handed in by position.

    A parameter is whole when annotated `int`, or when its default is an `int` and it is not annotated `float`; True
    and False make it 0 or 1. `bounds` gives `name: (low, high)`; without them a whole number lies in 1..1,000,000 (in
    -1,000,000..1,000,000 where its default is below 1) and any other in -1e9..1e9. Raises InvalidInput for another form
    of signature, a default that is no number or lies outside its bounds, and bounds for a name that is none.
    """
    try:
        given = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"{_FORM}; got something without a signature: {error}") from error
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    first, rest = given[:inputs], given[inputs:]
    if len(first) < inputs or any(item.kind not in positional for item in first):
        raise InvalidInput(f"{_FORM}; got {_shown(function)}")
    bounds = dict(bounds or {})
    names = [item.name for item in rest]
    for name in bounds:
        if name not in names:
            known = nearest(name, names) if names else "the function has no parameters"
            raise InvalidInput(f"bounds are given for {name!r}, which is no parameter; {known}")
    return tuple(_parameter(item, bounds.get(item.name), function) for item in rest)


def _shown(function: Callable[..., Any]) -> str:
    return f"{getattr(function, '__name__', 'function')}{inspect.signature(function)}"


def _parameter(item: inspect.Parameter, bounds: Any, function: Callable[..., Any]) -> Parameter:
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    default = item.default
    if item.kind not in named or default is inspect.Parameter.empty:
        raise InvalidInput(f"{_FORM}; got {_shown(function)}")
    if not isinstance(default, int | float) or not math.isfinite(default):
        raise InvalidInput(
            f"parameter {item.name!r} has the default {default!r}; only numbers are tuned, so make anything else a "
            "constant of the file"
        )
    if isinstance(default, bool):
        low, high, integer = 0.0, 1.0, True
    else:
        integer = item.annotation in (int, "int") or (
            isinstance(default, int) and item.annotation not in (float, "float")
        )
        low = (1.0 if default >= 1 else -float(_MANY)) if integer else -_LARGE
        high = float(_MANY) if integer else _LARGE
    if bounds is not None:
        low, high = _bounds(item.name, bounds)
    parameter = Parameter(name=item.name, default=float(default), low=low, high=high, integer=integer)
    try:
        parameter.checked(parameter.default)
    except InvalidInput as error:
        raise InvalidInput(f"the default does not fit: {error}") from error
    return parameter


def _bounds(name: str, bounds: Any) -> tuple[float, float]:
    try:
        low, high = (float(bound) for bound in bounds)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"bounds of {name!r} should be two numbers (low, high), got {bounds!r}") from error
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise InvalidInput(f"bounds of {name!r} should be finite, the lower one first; got {bounds!r}")
    return low, high
