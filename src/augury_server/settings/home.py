"""The folder that keeps everything: an error that names it when nothing can be kept there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from augury.errors import Misconfigured

__all__ = ["make_home", "writing_home"]

_PRIVATE = 0o700
"""It holds hashes of passwords and sessions: a home that is made here is its owner's alone."""


@contextmanager
def writing_home(home: Path) -> Iterator[None]:
    """Write below `home`; raises Misconfigured, with the system's reason, when that is not possible."""
    try:
        yield
    except OSError as error:
        raise Misconfigured(
            f"home should be a folder where this user may write, got {home}: {error.strerror or error}; "
            "set AUGURY_HOME to another folder"
        ) from error


def make_home(home: Path) -> None:
    """Make the folder, for its owner alone; one that is there keeps its rights. Raises Misconfigured."""
    with writing_home(home):
        home.parent.mkdir(parents=True, exist_ok=True)
        home.mkdir(mode=_PRIVATE, exist_ok=True)
