"""The one way Augury compiles: eager signatures, cached on disk, without the GIL, IEEE arithmetic kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

__all__ = ["kernel", "inlined"]

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(signature: Any, *, parallel: bool = False) -> Callable[[Function], Function]:
    """Compile at import for exactly this signature (a string or Numba type), cached beside the source.

    Division by zero gives infinity or NaN as in NumPy; sums are never reordered and multiply-adds never fused, so a
    kernel gives the same bits wherever it is called from.
    """

    def decorate(function: Function) -> Function:
        compiled = njit(signature, cache=True, nogil=True, error_model="numpy", parallel=parallel)(function)
        return cast(Function, compiled)

    return decorate


def inlined(function: Function) -> Function:
    """Compile a small helper lazily, for use inside kernels only; no signature of its own."""
    return cast(Function, njit(nogil=True, error_model="numpy")(function))
