"""How far a source has been read."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

__all__ = ["Watermark"]


class Watermark(models.Model):
    """The point up to which a source's records about a subject are stored; loading goes on from there."""

    source = models.CharField(max_length=64)
    kind = models.CharField(max_length=16, help_text="bars or news")
    subject = models.CharField(max_length=200, help_text="Symbol, ticker or feed.")
    timeframe = models.CharField(max_length=16, blank=True, default="", help_text="Of bars; empty for news.")
    last_opened_at_ns = models.BigIntegerField(null=True, blank=True, help_text="Bars: open; news: publication.")
    last_known_at_ns = models.BigIntegerField(null=True, blank=True)
    cursor = models.TextField(blank=True, default="", help_text="Where the source itself says to go on.")
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        """One row a source, kind, subject and timeframe."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "kind", "subject", "timeframe"], name="watermark_subject")
        ]
        indexes: ClassVar = [models.Index(fields=["updated_at"], name="watermark_updated")]

    def __str__(self) -> str:
        return f"{self.source} {self.kind} {self.subject} {self.timeframe}".rstrip()
