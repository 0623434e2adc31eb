"""Django's record of the room."""

from __future__ import annotations

from django.apps import AppConfig

__all__ = ["SignalsConfig"]


class SignalsConfig(AppConfig):
    """The room as an app."""

    name = "augury_server.signals"
    label = "augury_signals"
    verbose_name = "Signals"
