"""The list of operations. A module in this package that calls `register` is found by itself."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

from augury.errors import Conflict, NotFound, nearest
from augury.operations.operation import Operation, Progress, Result, Silent

__all__ = ["operation", "operations", "register", "run"]

_operations: dict[str, Operation] = {}
_NOT_VERBS = frozenset({"files", "operation", "registry"})


def register(entry: Operation) -> Operation:
    """Add an operation. Raises Conflict when its name is taken by another."""
    known = _operations.get(entry.name)
    if known is not None and known is not entry:
        raise Conflict(f"an operation named {entry.name!r} is registered already; choose another name")
    _operations[entry.name] = entry
    return entry


def operations() -> dict[str, Operation]:
    """Every operation by name, in alphabetical order."""
    package = importlib.import_module("augury.operations")
    for module in pkgutil.iter_modules(package.__path__):
        if module.name not in _NOT_VERBS:
            importlib.import_module(f"augury.operations.{module.name}")
    return dict(sorted(_operations.items()))


def operation(name: str) -> Operation:
    """The operation of that name; NotFound, with the nearest names, when there is none."""
    known = operations()
    if name not in known:
        raise NotFound(f"no operation is named {name!r}; {nearest(name, known)}")
    return known[name]


def run(name: str, *, progress: Progress | None = None, **options: Any) -> Result:
    """Run an operation by name with its options as keywords, exactly as the command line does.

    Unknown options raise InvalidInput naming the nearest one.
    """
    entry = operation(name)
    return entry.run(entry.spec_type.from_dict(options), progress or Silent())
