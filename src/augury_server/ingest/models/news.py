"""News items, with their scores once a model has read them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

__all__ = ["News"]


class News(models.Model):
    """One text about one ticker; joins use `known_at_ns` only. Scores are NULL until a model has read the text."""

    item_id = models.CharField(max_length=16, help_text="Of ticker, source, text and publication time.")
    ticker = models.CharField(max_length=200)
    source = models.CharField(max_length=200, blank=True, default="")
    text = models.TextField()
    published_at_ns = models.BigIntegerField()
    known_at_ns = models.BigIntegerField()
    positive = models.FloatField(null=True, blank=True)
    negative = models.FloatField(null=True, blank=True)
    neutral = models.FloatField(null=True, blank=True)
    scored_by = models.CharField(max_length=200, blank=True, default="", help_text="Version of the sentiment model.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        """Found by ticker and time, by source and time, or by time; those without scores apart."""

        verbose_name_plural = "news"
        constraints: ClassVar = [models.UniqueConstraint(fields=["item_id"], name="news_item")]
        indexes: ClassVar = [
            models.Index(fields=["ticker", "known_at_ns"], name="news_ticker_known"),
            models.Index(fields=["source", "known_at_ns"], name="news_source_known"),
            models.Index(fields=["known_at_ns"], name="news_known"),
            models.Index(fields=["known_at_ns"], name="news_unscored", condition=models.Q(positive__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.ticker}: {self.text[:60]}"
