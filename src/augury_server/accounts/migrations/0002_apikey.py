"""API keys."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Create the table."""

    dependencies: ClassVar = [
        ("augury_accounts", "0001_initial"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key_id", models.CharField(editable=False, max_length=16)),
                ("name", models.CharField(max_length=100)),
                (
                    "role",
                    models.CharField(
                        choices=[("viewer", "viewer"), ("operator", "operator"), ("administrator", "administrator")],
                        default="viewer",
                        max_length=20,
                    ),
                ),
                ("scopes", models.JSONField(default=list)),
                ("owner", models.CharField(max_length=150)),
                ("secret_sha256", models.CharField(editable=False, max_length=64)),
                ("previous_sha256", models.CharField(blank=True, default="", editable=False, max_length=64)),
                ("previous_until", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
                ("rotated_at", models.DateTimeField(blank=True, null=True)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_by", models.CharField(blank=True, default="", max_length=150)),
                ("reason", models.CharField(blank=True, default="", max_length=500)),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "API key",
                "verbose_name_plural": "API keys",
                "ordering": ["-id"],
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(fields=["name", "-id"], name="api_key_name"),
                    models.Index(fields=["role", "-id"], name="api_key_role"),
                    models.Index(fields=["owner", "-id"], name="api_key_owner"),
                    models.Index(fields=["-last_used_at"], name="api_key_last_used"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("key_id",), name="api_key_id_unique"),
                    models.UniqueConstraint(
                        condition=models.Q(("revoked_at__isnull", True)), fields=("name",), name="api_key_one_of_a_name"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("role__in", ("viewer", "operator", "administrator"))),
                        name="api_key_role_known",
                    ),
                ],
            },
        ),
    ]
