"""The bars of one instrument and timeframe, as a whole."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from augury_server.ingest.models.instrument import Instrument

__all__ = ["Series"]


class Series(models.Model):
    """What is stored of one instrument and timeframe; writers of its bars lock this row and count `version` up."""

    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="series", db_index=False)
    timeframe = models.CharField(max_length=16, help_text="1m, 4h, 1D, ...")
    bars = models.BigIntegerField(default=0, help_text="How many are stored.")
    first_opened_at_ns = models.BigIntegerField(null=True, blank=True)
    last_opened_at_ns = models.BigIntegerField(null=True, blank=True)
    version = models.BigIntegerField(default=0, help_text="Writes so far.")
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        """One row an instrument and timeframe."""

        verbose_name_plural = "series"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["instrument", "timeframe"], name="series_instrument_timeframe")
        ]
        indexes: ClassVar = [
            models.Index(fields=["timeframe", "instrument"], name="series_timeframe"),
            models.Index(fields=["updated_at"], name="series_updated"),
        ]

    def __str__(self) -> str:
        return f"{self.instrument} {self.timeframe}"
