"""A decorator: the function's result from the cache."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ParamSpec, TypeVar

from augury_server.caching.current import cache
from augury_server.caching.keys import checked_name, make_key
from augury_server.caching.layered import Reach

__all__ = ["cached"]

P = ParamSpec("P")
R = TypeVar("R")


def cached(
    name: str,
    *,
    versions: Mapping[str, Any] | Callable[P, Mapping[str, Any]],
    ttl: float | None = None,
    tags: Iterable[str] | Callable[P, Iterable[str]] = (),
    watermark: Callable[P, Any] | None = None,
    reach: Reach = "durable",
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Keep what a function or method returns, by its arguments.

    Every argument is part of the key, defaults too and a method's `self`, which therefore is a spec or another frozen
    record. `versions`, `tags` and `watermark` may be functions of the same arguments; `watermark` says up to where the
    data reach that the function reads. Errors are those of `key_of` and `Cache.get_or_compute`.

    >>> @cached("squares", versions={"code": 1}, ttl=60)
    ... def square(number: int) -> int:
    ...     return number * number
    >>> square.__name__
    'square'
    """
    checked_name(name)

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def ask(*args: P.args, **kwargs: P.kwargs) -> R:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            now = versions(*args, **kwargs) if callable(versions) else versions
            reached = watermark(*args, **kwargs) if watermark is not None else None
            marked = tags(*args, **kwargs) if callable(tags) else tags
            key = make_key(name, now, reached, bound.arguments)
            return cache().get_or_compute(key, lambda: function(*args, **kwargs), ttl=ttl, tags=marked, reach=reach)

        return ask

    return decorate
