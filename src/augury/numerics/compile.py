"""The one way Augury compiles: eager signatures, cached on disk, without the GIL, IEEE arithmetic kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numba.core.dispatcher import Dispatcher
from numba.core.runtime.nrt import rtsys

__all__ = ["inlined", "kernel", "source_stamp"]

Function = TypeVar("Function", bound=Callable[..., Any])
_OWN = ("augury", "augury_server")


def kernel(signature: Any, *, parallel: bool = False) -> Callable[[Function], Function]:
    """Compile at import for exactly this signature (a string or Numba type), cached beside the source.

    Division by zero gives infinity or NaN as in NumPy; sums are never reordered and multiply-adds never fused, so a
    kernel gives the same bits wherever it is called from. Numba's cache notices a change in the kernel's own file only;
    here the stamp also covers every compiled function it calls and every constant it reads (see `source_stamp`).
    """

    def decorate(function: Function) -> Function:
        compiled: Any = njit(nogil=True, error_model="numpy", parallel=parallel)(function)
        _cache_on_disk(compiled, cast(FunctionType, function))
        compiled.compile(signature)
        compiled.disable_compile()
        return cast(Function, compiled)

    return decorate


def _cache_on_disk(compiled: Any, function: FunctionType) -> None:
    """Cache beside the source or in the user's cache; without a source or such a folder every start compiles anew."""
    if not Path(function.__code__.co_filename).is_file():
        return
    try:
        compiled.enable_caching()
    except RuntimeError:  # no folder may be written: neither beside the source nor in the user's cache
        return
    compiled._cache._cache_file._source_stamp = source_stamp(function)
    if function.__module__.partition(".")[0] in _OWN:
        compiled._cache.load_overload = partial(_load_compiled, compiled._cache)


def _load_compiled(cache: Any, signature: Any, target: Any) -> Any:
    """What Numba's own method does, without importing all that compiling needs: a third of a second less to start.

    Nothing needs it but the compiler, which makes the target complete itself when the cache holds nothing. Only for
    kernels of Augury: a test loads every one of them this way, so that none lacks a symbol of what is not imported.
    """
    rtsys.initialize(target)
    with cache._guard_against_spurious_io_errors():
        return cache._load_overload(signature, target)
    return None


def inlined(function: Function) -> Function:
    """Compile a small helper lazily, for use inside kernels only; no signature of its own."""
    return cast(Function, njit(nogil=True, error_model="numpy")(function))


def source_stamp(function: FunctionType) -> str:
    """A hash of all that a compiled kernel was made from: its file, those of the kernels it calls, its constants."""
    digest = hashlib.sha256()
    for ingredient in sorted(set(_ingredients(function, set()))):
        digest.update(ingredient.encode())
    return digest.hexdigest()


def _ingredients(function: FunctionType, seen: set[FunctionType]) -> Iterator[str]:
    if function in seen:
        return
    seen.add(function)
    source = Path(function.__code__.co_filename)
    if source.is_file():
        state = source.stat()
        yield f"{function.__module__} {state.st_size} {state.st_mtime_ns}"
    else:
        yield f"{function.__module__} {function.__code__.co_code.hex()}"
    for name in _names(function.__code__):
        value = function.__globals__.get(name)
        if isinstance(value, Dispatcher):
            yield from _ingredients(value.py_func, seen)
        elif isinstance(value, bool | int | float | str | tuple):
            yield f"{function.__module__}.{name} = {value!r}"
        elif isinstance(value, np.ndarray):
            content = hashlib.sha256(value.tobytes()).hexdigest()
            yield f"{function.__module__}.{name} = {value.dtype}{value.shape} {content}"
        elif isinstance(definition := getattr(value, "_defn", None), FunctionType):  # a Numba intrinsic
            yield from _ingredients(definition, seen)


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
