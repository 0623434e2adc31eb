"""Answers that are kept for requests with an idempotency key."""

from __future__ import annotations

from typing import ClassVar

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    """One table."""

    dependencies: ClassVar = [
        ("augury_jobs", "0001_initial"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="KeptAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("caller", models.CharField(max_length=64)),
                ("key", models.CharField(max_length=200)),
                ("fingerprint", models.CharField(max_length=64)),
                ("asked", models.CharField(blank=True, default="", max_length=300)),
                ("status", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("headers", models.JSONField(blank=True, default=dict)),
                ("body", models.BinaryField(blank=True, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("claimed_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "verbose_name": "kept answer",
                "ordering": ["-created_at"],
                "indexes": [models.Index(fields=["created_at"], name="augury_jobs_answers_newest")],
                "constraints": [models.UniqueConstraint(fields=("caller", "key"), name="augury_jobs_answer_once")],
            },
        ),
    ]
