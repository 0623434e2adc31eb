"""Entity tags: what a resource is now, in a few characters, and what a request asks of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

__all__ = ["etag_of", "if_match_fails", "is_unchanged"]


def etag_of(content: bytes) -> str:
    """A strong tag: SHA-256 of the content, in quotes."""
    return f'"{hashlib.sha256(content).hexdigest()}"'


def is_unchanged(headers: Mapping[str, str], etag: str | None) -> bool:
    """Whether `If-None-Match` names what is there now (RFC 9110, 13.1.2), so that it need not be sent or replaced."""
    return _names(headers.get("if-none-match"), etag, weak=True)


def if_match_fails(headers: Mapping[str, str], etag: str | None) -> bool:
    """Whether `If-Match` asks for something else than what is there now (RFC 9110, 13.1.1)."""
    asked = headers.get("if-match")
    return asked is not None and not _names(asked, etag, weak=False)


def _names(asked: str | None, etag: str | None, *, weak: bool) -> bool:
    if asked is None or etag is None:
        return False
    if asked.strip() == "*":
        return True
    tags = [tag.strip() for tag in asked.split(",")]
    return etag in ([tag.removeprefix("W/") for tag in tags] if weak else tags)
