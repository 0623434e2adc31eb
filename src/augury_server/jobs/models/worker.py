"""Processes that do the work, and how their number changed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

__all__ = ["ScalingBounds", "ScalingEvent", "Worker", "WorkerState"]


class WorkerState(models.TextChoices):
    """Whether a worker takes work."""

    STARTING = "starting", "starting"
    RUNNING = "running", "running"
    STOPPING = "stopping", "stopping"
    STOPPED = "stopped", "stopped"
    LOST = "lost", "lost"


class Worker(models.Model):
    """A worker as it last reported itself; one that has not been seen for a while is gone, whatever its state says."""

    name = models.CharField(max_length=200, unique=True)
    host = models.CharField(max_length=200)
    pid = models.PositiveIntegerField()
    queues = models.JSONField(default=list, blank=True)
    concurrency = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=12, choices=WorkerState.choices, default=WorkerState.STARTING)
    started_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        """Lists show who was seen last first."""

        ordering: ClassVar[list[str]] = ["-last_seen_at"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["-last_seen_at"], name="augury_jobs_workers_seen"),
        ]

    def __str__(self) -> str:
        return self.name


class ScalingEvent(models.Model):
    """One change of a worker's number of processes, and why; only ever added to."""

    at = models.DateTimeField(default=timezone.now)
    worker = models.CharField(max_length=200, blank=True, default="")
    queue = models.CharField(max_length=40, default="default")
    from_processes = models.PositiveIntegerField()
    to_processes = models.PositiveIntegerField()
    reason = models.CharField(max_length=200)
    queue_length = models.PositiveIntegerField(default=0)

    class Meta:
        """Newest first, for all and for one queue."""

        ordering: ClassVar[list[str]] = ["-at"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["-at"], name="augury_jobs_scaling_newest"),
            models.Index(fields=["queue", "-at"], name="augury_jobs_scaling_queue"),
        ]

    def __str__(self) -> str:
        return f"{self.queue}: {self.from_processes} to {self.to_processes}"


class ScalingBounds(models.Model):
    """Bounds of the number of worker processes that somebody set, instead of those of the settings."""

    queue = models.CharField(max_length=40, unique=True)
    minimum = models.PositiveIntegerField()
    maximum = models.PositiveIntegerField()
    by = models.CharField(max_length=150, blank=True, default="")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        """Bounds that are some."""

        verbose_name_plural = "scaling bounds"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="augury_jobs_scaling_bounds",
                condition=models.Q(minimum__gte=1) & models.Q(maximum__gte=models.F("minimum")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.queue}: {self.minimum} to {self.maximum}"
