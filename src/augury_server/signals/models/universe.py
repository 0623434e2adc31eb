"""A universe: the symbols that are judged together, and how."""

from __future__ import annotations

from django.db import models

__all__ = ["Universe"]


class Universe(models.Model):
    """Symbols that are judged together, on the schedule of whoever calls `universe.generate`.

    `symbols` empty means every symbol with bars of the timeframe. `context` names further tickers, an index for
    instance, whose news the symbols are compared with. `options` are options of `augury.signals.SignalSpec`;
    `model_name` and `model_alias` name a registered model, empty for none; `horizons` are bars.
    """

    name = models.CharField(max_length=100, unique=True)
    symbols = models.JSONField(default=list)
    context = models.JSONField(default=list)
    sectors = models.JSONField(default=dict)
    timeframe = models.CharField(max_length=16)
    options = models.JSONField(default=dict)
    sentiment_model = models.CharField(max_length=200, default="embedded")
    model_name = models.CharField(max_length=200, blank=True, default="")
    model_alias = models.CharField(max_length=100, blank=True, default="")
    horizons = models.JSONField(default=list)
    enabled = models.BooleanField(default=True)
    created_by = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        """Listed by name."""

        verbose_name_plural = "universes"
        ordering = ("name",)
        indexes = (models.Index(fields=["enabled", "name"], name="universe_enabled"),)

    def __str__(self) -> str:
        return self.name
