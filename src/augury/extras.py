"""One lazy-import helper for optional dependencies: its message gives the install command."""

from __future__ import annotations

import importlib
from types import ModuleType

from augury.errors import MissingExtra


def require(module: str, *, extra: str) -> ModuleType:
    """Import an optional module, or say which extra brings it.

    Raises MissingExtra (also an ImportError) with the pip line when the module is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not (module == error.name or module.startswith(error.name + ".")):
            raise
        message = (
            f"the module {error.name!r} is not installed; it comes with the extra {extra!r}: "
            f"pip install 'augury[{extra}]'"
        )
        raise MissingExtra(message) from error
