"""Secrets: none has a default; development makes its own, staging and production refuse to start without."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from augury.errors import Misconfigured
from augury_server.settings.home import make_home, writing_home
from augury_server.settings.model import Settings

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
        return _kept_key(settings.home / "secret_key")


def _kept_key(path: Path) -> str:
    if not path.exists():
        make_home(path.parent)
        draft = path.with_name(f".{path.name}-{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(64))
        try:
            os.link(draft, path)  # the first of two processes wins, and both read its key
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii")
