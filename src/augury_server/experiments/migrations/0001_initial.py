"""Experiments."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """The first schema."""

    initial = True

    dependencies: ClassVar = [("augury_registry", "0001_initial")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Experiment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, unique=True)),
                ("mode", models.CharField(choices=[("split", "split"), ("shadow", "shadow")], max_length=10)),
                ("unit", models.CharField(choices=[("symbol", "symbol"), ("symbol_day", "symbol_day")], max_length=10)),
                ("share", models.FloatField()),
                ("salt", models.CharField(max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "running"), ("stopped", "stopped")], default="running", max_length=10
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("started_by", models.CharField(max_length=150)),
                ("started_sequence", models.PositiveIntegerField()),
                ("reason", models.TextField()),
                ("ends_at", models.DateTimeField()),
                ("stopped_at", models.DateTimeField(blank=True, null=True)),
                ("stopped_by", models.CharField(blank=True, max_length=150)),
                ("stop_reason", models.TextField(blank=True)),
                (
                    "control",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="augury_registry.modelversion"
                    ),
                ),
                (
                    "model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="experiments",
                        to="augury_registry.registeredmodel",
                    ),
                ),
                (
                    "treatment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="augury_registry.modelversion"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["state", "-id"], name="experiments_by_state"),
                    models.Index(
                        condition=models.Q(("state", "running")), fields=["ends_at"], name="experiments_in_force"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "running")), fields=("model",), name="experiments_one_running"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ("running", "stopped"))), name="experiments_state_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("mode__in", ("split", "shadow"))), name="experiments_mode_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("unit__in", ("symbol", "symbol_day"))), name="experiments_unit_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("mode", "split"), ("share__gt", 0.0), ("share__lt", 1.0)),
                            models.Q(("mode", "shadow"), ("share", 0.0)),
                            _connector="OR",
                        ),
                        name="experiments_share_of_mode",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("started_at"))), name="experiments_end_later"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("control", models.F("treatment")), _negated=True),
                        name="experiments_two_versions",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "running"), ("stopped_at__isnull", True)),
                            models.Q(("state", "stopped"), ("stopped_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="experiments_stopped_when",
                    ),
                ],
            },
        ),
    ]
