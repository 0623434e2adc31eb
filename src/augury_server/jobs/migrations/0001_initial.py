"""Jobs with their history, schedules, workers."""

from __future__ import annotations

import uuid
from typing import ClassVar

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    """The first schema of the room."""

    initial = True

    dependencies: ClassVar = []

    operations: ClassVar = [
        migrations.CreateModel(
            name="Job",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("operation", models.CharField(max_length=100)),
                ("options", models.JSONField(blank=True, default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "queued"),
                            ("running", "running"),
                            ("succeeded", "succeeded"),
                            ("failed", "failed"),
                            ("cancelled", "cancelled"),
                        ],
                        default="queued",
                        max_length=12,
                    ),
                ),
                ("queue", models.CharField(default="default", max_length=40)),
                ("by", models.CharField(blank=True, default="", max_length=150)),
                ("key", models.CharField(blank=True, max_length=200, null=True, unique=True)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("max_attempts", models.PositiveIntegerField(default=1)),
                ("timeout_seconds", models.FloatField()),
                ("run_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("sent_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("claims", models.PositiveIntegerField(default=0, editable=False)),
                ("beats", models.PositiveIntegerField(default=0, editable=False)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("heartbeat_at", models.DateTimeField(blank=True, null=True)),
                ("worker", models.CharField(blank=True, default="", max_length=200)),
                ("cancel_requested", models.BooleanField(default=False)),
                ("progress", models.FloatField(default=0.0)),
                ("progress_text", models.CharField(blank=True, default="", max_length=200)),
                ("result", models.JSONField(blank=True, null=True)),
                ("result_packed", models.BinaryField(blank=True, null=True)),
                ("error", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-created_at"],
                "indexes": [
                    models.Index(fields=["-created_at"], name="augury_jobs_newest"),
                    models.Index(fields=["state", "-created_at"], name="augury_jobs_state_newest"),
                    models.Index(fields=["operation", "-created_at"], name="augury_jobs_operation_newest"),
                    models.Index(
                        condition=models.Q(("sent_at__isnull", True), ("state", "queued")),
                        fields=["run_at"],
                        name="augury_jobs_due",
                    ),
                    models.Index(
                        condition=models.Q(("state", "queued")), fields=["queue", "sent_at"], name="augury_jobs_waiting"
                    ),
                    models.Index(
                        condition=models.Q(("state__in", ["succeeded", "failed", "cancelled"])),
                        fields=["ended_at"],
                        name="augury_jobs_ended",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["queued", "running", "succeeded", "failed", "cancelled"])),
                        name="augury_jobs_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("progress__gte", 0.0), ("progress__lte", 1.0)),
                        name="augury_jobs_progress_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("attempts__lte", models.F("max_attempts"))),
                        name="augury_jobs_attempts_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lease_until__isnull", False), ("state", "running")),
                            models.Q(models.Q(("state", "running"), _negated=True), ("lease_until__isnull", True)),
                            _connector="OR",
                        ),
                        name="augury_jobs_lease_while_running",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", True), ("state__in", ["queued", "running"])),
                            models.Q(("ended_at__isnull", False), ("state__in", ["succeeded", "failed", "cancelled"])),
                            _connector="OR",
                        ),
                        name="augury_jobs_end_when_ended",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ScalingBounds",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("queue", models.CharField(max_length=40, unique=True)),
                ("minimum", models.PositiveIntegerField()),
                ("maximum", models.PositiveIntegerField()),
                ("by", models.CharField(blank=True, default="", max_length=150)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "verbose_name_plural": "scaling bounds",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("minimum__gte", 1), ("maximum__gte", models.F("minimum"))),
                        name="augury_jobs_scaling_bounds",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ScalingEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("worker", models.CharField(blank=True, default="", max_length=200)),
                ("queue", models.CharField(default="default", max_length=40)),
                ("from_processes", models.PositiveIntegerField()),
                ("to_processes", models.PositiveIntegerField()),
                ("reason", models.CharField(max_length=200)),
                ("queue_length", models.PositiveIntegerField(default=0)),
            ],
            options={
                "ordering": ["-at"],
                "indexes": [
                    models.Index(fields=["-at"], name="augury_jobs_scaling_newest"),
                    models.Index(fields=["queue", "-at"], name="augury_jobs_scaling_queue"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Worker",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200, unique=True)),
                ("host", models.CharField(max_length=200)),
                ("pid", models.PositiveIntegerField()),
                ("queues", models.JSONField(blank=True, default=list)),
                ("concurrency", models.PositiveIntegerField(default=1)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("starting", "starting"),
                            ("running", "running"),
                            ("stopping", "stopping"),
                            ("stopped", "stopped"),
                            ("lost", "lost"),
                        ],
                        default="starting",
                        max_length=12,
                    ),
                ),
                ("started_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("last_seen_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "ordering": ["-last_seen_at"],
                "indexes": [models.Index(fields=["-last_seen_at"], name="augury_jobs_workers_seen")],
            },
        ),
        migrations.CreateModel(
            name="JobEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("event", models.CharField(max_length=20)),
                ("attempt", models.PositiveIntegerField(default=0)),
                ("worker", models.CharField(blank=True, default="", max_length=200)),
                ("by", models.CharField(blank=True, default="", max_length=150)),
                ("text", models.TextField(blank=True, default="")),
                (
                    "job",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="augury_jobs.job",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "indexes": [models.Index(fields=["job", "id"], name="augury_jobs_history")],
            },
        ),
        migrations.CreateModel(
            name="Schedule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, unique=True)),
                ("operation", models.CharField(max_length=100)),
                ("options", models.JSONField(blank=True, default=dict)),
                ("cron", models.CharField(blank=True, default="", max_length=100)),
                ("every_seconds", models.FloatField(blank=True, null=True)),
                ("time_zone", models.CharField(default="UTC", max_length=64)),
                ("jitter_seconds", models.FloatField(default=0.0)),
                (
                    "catch_up",
                    models.CharField(choices=[("once", "once"), ("skip", "skip")], default="once", max_length=8),
                ),
                ("enabled", models.BooleanField(default=True)),
                ("queue", models.CharField(default="default", max_length=40)),
                ("max_attempts", models.PositiveIntegerField(blank=True, null=True)),
                ("timeout_seconds", models.FloatField(blank=True, null=True)),
                ("by", models.CharField(blank=True, default="", max_length=150)),
                ("problem", models.TextField(blank=True, default="")),
                ("last_run_at", models.DateTimeField(blank=True, null=True)),
                ("next_run_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "last_job",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="augury_jobs.job",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("enabled", True)), fields=["next_run_at"], name="augury_jobs_schedule_due"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("cron", ""), ("every_seconds__gt", 0), ("every_seconds__isnull", False)),
                            models.Q(models.Q(("cron", ""), _negated=True), ("every_seconds__isnull", True)),
                            _connector="OR",
                        ),
                        name="augury_jobs_schedule_one_rule",
                    )
                ],
            },
        ),
    ]
