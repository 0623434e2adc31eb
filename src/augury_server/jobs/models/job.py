"""A job and its history."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

__all__ = ["ENDED", "Job", "JobEvent", "State"]


class State(models.TextChoices):
    """Where a job stands."""

    QUEUED = "queued", "queued"
    RUNNING = "running", "running"
    SUCCEEDED = "succeeded", "succeeded"
    FAILED = "failed", "failed"
    CANCELLED = "cancelled", "cancelled"


ENDED: tuple[str, ...] = (State.SUCCEEDED, State.FAILED, State.CANCELLED)
"""States that a job leaves only when somebody asks for it."""


class Job(models.Model):
    """One piece of background work: the row is the truth, a message only says that it may be time to look.

    `claims` is the fencing token: every claim takes the next number, and what an older claim writes changes nothing.
    `beats` grows with every heartbeat of a claim. `lease_until` is for people; whether a job is dead is judged by
    watching `beats` stand still, so that no clock has to be right.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    operation = models.CharField(max_length=100)
    options = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    queue = models.CharField(max_length=40, default="default")
    by = models.CharField(max_length=150, blank=True, default="")
    key = models.CharField(max_length=200, null=True, blank=True, unique=True)

    attempts = models.PositiveIntegerField(default=0)
    max_attempts = models.PositiveIntegerField(default=1)
    timeout_seconds = models.FloatField()

    run_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True, editable=False)
    claims = models.PositiveIntegerField(default=0, editable=False)
    beats = models.PositiveIntegerField(default=0, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=200, blank=True, default="")
    cancel_requested = models.BooleanField(default=False)

    progress = models.FloatField(default=0.0)
    progress_text = models.CharField(max_length=200, blank=True, default="")
    result = models.JSONField(null=True, blank=True)
    result_packed = models.BinaryField(null=True, blank=True, editable=False)
    error = models.TextField(blank=True, default="")

    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Indexes for lists (and, by state, for what runs), for what is due or waits, for what may be purged."""

        ordering: ClassVar[list[str]] = ["-created_at"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["-created_at"], name="augury_jobs_newest"),
            models.Index(fields=["state", "-created_at"], name="augury_jobs_state_newest"),
            models.Index(fields=["operation", "-created_at"], name="augury_jobs_operation_newest"),
            models.Index(fields=["run_at"], name="augury_jobs_due", condition=Q(state="queued", sent_at__isnull=True)),
            models.Index(fields=["queue", "sent_at"], name="augury_jobs_waiting", condition=Q(state="queued")),
            models.Index(
                fields=["ended_at"],
                name="augury_jobs_ended",
                condition=Q(state__in=["succeeded", "failed", "cancelled"]),
            ),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="augury_jobs_state_known",
                condition=Q(state__in=["queued", "running", "succeeded", "failed", "cancelled"]),
            ),
            models.CheckConstraint(
                name="augury_jobs_progress_range", condition=Q(progress__gte=0.0) & Q(progress__lte=1.0)
            ),
            models.CheckConstraint(name="augury_jobs_attempts_range", condition=Q(attempts__lte=F("max_attempts"))),
            models.CheckConstraint(
                name="augury_jobs_lease_while_running",
                condition=Q(state="running", lease_until__isnull=False)
                | (~Q(state="running") & Q(lease_until__isnull=True)),
            ),
            models.CheckConstraint(
                name="augury_jobs_end_when_ended",
                condition=Q(state__in=["queued", "running"], ended_at__isnull=True)
                | Q(state__in=["succeeded", "failed", "cancelled"], ended_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.id}"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it by itself."""
        return self.state in ENDED


class JobEvent(models.Model):
    """What happened to a job, one row each; only ever added to."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="events", db_index=False)
    at = models.DateTimeField(default=timezone.now)
    event = models.CharField(max_length=20)
    attempt = models.PositiveIntegerField(default=0)
    worker = models.CharField(max_length=200, blank=True, default="")
    by = models.CharField(max_length=150, blank=True, default="")
    text = models.TextField(blank=True, default="")

    class Meta:
        """History in the order in which it was written."""

        ordering: ClassVar[list[str]] = ["id"]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["job", "id"], name="augury_jobs_history")]

    def __str__(self) -> str:
        return f"{self.event} {self.at:%Y-%m-%d %H:%M:%S}"
