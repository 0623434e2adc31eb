"""Django's record of the room."""

from __future__ import annotations

from django.apps import AppConfig

__all__ = ["IngestConfig"]


class IngestConfig(AppConfig):
    """The room as an app."""

    name = "augury_server.ingest"
    label = "augury_ingest"
    verbose_name = "Ingest"
