"""The list of operations. A module in this package, or in one that an installed distribution names, is found by itself.

A distribution adds its verbs by an entry point of the group `augury.operations`, whose value is a package: each of its
modules calls `register`, and its `GROUPS` says what each first word of a name of two words ("jobs.list") is about.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any

from augury.errors import Conflict, NotFound, nearest
from augury.operations.operation import Operation, Progress, Result, Silent

__all__ = ["GROUP", "distributions", "groups", "operation", "operations", "register", "run"]

GROUP = "augury.operations"

_operations: dict[str, Operation] = {}
_NOT_VERBS = frozenset({"files", "operation", "registry"})


def register(entry: Operation) -> Operation:
    """Add an operation. Raises Conflict when its name is taken by another."""
    known = _operations.get(entry.name)
    if known is not None and known is not entry:
        raise Conflict(f"an operation named {entry.name!r} is registered already; choose another name")
    _operations[entry.name] = entry
    return entry


@cache
def _packages() -> tuple[ModuleType, ...]:
    named = [GROUP, *sorted(point.value for point in entry_points(group=GROUP))]
    return tuple(importlib.import_module(name) for name in named)


def distributions() -> list[str]:
    """The top packages that verbs come from: this one, and those of distributions that add some."""
    return sorted({package.__name__.partition(".")[0] for package in _packages()})


def groups() -> dict[str, str]:
    """What each group of operations is about: the first word of names such as "jobs.list" and a sentence."""
    return {name: text for package in _packages() for name, text in getattr(package, "GROUPS", {}).items()}


@cache
def _import_verbs() -> None:
    """Import every module of the packages, once: each registers its verb."""
    for package in _packages():
        for module in pkgutil.iter_modules(package.__path__):
            if module.name not in _NOT_VERBS and not module.ispkg:
                importlib.import_module(f"{package.__name__}.{module.name}")


def operations() -> dict[str, Operation]:
    """Every operation by name, in alphabetical order."""
    _import_verbs()
    return dict(sorted(_operations.items()))


def operation(name: str) -> Operation:
    """The operation of that name; NotFound, with the nearest names, when there is none."""
    known = operations()
    if name not in known:
        raise NotFound(f"no operation is named {name!r}; {nearest(name, known)}")
    return known[name]


def run(name: str, /, *, progress: Progress | None = None, **options: Any) -> Result:
    """Run an operation by name with its options as keywords, exactly as the command line does.

    Unknown options raise InvalidInput naming the nearest one.
    """
    entry = operation(name)
    return entry.run(entry.spec_type.from_dict(options), progress or Silent())
