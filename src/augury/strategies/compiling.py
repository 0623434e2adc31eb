"""A user's own compiled strategy: one decorated function, compiled to the form that engines call."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from augury.errors import InvalidInput
from augury.numerics.compile import kernel
from augury.strategies.kernel_form import POSITIONS
from augury.strategies.signatures import Bounds, parameters_of
from augury.strategies.strategy import CompiledForm, Parameter, Strategy

__all__ = ["compiled_strategy"]


def compiled_strategy(
    function: Callable[..., Any] | None = None,
    *,
    bounds: Bounds | None = None,
    name: str | None = None,
    scale_free: bool = False,
) -> Any:
    """Make a strategy that runs at full speed everywhere out of a function of arrays.

    The function is `rule(bars, out, fast=10, slow=30)`: `bars` float64[5, n] holds open, high, low, close and volume,
    `out` float64[n] receives a target position for every bar, decided at its close, and the parameters arrive as `int`
    or `float` (see `parameters_of`; `bounds` as there). It may use what Numba can compile: loops, NumPy, other compiled
    functions. Every cell of `out` must be written, 0 while nothing is known. Raises InvalidInput for another signature
    and for what cannot be compiled.

    >>> @compiled_strategy(bounds={"days": (1, 20)})
    ... def after_a_rise(bars, out, days=3):
    ...     closes = bars[3]
    ...     for t in range(out.shape[0]):
    ...         out[t] = 1.0 if t >= days and closes[t] > closes[t - days] else 0.0
    >>> after_a_rise.parameters[0].high
    20.0
    """
    if function is None:
        return lambda given: compiled_strategy(given, bounds=bounds, name=name, scale_free=scale_free)
    plain = getattr(function, "py_func", function)
    parameters = parameters_of(plain, bounds, inputs=2)
    try:
        positions = _bound(plain, parameters)
    except Exception as error:
        raise InvalidInput(f"{plain.__name__} cannot be compiled: {_first_lines(error)}") from error
    return Strategy(
        name=name or plain.__name__,
        summary=(inspect.getdoc(plain) or f"Compiled strategy {plain.__name__}.").split("\n\n")[0],
        parameters=parameters,
        form=CompiledForm(positions=positions, source=_source(plain)),
        scale_free=scale_free,
    )


def _source(function: Callable[..., Any]) -> str:
    try:
        return inspect.getsource(function)
    except OSError:  # typed at a prompt: no file holds it
        code: Any = function.__code__
        return f"{code.co_code.hex()} {code.co_consts!r} {code.co_names!r}"


def _first_lines(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: " + "; ".join(lines[:6])[:600]


def _bound(function: Callable[..., Any], parameters: tuple[Parameter, ...]) -> Any:
    """A kernel of the engines' form that takes the parameters out of their vector and calls the function."""
    kinds = tuple(types.int64 if parameter.integer else types.float64 for parameter in parameters)
    matrix, vector = types.float64[:, ::1], types.float64[::1]
    compiled: Any = kernel(types.void(matrix, vector, *kinds))(function)
    if not kinds:

        def without(inputs: Any, params: Any, out: Any) -> None:  # noqa: ARG001
            compiled(inputs, out)

        return _uncached(without)
    unpack = _unpacking(kinds)

    def positions(inputs: Any, params: Any, out: Any) -> None:
        compiled(inputs, out, *unpack(params))

    return _uncached(positions)


def _uncached(function: Callable[..., Any]) -> Any:
    """Compiled in every process anew: what the wrapper calls is not part of the name that a cache would know it by."""
    wrapper: Any = njit(nogil=True, error_model="numpy")(function)
    wrapper.compile(POSITIONS)
    wrapper.disable_compile()
    return wrapper


def _unpacking(kinds: tuple[Any, ...]) -> Any:
    """An intrinsic from a vector of parameters to a tuple of their kinds."""

    def unpack(_typing_context: Any, params: Any) -> Any:
        def generate(context: Any, builder: Any, typed: Any, given: Any) -> Any:
            array = context.make_array(typed.args[0])(context, builder, given[0])
            values = []
            for place, kind in enumerate(kinds):
                value = builder.load(cgutils.gep_inbounds(builder, array.data, place))
                values.append(context.cast(builder, value, types.float64, kind))
            return context.make_tuple(builder, typed.return_type, values)

        return types.Tuple(kinds)(params), generate

    return intrinsic(unpack)
