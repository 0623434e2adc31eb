"""Django's record of the room."""

from __future__ import annotations

from django.apps import AppConfig

__all__ = ["PredictionsConfig"]


class PredictionsConfig(AppConfig):
    """The room as an app."""

    name = "augury_server.predictions"
    label = "augury_predictions"
    verbose_name = "Predictions"
