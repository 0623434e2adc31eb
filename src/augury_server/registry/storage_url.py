"""Where artefacts are stored: the setting as a URL, and that URL without what must not be shown."""

from __future__ import annotations

import re
from pathlib import Path

from augury_server.settings.current import current_settings

__all__ = ["shown_url", "storage_url"]

_USER = re.compile(r"//[^/]*@")


def storage_url() -> str:
    """`artefacts.url`, or the folder `artefacts` in home; a relative folder counts from where home lies."""
    settings = current_settings()
    url = settings.artefacts.url
    if not url:
        return str(settings.home / "artefacts")
    if "://" in url or "::" in url:
        return url
    path = Path(url).expanduser()
    return str(path if path.is_absolute() else settings.home.parent / path)


def shown_url(url: str) -> str:
    """The URL without users, passwords, query and fragment, chained URLs included: fit for rows, logs and messages."""
    if "://" not in url:
        return url
    return _USER.sub("//", url).partition("?")[0].partition("#")[0]
