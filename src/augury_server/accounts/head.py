"""The newest audit entry that this machine has seen, kept beside the database: entries cut off the end are missed."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from augury_server.settings.current import current_settings
from augury_server.telemetry.logs import get_log

__all__ = ["head_path", "keep_head", "kept_head"]


def head_path() -> Path:
    """Where the head is kept: a file in home."""
    return current_settings().home / "audit.head"


def keep_head(number: int, digest: str) -> None:
    """Remember an entry by its number and hash, unless a later one is known; a full disk is logged, not raised.

    It is called after the entry was committed: what it belongs to has happened.
    """
    path = head_path()
    draft = path.with_name(f".{path.name}-{os.getpid()}-{threading.get_ident()}")
    try:
        known = kept_head()
        if known is not None and known[0] >= number:
            return
        draft.write_text(f"{number} {digest}\n", encoding="ascii")
        draft.replace(path)
    except OSError as error:
        get_log(__name__).warning("the head of the audit trail could not be kept", path=str(path), error=str(error))


def kept_head() -> tuple[int, str] | None:
    """Number and hash of the newest entry seen from this machine; None when nothing, or nothing legible, was kept."""
    try:
        number, digest = head_path().read_text(encoding="ascii").split()
        return int(number), digest
    except (FileNotFoundError, ValueError):
        return None
