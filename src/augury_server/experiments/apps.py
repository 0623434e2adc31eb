"""Django's record of the room."""

from __future__ import annotations

from django.apps import AppConfig

__all__ = ["ExperimentsConfig"]


class ExperimentsConfig(AppConfig):
    """The room as an app."""

    name = "augury_server.experiments"
    label = "augury_experiments"
    verbose_name = "Experiments"
