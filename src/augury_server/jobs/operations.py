"""The operations that jobs may run: the library's list, and what the settings name beside it."""

from __future__ import annotations

import importlib

from augury.errors import Misconfigured, Refused
from augury.operations.operation import Operation
from augury.operations.registry import operation
from augury_server.settings import current_settings

__all__ = ["import_extra_operations", "runnable_operation"]


def import_extra_operations() -> None:
    """Let the modules that `jobs.extra_operations` names register what they have.

    Raises Misconfigured when one of them is not there.
    """
    for module in current_settings().jobs.extra_operations:
        try:
            importlib.import_module(module)
        except ModuleNotFoundError as error:
            raise Misconfigured(
                f"jobs.extra_operations names the module {module!r}, which cannot be imported: {error}"
            ) from error


def runnable_operation(name: str) -> Operation:
    """The operation of that name; NotFound, with the nearest names, when there is none.

    Raises Refused for an administrator's: what only they may do is not done in their name later, and what it shows once
    (a password) must not stay in a row.
    """
    import_extra_operations()
    entry = operation(name)
    if entry.role == "administrator":
        raise Refused(f"{entry.name} is for administrators and is not run as a job; run: {entry.example}")
    return entry
