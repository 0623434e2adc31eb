"""The cache's tables."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Create the clock, tags, entries, leases and figures."""

    initial = True

    dependencies: ClassVar = []

    operations: ClassVar = [
        migrations.CreateModel(
            name="CacheClock",
            fields=[
                ("id", models.SmallIntegerField(primary_key=True, serialize=False)),
                ("lineage", models.CharField(max_length=32)),
                ("sequence", models.BigIntegerField(default=0)),
            ],
            options={
                "verbose_name": "cache clock",
            },
        ),
        migrations.CreateModel(
            name="CacheEntry",
            fields=[
                ("key", models.CharField(max_length=200, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=120)),
                ("computed_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("size", models.IntegerField()),
                ("sealed", models.BinaryField()),
            ],
            options={
                "verbose_name": "cache entry",
                "verbose_name_plural": "cache entries",
                "indexes": [
                    models.Index(fields=["name"], name="cache_entry_name"),
                    models.Index(fields=["expires_at"], name="cache_entry_expires"),
                ],
            },
        ),
        migrations.CreateModel(
            name="CacheLease",
            fields=[
                ("key", models.CharField(max_length=250, primary_key=True, serialize=False)),
                ("holder", models.CharField(max_length=32)),
                ("until", models.DateTimeField()),
            ],
            options={
                "verbose_name": "cache lease",
                "indexes": [models.Index(fields=["until"], name="cache_lease_until")],
            },
        ),
        migrations.CreateModel(
            name="CacheStatistics",
            fields=[
                ("process", models.CharField(max_length=120, primary_key=True, serialize=False)),
                ("started_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("figures", models.JSONField()),
            ],
            options={
                "verbose_name": "cache statistics",
                "verbose_name_plural": "cache statistics",
                "indexes": [models.Index(fields=["updated_at"], name="cache_statistics_updated")],
            },
        ),
        migrations.CreateModel(
            name="CacheTag",
            fields=[
                ("tag", models.CharField(max_length=250, primary_key=True, serialize=False)),
                ("sequence", models.BigIntegerField()),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "invalidated tag",
                "indexes": [
                    models.Index(fields=["sequence"], name="cache_tag_sequence"),
                    models.Index(fields=["changed_at"], name="cache_tag_changed"),
                ],
            },
        ),
    ]
