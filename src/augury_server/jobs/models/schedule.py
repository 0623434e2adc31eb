"""Work that is done again and again."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from augury_server.jobs.models.job import Job

__all__ = ["CatchUp", "Schedule"]


class CatchUp(models.TextChoices):
    """What becomes of occurrences that nobody was there to run: run once for all of them, or not at all."""

    ONCE = "once", "once"
    SKIP = "skip", "skip"


class Schedule(models.Model):
    """When an operation is submitted by itself: by a cron expression in a time zone or every so many seconds.

    `last_run_at` is the last occurrence that was submitted, `next_run_at` the next one; it only ever grows.
    `problem` says why the last occurrence could not be submitted, as when its operation no longer exists.
    """

    name = models.CharField(max_length=100, unique=True)
    operation = models.CharField(max_length=100)
    options = models.JSONField(default=dict, blank=True)
    cron = models.CharField(max_length=100, blank=True, default="")
    every_seconds = models.FloatField(null=True, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    jitter_seconds = models.FloatField(default=0.0)
    catch_up = models.CharField(max_length=8, choices=CatchUp.choices, default=CatchUp.ONCE)
    enabled = models.BooleanField(default=True)
    queue = models.CharField(max_length=40, default="default")
    max_attempts = models.PositiveIntegerField(null=True, blank=True)
    timeout_seconds = models.FloatField(null=True, blank=True)
    by = models.CharField(max_length=150, blank=True, default="")
    problem = models.TextField(blank=True, default="")
    last_run_at = models.DateTimeField(null=True, blank=True)
    next_run_at = models.DateTimeField(null=True, blank=True)
    last_job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        """One rule each: cron or interval."""

        ordering: ClassVar[list[str]] = ["name"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["next_run_at"], name="augury_jobs_schedule_due", condition=Q(enabled=True))
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="augury_jobs_schedule_one_rule",
                condition=(Q(cron="") & Q(every_seconds__isnull=False, every_seconds__gt=0))
                | (~Q(cron="") & Q(every_seconds__isnull=True)),
            )
        ]

    def __str__(self) -> str:
        return self.name
