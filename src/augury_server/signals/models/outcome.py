"""What came of a signal: the price from the next open on, as far as its horizon."""

from __future__ import annotations

from django.db import models

from augury_server.signals.models.signal import StoredSignal

__all__ = ["Outcome"]


class Outcome(models.Model):
    """A signal measured over a horizon of bars; pending when the signal is stored, then matured or void, once.

    `matures_at_ns` is the earliest close at which it can be measured, later the close at which it was; `known_at_ns` is
    when the last bar it rests on became known, or when it was found void. Returns are fractions of the entry price:
    `forward_return` that of the price, `net_return` in the signal's direction after costs of `cost_rate` a side (NULL
    for HOLD), `hit` whether that is above zero. Excursions are the best and the worst price on the way, in the signal's
    direction.
    """

    class State(models.TextChoices):
        """How far an outcome is."""

        PENDING = "pending"
        MATURED = "matured"
        VOID = "void"

    signal = models.ForeignKey(StoredSignal, on_delete=models.CASCADE, related_name="outcomes", db_index=False)
    horizon_bars = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    matures_at_ns = models.BigIntegerField()
    known_at_ns = models.BigIntegerField(null=True)
    entry_at_ns = models.BigIntegerField(null=True)
    entry_price = models.FloatField(null=True)
    exit_price = models.FloatField(null=True)
    forward_return = models.FloatField(null=True)
    net_return = models.FloatField(null=True)
    cost_rate = models.FloatField(null=True)
    hit = models.BooleanField(null=True)
    max_favourable = models.FloatField(null=True)
    max_adverse = models.FloatField(null=True)
    reason = models.CharField(max_length=200, blank=True, default="")
    joined_at = models.DateTimeField(null=True)

    class Meta:
        """One per signal and horizon; the pending ones are found by when they can mature."""

        ordering = ("-matures_at_ns", "id")
        constraints = (models.UniqueConstraint(fields=["signal", "horizon_bars"], name="signal_outcome_once"),)
        indexes = (
            models.Index(
                fields=["matures_at_ns", "id"], name="signal_outcome_pending", condition=models.Q(state="pending")
            ),
            models.Index(fields=["state", "-matures_at_ns", "id"], name="signal_outcome_state"),
            models.Index(fields=["-matures_at_ns", "id"], name="signal_outcome_time"),
        )

    def __str__(self) -> str:
        return f"{self.horizon_bars} bars, {self.state}"
