"""Every list that the platform shows, registered by the room that shows it, so that its plan can be checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.utils.module_loading import autodiscover_modules

from augury.errors import Conflict

__all__ = ["list_queries", "register_list_query"]

MakeQuery = Callable[[], QuerySet[Any, Any]]
_queries: dict[str, MakeQuery] = {}


def register_list_query(name: str, make: MakeQuery) -> MakeQuery:
    """Register a query that a list runs, under a name such as "jobs.by_state"; `make` gives the queryset as it is run.

    Rooms do this in a module `list_queries`, which is found by itself. The queryset should have the list's order and
    its limit, as a page of it has. Raises Conflict for a name that is taken.
    """
    if name in _queries and _queries[name] is not make:
        raise Conflict(f"a list query {name!r} is registered already; name this one otherwise")
    _queries[name] = make
    return make


def list_queries() -> dict[str, MakeQuery]:
    """Every registered query by name, sorted."""
    autodiscover_modules("list_queries")
    return dict(sorted(_queries.items()))
