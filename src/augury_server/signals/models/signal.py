"""A stored signal: a TradingSignal as a row, with the versions of everything it was made from."""

from __future__ import annotations

from django.db import models

from augury_server.signals.models.run import SignalRun

__all__ = ["StoredSignal"]


class StoredSignal(models.Model):
    """One decision about one ticker at one bar's close; written once, never changed.

    `timestamp_ns` is the close of the bar; `known_at_ns` is when the decision could first be made: that close, or later
    where a bar it rests on came late or was mended. `data_id` is a fingerprint of the provenance: of bars, news,
    features, rules, model and version. `id` is made from it and from universe, timeframe, ticker, time, spec and model,
    so that judging the same data again stores nothing new, while mended data give a row of the next `revision` and
    leave the earlier ones. Unknown numbers are NULL.
    """

    class Kind(models.TextChoices):
        """What to do."""

        BUY = "BUY"
        SELL = "SELL"
        HOLD = "HOLD"

    class Risk(models.TextChoices):
        """How risky it is."""

        LOW = "LOW"
        MEDIUM = "MEDIUM"
        HIGH = "HIGH"

    id = models.UUIDField(primary_key=True)
    run = models.ForeignKey(SignalRun, on_delete=models.SET_NULL, null=True, related_name="made")
    universe = models.CharField(max_length=100, blank=True, default="")
    timeframe = models.CharField(max_length=16)
    ticker = models.CharField(max_length=200)
    timestamp_ns = models.BigIntegerField()
    known_at_ns = models.BigIntegerField()
    revision = models.PositiveSmallIntegerField(default=0)
    signal_type = models.CharField(max_length=4, choices=Kind.choices)
    confidence = models.FloatField()
    sentiment_mean = models.FloatField(null=True)
    sentiment_std = models.FloatField(null=True)
    sentiment_entropy = models.FloatField(null=True)
    is_contrarian_market = models.BooleanField(null=True)
    is_contrarian_sector = models.BooleanField(null=True)
    vsa_score = models.FloatField(null=True)
    hawkes_branching = models.FloatField(null=True)
    hurst_exponent = models.FloatField(null=True)
    is_trending = models.BooleanField(null=True)
    perm_entropy = models.FloatField(null=True)
    is_high_conviction = models.BooleanField()
    risk_level = models.CharField(max_length=6, choices=Risk.choices)
    suggested_position_size = models.FloatField(null=True)
    p_up = models.FloatField(null=True)
    close = models.FloatField()
    rule_code = models.CharField(max_length=64)
    spec_id = models.CharField(max_length=16)
    rules_id = models.CharField(max_length=16)
    model_id = models.CharField(max_length=120, blank=True, default="")
    data_id = models.CharField(max_length=32)
    reasons = models.JSONField(default=list)
    provenance = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        """Listed newest first: all, of a ticker, of a type, of a rule; found by what it is about; dropped by age."""

        ordering = ("-timestamp_ns", "id")
        constraints = (
            models.UniqueConstraint(
                fields=["universe", "timeframe", "ticker", "timestamp_ns", "spec_id", "model_id", "revision"],
                name="signal_revision",
            ),
        )
        indexes = (
            models.Index(fields=["-timestamp_ns", "id"], name="signal_time"),
            models.Index(fields=["universe", "-timestamp_ns", "id"], name="signal_universe_time"),
            models.Index(fields=["ticker", "-timestamp_ns", "id"], name="signal_ticker_time"),
            models.Index(fields=["signal_type", "-timestamp_ns", "id"], name="signal_type_time"),
            models.Index(fields=["rule_code", "-timestamp_ns", "id"], name="signal_rule_time"),
            models.Index(fields=["created_at"], name="signal_created"),
        )

    def __str__(self) -> str:
        return f"{self.ticker} {self.timeframe} {self.signal_type} ({self.rule_code})"
