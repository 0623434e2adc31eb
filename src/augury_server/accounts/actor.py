"""Who is acting: a name that goes into every record of a change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["acting", "current_actor"]

_actor: ContextVar[str] = ContextVar("actor", default="")


def current_actor() -> str:
    """Who acts in this context, such as "ada" or "ada@terminal" or "schedule:nightly"; empty when nobody said."""
    return _actor.get()


@contextmanager
def acting(name: str) -> Iterator[None]:
    """Act as somebody: everything within is recorded under that name."""
    token = _actor.set(name)
    try:
        yield
    finally:
        _actor.reset(token)
