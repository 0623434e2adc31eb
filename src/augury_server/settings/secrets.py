"""Secrets: none has a default; development makes its own, staging and production refuse to start without."""

from __future__ import annotations

from augury.errors import Misconfigured
from augury_server.settings.home import make_home, writing_home
from augury_server.settings.model import Settings
from augury_server.settings.private_file import kept_secret

__all__ = ["missing_secrets", "secret_key"]


def missing_secrets(settings: Settings) -> tuple[str, ...]:
    """What staging and production lack, as sentences with the remedy; nothing for development."""
    if settings.environment == "development":
        return ()
    problems = []
    key = settings.web.secret_key
    if key is None:
        problems.append("web.secret_key is not set; set AUGURY_WEB__SECRET_KEY or AUGURY_WEB__SECRET_KEY_FILE")
    elif len(key.get_secret_value()) < 50:
        problems.append("web.secret_key has fewer than 50 characters; make one with: openssl rand -base64 48")
    return tuple(problems)


def secret_key(settings: Settings) -> str:
    """The key that signs sessions: the one set, or in development one kept in home, made on first use.

    Raises Misconfigured in staging and production when none is set or it is short.
    """
    problems = missing_secrets(settings)
    if problems:
        raise Misconfigured(f"{settings.environment} does not start: " + "; ".join(problems))
    if settings.web.secret_key is not None:
        return settings.web.secret_key.get_secret_value()
    with writing_home(settings.home):
        make_home(settings.home)
        return kept_secret(settings.home / "secret_key", size=64)
