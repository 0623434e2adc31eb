"""Django's record of the room."""

from __future__ import annotations

from django.apps import AppConfig

__all__ = ["CommandsConfig"]


class CommandsConfig(AppConfig):
    """The room as an app."""

    name = "augury_server.commands"
    label = "augury_commands"
    verbose_name = "Commands"
