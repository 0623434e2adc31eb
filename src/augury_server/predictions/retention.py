"""How long predictions are kept."""

from __future__ import annotations

from augury_server.database.retention import Retention, register_retention
from augury_server.predictions.models import Prediction

__all__: list[str] = []

register_retention(
    Retention(name="predictions", model=Prediction, time_field="made_at", setting="retention.predictions_days")
)
