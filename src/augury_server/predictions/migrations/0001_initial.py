"""Recorded predictions."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """The first schema."""

    initial = True

    dependencies: ClassVar = []

    operations: ClassVar = [
        migrations.CreateModel(
            name="Prediction",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("model_name", models.CharField(max_length=100)),
                ("model_version", models.PositiveIntegerField()),
                ("experiment", models.CharField(blank=True, default="", max_length=100)),
                ("variant", models.CharField(blank=True, default="", max_length=100)),
                ("request_id", models.CharField(blank=True, default="", max_length=100)),
                ("symbol", models.CharField(max_length=50)),
                ("bar_opened_at_ns", models.BigIntegerField()),
                ("made_at", models.DateTimeField()),
                ("inputs_sha256", models.CharField(blank=True, default="", max_length=64)),
                ("probabilities", models.JSONField(default=list)),
                ("decision", models.CharField(blank=True, default="", max_length=50)),
                ("latency_us", models.PositiveIntegerField(default=0)),
                ("outcome", models.CharField(blank=True, max_length=50, null=True)),
                ("outcome_value", models.FloatField(blank=True, null=True)),
                ("outcome_known_at_ns", models.BigIntegerField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-made_at", "-id"],
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(fields=["-made_at", "-id"], name="predictions_made"),
                    models.Index(fields=["model_name", "model_version", "-made_at", "-id"], name="predictions_version"),
                    models.Index(fields=["symbol", "-made_at", "-id"], name="predictions_symbol"),
                    models.Index(
                        condition=models.Q(("experiment", ""), _negated=True),
                        fields=["experiment", "variant", "-made_at"],
                        name="predictions_experiment",
                    ),
                    models.Index(
                        condition=models.Q(("request_id", ""), _negated=True),
                        fields=["request_id"],
                        name="predictions_request",
                    ),
                    models.Index(
                        condition=models.Q(("outcome_known_at_ns__isnull", True)),
                        fields=["model_name", "model_version", "symbol", "bar_opened_at_ns"],
                        name="predictions_waiting",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("outcome_known_at_ns__isnull", True),
                            ("outcome_known_at_ns__gt", models.F("bar_opened_at_ns")),
                            _connector="OR",
                        ),
                        name="predictions_outcome_later",
                    )
                ],
            },
        ),
    ]
