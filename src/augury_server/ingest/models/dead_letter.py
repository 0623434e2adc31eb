"""Records that ingest refused."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

__all__ = ["DeadLetter"]


class DeadLetter(models.Model):
    """What came, the rule that it broke, and what was done about it.

    The same record refused again by the same rule is the same row, seen once more: `fingerprint` is its hash.
    """

    class State(models.TextChoices):
        """Open until somebody replays or dismisses it."""

        OPEN = "open"
        REPLAYED = "replayed"
        DISMISSED = "dismissed"

    source = models.CharField(max_length=64)
    kind = models.CharField(max_length=16, help_text="bars or news")
    subject = models.CharField(max_length=200, help_text="Symbol, ticker or feed.")
    timeframe = models.CharField(max_length=16, blank=True, default="")
    rule = models.CharField(max_length=64, help_text="Name of the rule that it broke.")
    reason = models.TextField(help_text="The rule's message.")
    payload = models.JSONField(help_text="What came, as it came.")
    fingerprint = models.CharField(max_length=64)
    state = models.CharField(max_length=16, choices=State.choices, default=State.OPEN)
    times_seen = models.PositiveIntegerField(default=1)
    first_seen_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.CharField(max_length=150, blank=True, default="")
    resolution = models.TextField(blank=True, default="", help_text="Why it was replayed or dismissed.")

    class Meta:
        """One row a record and rule; listed newest first, of a state or of a subject."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source", "kind", "subject", "timeframe", "rule", "fingerprint"], name="dead_letter_record"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "-last_seen_at"], name="dead_letter_state"),
            models.Index(fields=["subject", "-last_seen_at"], name="dead_letter_subject"),
            models.Index(fields=["last_seen_at"], name="dead_letter_seen"),
        ]

    def __str__(self) -> str:
        return f"{self.rule}: {self.subject}"
