"""What is traded."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

__all__ = ["Instrument"]


class Instrument(models.Model):
    """One thing with a price, by the symbol that bars, news and signals name it with; facts about it may be blank."""

    symbol = models.CharField(max_length=200, unique=True, help_text="As sources name it: AAPL, BTC/USDT.")
    name = models.CharField(max_length=200, blank=True, default="")
    kind = models.CharField(max_length=32, blank=True, default="", help_text="equity, etf, crypto, index, future, ...")
    exchange = models.CharField(max_length=64, blank=True, default="")
    currency = models.CharField(max_length=16, blank=True, default="")
    sector = models.CharField(max_length=64, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        """Listed by symbol, or by sector or kind and symbol."""

        ordering: ClassVar = ["symbol"]
        indexes: ClassVar = [
            models.Index(fields=["sector", "symbol"], name="instrument_sector"),
            models.Index(fields=["kind", "symbol"], name="instrument_kind"),
        ]

    def __str__(self) -> str:
        return self.symbol
