"""Calling a compiled function by its address: what a first-class function does, without its cost of a call from Python.

Passing a Numba function as an argument costs some 50-170 microseconds a call, most of it looking up the function's
compiled form again; an address costs nothing. The address is that of the function's C wrapper for one fixed signature.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["STEP", "address_of", "call_step", "caller"]

_VECTOR = types.float64[::1]
STEP = types.void(_VECTOR, _VECTOR, types.int64, _VECTOR, _VECTOR)
"""Signature of a step: state, params, opened_at, bar, out."""


@lru_cache(maxsize=512)
def address_of(function: Any, signature: Any = STEP) -> int:
    """Address of the C wrapper of a kernel compiled for `signature`, which returns nothing; valid while it lives.

    Remembered for the functions used last, which live on with it.
    """
    compiled = function.get_compile_result(signature)
    return int(compiled.library.get_pointer_to_function(compiled.fndesc.llvm_cfunc_wrapper_name))


def caller(signature: Any) -> Any:
    """An intrinsic `call(address, arguments)` for use in kernels, where the address is that of a void `signature`."""

    def call(_typing_context: Any, _address: Any, _arguments: Any) -> Any:
        def generate(context: Any, builder: Any, typed: Any, given: Any) -> Any:
            kinds = [context.get_value_type(kind) for kind in typed.args[1].types]
            pointer = builder.inttoptr(given[0], ir.FunctionType(ir.VoidType(), kinds).as_pointer())
            builder.call(pointer, cgutils.unpack_tuple(builder, given[1]))
            return context.get_dummy_value()

        return types.void(types.int64, types.Tuple(signature.args)), generate

    return intrinsic(call)


call_step: Any = caller(STEP)
"""Inside a kernel: `call_step(address, (state, params, opened_at, bar, out))` calls the step at that address."""
