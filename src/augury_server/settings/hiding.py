"""Passwords inside URLs, hidden before anybody reads them."""

from __future__ import annotations

import re

__all__ = ["without_password"]

_PASSWORD = re.compile(r"(://[^:/@\s]*:)(?:(?!://).)*(?=@)")


def without_password(text: str) -> str:
    """The text with the password of each URL in it replaced: "postgresql://user:(hidden)@host/name"."""
    return _PASSWORD.sub(r"\1(hidden)", text)
