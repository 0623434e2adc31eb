"""Eight float64 side by side, one vector of the processor (or several narrower ones), for use inside kernels.

Sums in eight lanes are the canonical order of the product. Written out value by value they depend on a compiler that
finds the vectors again; here each operation is one. Every operation acts lane by lane with IEEE rounding, so a lane
has the bits of the same operations on single values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.datamodel.models import PrimitiveModel
from numba.core.datamodel.registry import register_default
from numba.extending import intrinsic

from augury.numerics.compile import inlined

__all__ = [
    "LANES",
    "add",
    "below",
    "divide",
    "first",
    "greater",
    "greatest",
    "least",
    "lesser",
    "load",
    "multiply",
    "rest",
    "spread",
    "store",
    "subtract",
    "total",
]

LANES = 8
_VECTOR = ir.VectorType(ir.DoubleType(), LANES)
_INT = ir.IntType(32)


class _LanesType(types.Type):
    """The Numba type of eight float64 in a vector."""

    def __init__(self) -> None:
        super().__init__(name=f"Lanes{LANES}")


_LANES = _LanesType()


# held as the vector itself
register_default(_LanesType)(lambda manager, lanes: PrimitiveModel(manager, lanes, _VECTOR))


def _operation(result: Any, kinds: tuple[Any, ...], make: Callable[..., Any]) -> Any:
    """An intrinsic of arguments of these kinds (None: an array of float64); `make` sees arrays as pointers to data."""

    def generate(context: Any, builder: Any, typed: Any, values: Any) -> Any:
        ready = [
            context.make_array(kind)(context, builder, value).data if isinstance(kind, types.Array) else value
            for kind, value in zip(typed.args, values, strict=True)
        ]
        made = make(builder, *ready)
        return context.get_dummy_value() if result is types.void else made

    def typed(*given: Any) -> Any:
        return result(*(has if kind is None else kind for kind, has in zip(kinds, given, strict=True))), generate

    by_arguments = (  # Numba reads the number of arguments off the function
        lambda _context, a: typed(a),
        lambda _context, a, b: typed(a, b),
        lambda _context, a, b, c: typed(a, b, c),
    )
    return intrinsic(by_arguments[len(kinds) - 1])


def _eight(builder: Any, data: Any, i: Any) -> Any:
    return builder.bitcast(builder.gep(data, [i]), _VECTOR.as_pointer())


def _everywhere(builder: Any, value: Any) -> Any:
    one = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), value, _INT(0))
    return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(_INT, LANES), [0] * LANES))


def _where(builder: Any, sign: str, a: Any, b: Any, yes: Any, no: Any) -> Any:
    return builder.select(builder.fcmp_ordered(sign, a, b), yes, no)


_ZEROS, _ONES = (ir.Constant(_VECTOR, [value] * LANES) for value in (0.0, 1.0))
_NUMBERS = ir.Constant(_VECTOR, [float(i) for i in range(LANES)])
_PAIR = (_LANES, _LANES)

load = _operation(_LANES, (None, types.intp), lambda to, x, i: to.load(_eight(to, x, i), align=8))
"""load(x, i): x[i : i + 8] of a contiguous float64 array; nothing checks that they exist."""

store = _operation(types.void, (None, types.intp, _LANES), lambda to, x, i, v: to.store(v, _eight(to, x, i), align=8))
"""store(x, i, lanes): writes x[i : i + 8]; nothing checks that they exist."""

spread = _operation(_LANES, (types.float64,), _everywhere)
"""spread(value): one value in every lane."""

lane = _operation(types.float64, (_LANES, types.int32), lambda to, v, i: to.extract_element(v, i))
"""lane(lanes, i): the value in lane i."""

_with_lane = _operation(
    _LANES, (_LANES, types.int32, types.float64), lambda to, v, i, value: to.insert_element(v, value, i)
)

first = _operation(
    _LANES,
    (_LANES, types.float64),
    lambda to, v, count: _where(to, "<", _NUMBERS, _everywhere(to, count), v, _ZEROS),
)
"""first(lanes, count): the first `count` lanes, 0 in the others."""

add = _operation(_LANES, _PAIR, lambda to, a, b: to.fadd(a, b))
subtract = _operation(_LANES, _PAIR, lambda to, a, b: to.fsub(a, b))
multiply = _operation(_LANES, _PAIR, lambda to, a, b: to.fmul(a, b))
divide = _operation(_LANES, _PAIR, lambda to, a, b: to.fdiv(a, b))

greater = _operation(_LANES, _PAIR, lambda to, a, b: _where(to, ">", a, b, a, b))
"""greater(a, b): a where a > b, else b."""

lesser = _operation(_LANES, _PAIR, lambda to, a, b: _where(to, "<", a, b, a, b))
"""lesser(a, b): a where a < b, else b."""

below = _operation(_LANES, _PAIR, lambda to, a, b: _where(to, "<", a, b, _ONES, _ZEROS))
"""below(a, b): 1 where a < b, else 0."""


@inlined
def rest(x: Any, i: Any) -> Any:
    """The values from x[i] to the end, fewer than eight, in the first lanes; 0 in the others."""
    found = spread(0.0)
    for place in range(x.size - i):
        found = _with_lane(found, place, x[i + place])
    return found


@inlined
def total(lanes: Any) -> float:
    """The lanes added in the canonical tree."""
    even: float = (lane(lanes, 0) + lane(lanes, 4)) + (lane(lanes, 2) + lane(lanes, 6))
    odd: float = (lane(lanes, 1) + lane(lanes, 5)) + (lane(lanes, 3) + lane(lanes, 7))
    return even + odd


@inlined
def _up(a: Any, b: Any) -> Any:
    return a if a > b else b


@inlined
def _down(a: Any, b: Any) -> Any:
    return a if a < b else b


@inlined
def greatest(lanes: Any) -> Any:
    """The greatest of the lanes."""
    left = _up(_up(lane(lanes, 0), lane(lanes, 4)), _up(lane(lanes, 2), lane(lanes, 6)))
    return _up(left, _up(_up(lane(lanes, 1), lane(lanes, 5)), _up(lane(lanes, 3), lane(lanes, 7))))


@inlined
def least(lanes: Any) -> Any:
    """The least of the lanes."""
    left = _down(_down(lane(lanes, 0), lane(lanes, 4)), _down(lane(lanes, 2), lane(lanes, 6)))
    return _down(left, _down(_down(lane(lanes, 1), lane(lanes, 5)), _down(lane(lanes, 3), lane(lanes, 7))))
