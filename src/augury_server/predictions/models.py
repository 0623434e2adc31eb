"""One row for each prediction that a model version made, with what came of it once that is known."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

__all__ = ["Prediction"]


class Prediction(models.Model):
    """What a model version said about one bar.

    `id` is given by whoever predicts, so that a record sent twice is one row. `bar_opened_at_ns` is the open of the bar
    that was judged, int64 ns UTC; `made_at` is when the model said so. `probabilities` are in the order of the model's
    classes, most bearish first; a regression's single value. `decision` is a class, empty when the model abstained.
    `outcome` is the class that came, `outcome_value` the realised return or value, both NULL until
    `outcome_known_at_ns`. Model and version are names, not references: a record outlives what it speaks of.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    model_name = models.CharField(max_length=100)
    model_version = models.PositiveIntegerField()
    experiment = models.CharField(max_length=100, blank=True, default="")
    variant = models.CharField(max_length=100, blank=True, default="")
    request_id = models.CharField(max_length=100, blank=True, default="")
    symbol = models.CharField(max_length=50)
    bar_opened_at_ns = models.BigIntegerField()
    made_at = models.DateTimeField()
    inputs_sha256 = models.CharField(max_length=64, blank=True, default="")
    probabilities = models.JSONField(default=list)
    decision = models.CharField(max_length=50, blank=True, default="")
    latency_us = models.PositiveIntegerField(default=0)
    outcome = models.CharField(max_length=50, null=True, blank=True)
    outcome_value = models.FloatField(null=True, blank=True)
    outcome_known_at_ns = models.BigIntegerField(null=True, blank=True)

    class Meta:
        """Newest first; each list has its index, and so have rows that wait for their outcome.

        The indexes rise with time and are read from their end: so a new row goes to the end of its pages.
        """

        ordering: ClassVar = ["-made_at", "-id"]
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(outcome_known_at_ns__isnull=True) | Q(outcome_known_at_ns__gt=models.F("bar_opened_at_ns")),
                name="predictions_outcome_later",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["made_at", "id"], name="predictions_made"),
            models.Index(fields=["model_name", "model_version", "made_at", "id"], name="predictions_version"),
            models.Index(fields=["symbol", "made_at", "id"], condition=~Q(symbol=""), name="predictions_symbol"),
            models.Index(
                fields=["experiment", "variant", "made_at"],
                condition=~Q(experiment=""),
                name="predictions_experiment",
            ),
            models.Index(fields=["request_id"], condition=~Q(request_id=""), name="predictions_request"),
            models.Index(
                fields=["model_name", "model_version", "symbol", "bar_opened_at_ns"],
                condition=Q(outcome_known_at_ns__isnull=True) & ~Q(symbol=""),
                name="predictions_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model_name}@{self.model_version} on {self.symbol}"
