"""Django's record of the room."""

from __future__ import annotations

from django.apps import AppConfig

__all__ = ["WebConfig"]


class WebConfig(AppConfig):
    """The room as an app."""

    name = "augury_server.web"
    label = "augury_web"
    verbose_name = "Web"

    def ready(self) -> None:
        """Give the theme its look, static files the folder that they are collected in."""
        from pathlib import Path

        from django.conf import settings

        from augury_server.web.look import look

        settings.UNFOLD.update(look())
        Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
