"""Instruments, series, bars with revisions, news, watermarks, dead letters."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import augury_server.database.time_index


class Migration(migrations.Migration):
    """The first schema."""

    initial = True

    dependencies: ClassVar = []

    operations: ClassVar = [
        migrations.CreateModel(
            name="DeadLetter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(max_length=64)),
                ("kind", models.CharField(help_text="bars or news", max_length=16)),
                ("subject", models.CharField(help_text="Symbol, ticker or feed.", max_length=200)),
                ("timeframe", models.CharField(blank=True, default="", max_length=16)),
                ("rule", models.CharField(help_text="Name of the rule that it broke.", max_length=64)),
                ("reason", models.TextField(help_text="The rule's message.")),
                ("payload", models.JSONField(help_text="What came, as it came.")),
                ("fingerprint", models.CharField(max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("replayed", "Replayed"), ("dismissed", "Dismissed")],
                        default="open",
                        max_length=16,
                    ),
                ),
                ("times_seen", models.PositiveIntegerField(default=1)),
                ("first_seen_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("last_seen_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                ("resolved_by", models.CharField(blank=True, default="", max_length=150)),
                ("resolution", models.TextField(blank=True, default="", help_text="Why it was replayed or dismissed.")),
            ],
            options={
                "indexes": [
                    models.Index(fields=["state", "-last_seen_at"], name="dead_letter_state"),
                    models.Index(fields=["subject", "-last_seen_at"], name="dead_letter_subject"),
                    models.Index(fields=["last_seen_at"], name="dead_letter_seen"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("source", "kind", "subject", "timeframe", "rule", "fingerprint"),
                        name="dead_letter_record",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Instrument",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "symbol",
                    models.CharField(help_text="As sources name it: AAPL, BTC/USDT.", max_length=200, unique=True),
                ),
                ("name", models.CharField(blank=True, default="", max_length=200)),
                (
                    "kind",
                    models.CharField(
                        blank=True, default="", help_text="equity, etf, crypto, index, future, ...", max_length=32
                    ),
                ),
                ("exchange", models.CharField(blank=True, default="", max_length=64)),
                ("currency", models.CharField(blank=True, default="", max_length=16)),
                ("sector", models.CharField(blank=True, default="", max_length=64)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "ordering": ["symbol"],
                "indexes": [
                    models.Index(fields=["sector", "symbol"], name="instrument_sector"),
                    models.Index(fields=["kind", "symbol"], name="instrument_kind"),
                ],
            },
        ),
        migrations.CreateModel(
            name="News",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("item_id", models.CharField(help_text="Of ticker, source, text and publication time.", max_length=16)),
                ("ticker", models.CharField(max_length=200)),
                ("source", models.CharField(blank=True, default="", max_length=200)),
                ("text", models.TextField()),
                ("published_at_ns", models.BigIntegerField()),
                ("known_at_ns", models.BigIntegerField()),
                ("positive", models.FloatField(blank=True, null=True)),
                ("negative", models.FloatField(blank=True, null=True)),
                ("neutral", models.FloatField(blank=True, null=True)),
                (
                    "scored_by",
                    models.CharField(
                        blank=True, default="", help_text="Version of the sentiment model.", max_length=200
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "verbose_name_plural": "news",
                "indexes": [
                    models.Index(fields=["ticker", "known_at_ns"], name="news_ticker_known"),
                    models.Index(fields=["source", "known_at_ns"], name="news_source_known"),
                    models.Index(fields=["known_at_ns"], name="news_known"),
                    models.Index(
                        condition=models.Q(("positive__isnull", True)), fields=["known_at_ns"], name="news_unscored"
                    ),
                ],
                "constraints": [models.UniqueConstraint(fields=("item_id",), name="news_item")],
            },
        ),
        migrations.CreateModel(
            name="Series",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("timeframe", models.CharField(help_text="1m, 4h, 1D, ...", max_length=16)),
                ("bars", models.BigIntegerField(default=0, help_text="How many are stored.")),
                ("first_opened_at_ns", models.BigIntegerField(blank=True, null=True)),
                ("last_opened_at_ns", models.BigIntegerField(blank=True, null=True)),
                ("version", models.BigIntegerField(default=0, help_text="Writes so far.")),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "instrument",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="series",
                        to="augury_ingest.instrument",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "series",
            },
        ),
        migrations.CreateModel(
            name="BarRevision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("opened_at_ns", models.BigIntegerField()),
                ("open", models.FloatField()),
                ("high", models.FloatField()),
                ("low", models.FloatField()),
                ("close", models.FloatField()),
                ("volume", models.FloatField()),
                (
                    "known_at_ns",
                    models.BigIntegerField(help_text="From when on these values were known; never before the close."),
                ),
                ("replaced_at_ns", models.BigIntegerField()),
                (
                    "series",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="%(class)s_rows",
                        to="augury_ingest.series",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Bar",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("opened_at_ns", models.BigIntegerField()),
                ("open", models.FloatField()),
                ("high", models.FloatField()),
                ("low", models.FloatField()),
                ("close", models.FloatField()),
                ("volume", models.FloatField()),
                (
                    "known_at_ns",
                    models.BigIntegerField(help_text="From when on these values were known; never before the close."),
                ),
                (
                    "series",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="%(class)s_rows",
                        to="augury_ingest.series",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Watermark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(max_length=64)),
                ("kind", models.CharField(help_text="bars or news", max_length=16)),
                ("subject", models.CharField(help_text="Symbol, ticker or feed.", max_length=200)),
                (
                    "timeframe",
                    models.CharField(blank=True, default="", help_text="Of bars; empty for news.", max_length=16),
                ),
                (
                    "last_opened_at_ns",
                    models.BigIntegerField(blank=True, help_text="Bars: open; news: publication.", null=True),
                ),
                ("last_known_at_ns", models.BigIntegerField(blank=True, null=True)),
                (
                    "cursor",
                    models.TextField(blank=True, default="", help_text="Where the source itself says to go on."),
                ),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "indexes": [models.Index(fields=["updated_at"], name="watermark_updated")],
                "constraints": [
                    models.UniqueConstraint(fields=("source", "kind", "subject", "timeframe"), name="watermark_subject")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="series",
            index=models.Index(fields=["timeframe", "instrument"], name="series_timeframe"),
        ),
        migrations.AddIndex(
            model_name="series",
            index=models.Index(fields=["updated_at"], name="series_updated"),
        ),
        migrations.AddConstraint(
            model_name="series",
            constraint=models.UniqueConstraint(fields=("instrument", "timeframe"), name="series_instrument_timeframe"),
        ),
        migrations.AddIndex(
            model_name="barrevision",
            index=models.Index(fields=["series", "opened_at_ns", "known_at_ns"], name="bar_revision_opened"),
        ),
        migrations.AddIndex(
            model_name="bar",
            index=augury_server.database.time_index.TimeIndex(
                autosummarize=True, fields=["opened_at_ns"], name="bar_opened_brin", pages_per_range=32
            ),
        ),
        migrations.AddConstraint(
            model_name="bar",
            constraint=models.UniqueConstraint(fields=("series", "opened_at_ns"), name="bar_series_opened"),
        ),
    ]
