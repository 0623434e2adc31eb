"""Models, versions, files, aliases, transitions."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """The first schema."""

    initial = True

    dependencies: ClassVar = []

    operations: ClassVar = [
        migrations.CreateModel(
            name="RegisteredModel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, unique=True)),
                ("former", models.JSONField(blank=True, default=list)),
                ("last_sequence", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("created_by", models.CharField(max_length=150)),
            ],
            options={
                "verbose_name": "model",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="ModelVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("candidate", "candidate"),
                            ("challenger", "challenger"),
                            ("champion", "champion"),
                            ("archived", "archived"),
                        ],
                        default="candidate",
                        max_length=10,
                    ),
                ),
                ("artefact_id", models.CharField(max_length=120)),
                ("content_sha256", models.CharField(max_length=64)),
                ("storage_url", models.CharField(max_length=500)),
                ("size_bytes", models.BigIntegerField()),
                ("family", models.CharField(max_length=100)),
                ("specification", models.TextField()),
                ("task", models.CharField(max_length=20)),
                ("label", models.TextField(blank=True)),
                ("timeframe", models.CharField(blank=True, max_length=20)),
                ("symbols", models.JSONField(blank=True, default=list)),
                ("metrics", models.JSONField(blank=True, default=dict)),
                ("notes", models.JSONField(blank=True, default=dict)),
                ("beats_baseline", models.BooleanField(blank=True, null=True)),
                ("data_fingerprint", models.CharField(blank=True, max_length=100)),
                ("first_training_ns", models.BigIntegerField(blank=True, null=True)),
                ("last_training_ns", models.BigIntegerField(blank=True, null=True)),
                ("fit_end_ns", models.BigIntegerField(blank=True, null=True)),
                ("parent_artefact_id", models.CharField(blank=True, max_length=120)),
                (
                    "relation",
                    models.CharField(
                        blank=True,
                        choices=[("optimised_from", "optimised_from"), ("retrained_from", "retrained_from")],
                        max_length=20,
                    ),
                ),
                ("registered_at", models.DateTimeField()),
                ("registered_by", models.CharField(max_length=150)),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="augury_registry.modelversion",
                    ),
                ),
                (
                    "model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="augury_registry.registeredmodel",
                    ),
                ),
            ],
            options={
                "verbose_name": "model version",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Alias",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("alias", models.CharField(max_length=40)),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="aliases",
                        to="augury_registry.modelversion",
                    ),
                ),
                (
                    "model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="aliases",
                        to="augury_registry.registeredmodel",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "aliases",
                "ordering": ["alias"],
            },
        ),
        migrations.CreateModel(
            name="Transition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sequence", models.PositiveIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("register", "register"),
                            ("promote", "promote"),
                            ("challenge", "challenge"),
                            ("demote", "demote"),
                            ("rollback", "rollback"),
                            ("archive", "archive"),
                            ("restore", "restore"),
                            ("alias", "alias"),
                            ("unalias", "unalias"),
                        ],
                        max_length=10,
                    ),
                ),
                ("alias", models.CharField(blank=True, max_length=40)),
                ("forced", models.BooleanField(default=False)),
                ("by", models.CharField(max_length=150)),
                ("reason", models.TextField(blank=True)),
                ("at", models.DateTimeField()),
                (
                    "champion",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="augury_registry.modelversion",
                    ),
                ),
                (
                    "from_version",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="augury_registry.modelversion",
                    ),
                ),
                (
                    "model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transitions",
                        to="augury_registry.registeredmodel",
                    ),
                ),
                (
                    "to_version",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="augury_registry.modelversion",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="VersionFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=255)),
                ("sha256", models.CharField(max_length=64)),
                ("size_bytes", models.BigIntegerField()),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="files",
                        to="augury_registry.modelversion",
                    ),
                ),
            ],
            options={
                "verbose_name": "file of a version",
                "verbose_name_plural": "files of versions",
                "ordering": ["name"],
            },
        ),
        migrations.AddIndex(
            model_name="modelversion",
            index=models.Index(fields=["stage", "-id"], name="registry_version_stage"),
        ),
        migrations.AddIndex(
            model_name="modelversion",
            index=models.Index(fields=["artefact_id", "-id"], name="registry_version_artefact"),
        ),
        migrations.AddIndex(
            model_name="modelversion",
            index=models.Index(fields=["content_sha256"], name="registry_version_by_content"),
        ),
        migrations.AddIndex(
            model_name="modelversion",
            index=models.Index(fields=["family", "-id"], name="registry_version_family"),
        ),
        migrations.AddConstraint(
            model_name="modelversion",
            constraint=models.UniqueConstraint(fields=("model", "number"), name="registry_version_number"),
        ),
        migrations.AddConstraint(
            model_name="modelversion",
            constraint=models.UniqueConstraint(fields=("model", "content_sha256"), name="registry_version_content"),
        ),
        migrations.AddConstraint(
            model_name="modelversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("stage", "champion")), fields=("model",), name="registry_one_champion"
            ),
        ),
        migrations.AddConstraint(
            model_name="modelversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("stage__in", ("candidate", "challenger", "champion", "archived"))),
                name="registry_stage_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="modelversion",
            constraint=models.CheckConstraint(condition=models.Q(("number__gte", 1)), name="registry_number_from_one"),
        ),
        migrations.AddConstraint(
            model_name="alias",
            constraint=models.UniqueConstraint(fields=("model", "alias"), name="registry_alias_once"),
        ),
        migrations.AddIndex(
            model_name="transition",
            index=models.Index(
                models.F("model"),
                models.OrderBy(models.F("at"), descending=True),
                models.OrderBy(models.F("sequence"), descending=True),
                name="registry_as_of",
            ),
        ),
        migrations.AddIndex(
            model_name="transition",
            index=models.Index(fields=["kind", "-id"], name="registry_transition_kind"),
        ),
        migrations.AddConstraint(
            model_name="transition",
            constraint=models.UniqueConstraint(fields=("model", "sequence"), name="registry_transition_sequence"),
        ),
        migrations.AddConstraint(
            model_name="transition",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        (
                            "register",
                            "promote",
                            "challenge",
                            "demote",
                            "rollback",
                            "archive",
                            "restore",
                            "alias",
                            "unalias",
                        ),
                    )
                ),
                name="registry_kind_known",
            ),
        ),
        migrations.AddIndex(
            model_name="versionfile",
            index=models.Index(fields=["sha256"], name="registry_file_sha256"),
        ),
        migrations.AddConstraint(
            model_name="versionfile",
            constraint=models.UniqueConstraint(fields=("version", "name"), name="registry_file_name"),
        ),
    ]
