"""Django's record of the room."""

from __future__ import annotations

from django.apps import AppConfig

__all__ = ["JobsConfig"]


class JobsConfig(AppConfig):
    """The room as an app."""

    name = "augury_server.jobs"
    label = "augury_jobs"
    verbose_name = "Jobs"
