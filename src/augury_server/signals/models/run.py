"""A run: one time that a universe, or a part of it, was judged."""

from __future__ import annotations

import uuid

from django.db import models

__all__ = ["SignalRun"]


class SignalRun(models.Model):
    """One judging of a universe: what was looked at, what was stored and what was refused.

    `at_ns` is the moment as of which data counted as known (the run's own start when nobody named one). `watermark_ns`
    is the close of the newest bar that was judged. `signals` were judged, of which `stored` were new and the others
    there already; `refused` maps a symbol to the reason. A run that was killed stays `running` until the next of the
    same universe and part marks it `interrupted`; what it stored is kept, and found again.
    """

    class State(models.TextChoices):
        """How far a run is."""

        RUNNING = "running"
        FINISHED = "finished"
        FAILED = "failed"
        INTERRUPTED = "interrupted"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    universe = models.CharField(max_length=100, blank=True, default="")
    timeframe = models.CharField(max_length=16)
    part = models.CharField(max_length=32, blank=True, default="")
    state = models.CharField(max_length=12, choices=State.choices, default=State.RUNNING)
    at_ns = models.BigIntegerField()
    watermark_ns = models.BigIntegerField(null=True)
    symbols = models.PositiveIntegerField(default=0)
    signals = models.PositiveIntegerField(default=0)
    stored = models.PositiveIntegerField(default=0)
    refused = models.JSONField(default=dict)
    error = models.TextField(blank=True, default="")
    augury = models.CharField(max_length=40)
    spec_id = models.CharField(max_length=16)
    rules_id = models.CharField(max_length=16)
    spec = models.JSONField(default=dict)
    sentiment_model = models.CharField(max_length=200, blank=True, default="")
    model_id = models.CharField(max_length=120, blank=True, default="")
    job_id = models.CharField(max_length=64, blank=True, default="")
    by = models.CharField(max_length=200, blank=True, default="")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """Listed newest first, of one universe or of one state."""

        ordering = ("-started_at",)
        indexes = (
            models.Index(fields=["-started_at"], name="signal_run_started"),
            models.Index(fields=["universe", "-started_at"], name="signal_run_universe"),
            models.Index(fields=["state", "-started_at"], name="signal_run_state"),
        )

    def __str__(self) -> str:
        return f"{self.universe or 'symbols'} {self.timeframe} {self.started_at:%Y-%m-%d %H:%M} {self.state}"
