"""Django's record of the room."""

from __future__ import annotations

from django.apps import AppConfig

__all__ = ["RegistryConfig"]


class RegistryConfig(AppConfig):
    """The room as an app."""

    name = "augury_server.registry"
    label = "augury_registry"
    verbose_name = "Registry"
