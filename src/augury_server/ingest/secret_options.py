"""Options of a source that no record may keep."""

from __future__ import annotations

from collections.abc import Iterable

from augury.errors import InvalidInput

__all__ = ["refuse_secrets"]

_WORDS = ("key", "secret", "password", "token", "session")


def refuse_secrets(names: Iterable[str]) -> None:
    """Raise InvalidInput for an option that is named like a secret; its value is never repeated."""
    for name in names:
        if any(word in name.lower() for word in _WORDS):
            raise InvalidInput(f"the option {name!r} is a secret; set it in the environment, where no record keeps it")
