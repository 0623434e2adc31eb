"""Django's record of the room."""

from __future__ import annotations

from django.apps import AppConfig

__all__ = ["CachingConfig"]


class CachingConfig(AppConfig):
    """The room as an app."""

    name = "augury_server.caching"
    label = "augury_caching"
    verbose_name = "Caching"
