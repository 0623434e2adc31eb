"""Calling a compiled step by its address: what a first-class function does, without its cost of a call from Python.

Passing a Numba function as an argument costs some 50-170 microseconds a call, most of it looking up the function's
compiled form again; an address costs nothing. The address is that of the function's C wrapper for one fixed signature.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["STEP", "address_of", "call_step"]

_VECTOR = types.float64[::1]
STEP = types.void(_VECTOR, _VECTOR, types.int64, _VECTOR, _VECTOR)
"""Signature of a step: state, params, opened_at, bar, out."""


def address_of(step: Any) -> int:
    """Address of the C wrapper of a kernel compiled for `STEP`; valid while the kernel lives."""
    compiled = step.get_compile_result(STEP)
    return int(compiled.library.get_pointer_to_function(compiled.fndesc.llvm_cfunc_wrapper_name))


def _call_step(_typing_context: Any, _address: Any, _arguments: Any) -> Any:
    """Inside a kernel: `call_step(address, (state, params, opened_at, bar, out))` calls the step at that address."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        kinds = [context.get_value_type(kind) for kind in signature.args[1].types]
        pointer = builder.inttoptr(given[0], ir.FunctionType(ir.VoidType(), kinds).as_pointer())
        builder.call(pointer, cgutils.unpack_tuple(builder, given[1]))
        return context.get_dummy_value()

    return types.void(types.int64, types.Tuple(STEP.args)), generate


call_step: Any = intrinsic(_call_step)
