"""Passwords: made for somebody, or judged by Django's validators."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from augury.errors import InvalidInput

__all__ = ["check_password_strength", "generated_password"]

_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # without those that look alike


def generated_password() -> str:
    """A new password of 100 random bits, easy to read out."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(4))


def check_password_strength(password: str, user: Any) -> None:
    """Raise InvalidInput, saying every rule that is broken, when a password is too weak for this user."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidInput("the password is refused: " + " ".join(error.messages)) from None
