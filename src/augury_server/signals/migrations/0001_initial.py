"""The tables of the signal service."""

from __future__ import annotations

import uuid
from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Universes, runs, signals and outcomes."""

    initial = True

    dependencies: ClassVar = []

    operations: ClassVar = [
        migrations.CreateModel(
            name="SignalRun",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("universe", models.CharField(blank=True, default="", max_length=100)),
                ("timeframe", models.CharField(max_length=16)),
                ("part", models.CharField(blank=True, default="", max_length=32)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("finished", "Finished"),
                            ("failed", "Failed"),
                            ("interrupted", "Interrupted"),
                        ],
                        default="running",
                        max_length=12,
                    ),
                ),
                ("at_ns", models.BigIntegerField()),
                ("watermark_ns", models.BigIntegerField(null=True)),
                ("symbols", models.PositiveIntegerField(default=0)),
                ("signals", models.PositiveIntegerField(default=0)),
                ("stored", models.PositiveIntegerField(default=0)),
                ("refused", models.JSONField(default=dict)),
                ("error", models.TextField(blank=True, default="")),
                ("augury", models.CharField(max_length=40)),
                ("spec_id", models.CharField(max_length=16)),
                ("rules_id", models.CharField(max_length=16)),
                ("spec", models.JSONField(default=dict)),
                ("sentiment_model", models.CharField(blank=True, default="", max_length=200)),
                ("model_id", models.CharField(blank=True, default="", max_length=120)),
                ("job_id", models.CharField(blank=True, default="", max_length=64)),
                ("by", models.CharField(blank=True, default="", max_length=200)),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ("-started_at",),
                "indexes": [
                    models.Index(fields=["-started_at"], name="signal_run_started"),
                    models.Index(fields=["universe", "-started_at"], name="signal_run_universe"),
                    models.Index(fields=["state", "-started_at"], name="signal_run_state"),
                ],
            },
        ),
        migrations.CreateModel(
            name="StoredSignal",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("universe", models.CharField(blank=True, default="", max_length=100)),
                ("timeframe", models.CharField(max_length=16)),
                ("ticker", models.CharField(max_length=200)),
                ("timestamp_ns", models.BigIntegerField()),
                ("known_at_ns", models.BigIntegerField()),
                ("revision", models.PositiveSmallIntegerField(default=0)),
                (
                    "signal_type",
                    models.CharField(choices=[("BUY", "Buy"), ("SELL", "Sell"), ("HOLD", "Hold")], max_length=4),
                ),
                ("confidence", models.FloatField()),
                ("sentiment_mean", models.FloatField(null=True)),
                ("sentiment_std", models.FloatField(null=True)),
                ("sentiment_entropy", models.FloatField(null=True)),
                ("is_contrarian_market", models.BooleanField(null=True)),
                ("is_contrarian_sector", models.BooleanField(null=True)),
                ("vsa_score", models.FloatField(null=True)),
                ("hawkes_branching", models.FloatField(null=True)),
                ("hurst_exponent", models.FloatField(null=True)),
                ("is_trending", models.BooleanField(null=True)),
                ("perm_entropy", models.FloatField(null=True)),
                ("is_high_conviction", models.BooleanField()),
                (
                    "risk_level",
                    models.CharField(choices=[("LOW", "Low"), ("MEDIUM", "Medium"), ("HIGH", "High")], max_length=6),
                ),
                ("suggested_position_size", models.FloatField(null=True)),
                ("p_up", models.FloatField(null=True)),
                ("close", models.FloatField()),
                ("rule_code", models.CharField(max_length=64)),
                ("spec_id", models.CharField(max_length=16)),
                ("rules_id", models.CharField(max_length=16)),
                ("model_id", models.CharField(blank=True, default="", max_length=120)),
                ("data_id", models.CharField(max_length=32)),
                ("reasons", models.JSONField(default=list)),
                ("provenance", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField()),
                (
                    "run",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="made",
                        to="augury_signals.signalrun",
                    ),
                ),
            ],
            options={
                "ordering": ("-timestamp_ns", "id"),
            },
        ),
        migrations.CreateModel(
            name="Outcome",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("horizon_bars", models.PositiveSmallIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[("pending", "Pending"), ("matured", "Matured"), ("void", "Void")],
                        default="pending",
                        max_length=8,
                    ),
                ),
                ("matures_at_ns", models.BigIntegerField()),
                ("known_at_ns", models.BigIntegerField(null=True)),
                ("entry_at_ns", models.BigIntegerField(null=True)),
                ("entry_price", models.FloatField(null=True)),
                ("exit_price", models.FloatField(null=True)),
                ("forward_return", models.FloatField(null=True)),
                ("net_return", models.FloatField(null=True)),
                ("cost_rate", models.FloatField(null=True)),
                ("hit", models.BooleanField(null=True)),
                ("max_favourable", models.FloatField(null=True)),
                ("max_adverse", models.FloatField(null=True)),
                ("reason", models.CharField(blank=True, default="", max_length=200)),
                ("joined_at", models.DateTimeField(null=True)),
                (
                    "signal",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="outcomes",
                        to="augury_signals.storedsignal",
                    ),
                ),
            ],
            options={
                "ordering": ("-matures_at_ns", "id"),
            },
        ),
        migrations.CreateModel(
            name="Universe",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, unique=True)),
                ("symbols", models.JSONField(default=list)),
                ("context", models.JSONField(default=list)),
                ("sectors", models.JSONField(default=dict)),
                ("timeframe", models.CharField(max_length=16)),
                ("options", models.JSONField(default=dict)),
                ("sentiment_model", models.CharField(default="embedded", max_length=200)),
                ("model_name", models.CharField(blank=True, default="", max_length=200)),
                ("model_alias", models.CharField(blank=True, default="", max_length=100)),
                ("horizons", models.JSONField(default=list)),
                ("enabled", models.BooleanField(default=True)),
                ("created_by", models.CharField(blank=True, default="", max_length=200)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("changed_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "verbose_name_plural": "universes",
                "ordering": ("name",),
                "indexes": [models.Index(fields=["enabled", "name"], name="universe_enabled")],
            },
        ),
        migrations.AddIndex(
            model_name="storedsignal",
            index=models.Index(fields=["-timestamp_ns", "id"], name="signal_time"),
        ),
        migrations.AddIndex(
            model_name="storedsignal",
            index=models.Index(fields=["universe", "-timestamp_ns", "id"], name="signal_universe_time"),
        ),
        migrations.AddIndex(
            model_name="storedsignal",
            index=models.Index(fields=["ticker", "-timestamp_ns", "id"], name="signal_ticker_time"),
        ),
        migrations.AddIndex(
            model_name="storedsignal",
            index=models.Index(fields=["signal_type", "-timestamp_ns", "id"], name="signal_type_time"),
        ),
        migrations.AddIndex(
            model_name="storedsignal",
            index=models.Index(fields=["rule_code", "-timestamp_ns", "id"], name="signal_rule_time"),
        ),
        migrations.AddIndex(
            model_name="storedsignal",
            index=models.Index(fields=["created_at"], name="signal_created"),
        ),
        migrations.AddConstraint(
            model_name="storedsignal",
            constraint=models.UniqueConstraint(
                fields=("universe", "timeframe", "ticker", "timestamp_ns", "spec_id", "model_id", "revision"),
                name="signal_revision",
            ),
        ),
        migrations.AddIndex(
            model_name="outcome",
            index=models.Index(
                condition=models.Q(("state", "pending")), fields=["matures_at_ns", "id"], name="signal_outcome_pending"
            ),
        ),
        migrations.AddIndex(
            model_name="outcome",
            index=models.Index(fields=["state", "-matures_at_ns", "id"], name="signal_outcome_state"),
        ),
        migrations.AddIndex(
            model_name="outcome",
            index=models.Index(fields=["-matures_at_ns", "id"], name="signal_outcome_time"),
        ),
        migrations.AddConstraint(
            model_name="outcome",
            constraint=models.UniqueConstraint(fields=("signal", "horizon_bars"), name="signal_outcome_once"),
        ),
    ]
