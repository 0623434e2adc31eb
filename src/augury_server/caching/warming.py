"""Filling the cache before anybody asks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from augury.errors import AuguryError, Conflict, NotFound, nearest
from augury_server.caching.current import cache
from augury_server.caching.keys import checked_name

__all__ = ["Warmed", "register_warmer", "warm", "warmers"]

_warmers: dict[str, Callable[[], object]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Warmed:
    """What one warmer did: asks, how many of them computed, seconds taken; `error` is why it stopped, empty if not."""

    name: str
    asks: int
    computed: int
    seconds: float
    error: str


def register_warmer(name: str, function: Callable[[], object]) -> None:
    """Give a function that asks the cache for what will be asked for; it is called by `warm`.

    Raises Conflict when another function has that name.
    """
    if _warmers.get(checked_name(name), function) is not function:
        raise Conflict(f"there is a warmer named {name!r} already; choose another name")
    _warmers[name] = function


def warmers() -> tuple[str, ...]:
    """Names of the warmers."""
    return tuple(sorted(_warmers))


def warm(names: Iterable[str] = ()) -> tuple[Warmed, ...]:
    """Run these warmers, or all; one that fails with an error of ours does not stop the others.

    What was warm already is not computed again. Raises NotFound for a name that no warmer has.
    """
    chosen = tuple(names) or warmers()
    for name in chosen:
        if name not in _warmers:
            raise NotFound(f"no warmer is named {name!r}; {nearest(name, _warmers)}")
    return tuple(_run(name) for name in chosen)


def _run(name: str) -> Warmed:
    counts, error, began = cache().figures.counts, "", time.perf_counter()
    asks, computed = counts["asks"], counts["computed"]
    try:
        _warmers[name]()
    except AuguryError as problem:
        error = str(problem)
    return Warmed(
        name=name,
        asks=counts["asks"] - asks,
        computed=counts["computed"] - computed,
        seconds=time.perf_counter() - began,
        error=error,
    )
