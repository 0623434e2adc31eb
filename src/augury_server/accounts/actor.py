"""Who is acting: a name that goes into every record of a change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from augury.operations.operation import Role

__all__ = ["acting", "current_actor", "current_role"]

_actor: ContextVar[str] = ContextVar("actor", default="")
_role: ContextVar[Role | None] = ContextVar("role", default=None)


def current_actor() -> str:
    """Who acts in this context, such as "ada" or "ada@terminal" or "schedule:nightly"; empty when nobody said."""
    return _actor.get()


def current_role() -> Role | None:
    """The role that a door found whoever acts to have; None where none was told, as at a terminal and in a job."""
    return _role.get()


@contextmanager
def acting(name: str, role: Role | None = None) -> Iterator[None]:
    """Act as somebody: everything within is recorded under that name.

    `role`: what a door found them to have. Acting under the same name once more keeps it, under another it is gone.
    """
    kept = role if role is not None or name != _actor.get() else _role.get()
    actor_token, role_token = _actor.set(name), _role.set(kept)
    try:
        yield
    finally:
        _role.reset(role_token)
        _actor.reset(actor_token)
