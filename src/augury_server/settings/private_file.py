"""Files that hold a secret: readable by their owner alone, whole or absent."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

__all__ = ["kept_secret", "write_private"]


def write_private(path: Path, text: str) -> None:
    """Write a file of ASCII text for its owner alone, in place of one that is there."""
    draft = _draft(path, text)
    draft.replace(path)


def kept_secret(path: Path, *, size: int) -> str:
    """The secret kept in a file; one of `size` random bytes is made when there is none. Raises OSError.

    Of two processes that make it at once the first wins, and both read its secret.
    """
    if not path.exists():
        draft = _draft(path, secrets.token_urlsafe(size))
        try:
            with suppress(FileExistsError):
                os.link(draft, path)
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii")


def _draft(path: Path, text: str) -> Path:
    draft = path.with_name(f".{path.name}-{os.getpid()}")
    with suppress(FileNotFoundError):
        draft.unlink()
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(text)
    return draft
