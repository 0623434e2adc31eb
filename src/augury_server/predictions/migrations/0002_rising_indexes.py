"""Indexes of predictions that grow at their end, and none of a symbol for predictions that name none."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models
from django.db.models import Q

_CHANGED = ("made", "version", "symbol", "experiment", "waiting")


class Migration(migrations.Migration):
    """The same indexes, rising; each is read from its end."""

    dependencies: ClassVar = [
        ("augury_predictions", "0001_initial"),
    ]

    operations: ClassVar = [
        *(migrations.RemoveIndex(model_name="prediction", name=f"predictions_{name}") for name in _CHANGED),
        migrations.AddIndex(
            model_name="prediction", index=models.Index(fields=["made_at", "id"], name="predictions_made")
        ),
        migrations.AddIndex(
            model_name="prediction",
            index=models.Index(fields=["model_name", "model_version", "made_at", "id"], name="predictions_version"),
        ),
        migrations.AddIndex(
            model_name="prediction",
            index=models.Index(condition=~Q(symbol=""), fields=["symbol", "made_at", "id"], name="predictions_symbol"),
        ),
        migrations.AddIndex(
            model_name="prediction",
            index=models.Index(
                condition=~Q(experiment=""),
                fields=["experiment", "variant", "made_at"],
                name="predictions_experiment",
            ),
        ),
        migrations.AddIndex(
            model_name="prediction",
            index=models.Index(
                condition=Q(outcome_known_at_ns__isnull=True) & ~Q(symbol=""),
                fields=["model_name", "model_version", "symbol", "bar_opened_at_ns"],
                name="predictions_waiting",
            ),
        ),
    ]
