"""Django's record of the room."""

from __future__ import annotations

from django.apps import AppConfig

__all__ = ["WebConfig"]


class WebConfig(AppConfig):
    """The room as an app."""

    name = "augury_server.web"
    label = "augury_web"
    verbose_name = "Web"
