"""The audit trail, append-only by triggers, and people as a view of Django's users."""

from __future__ import annotations

from typing import ClassVar

import django.contrib.auth.models
from django.db import migrations, models

from augury_server.accounts.triggers import make_append_only


class Migration(migrations.Migration):
    """Create the table and its triggers."""

    initial = True

    dependencies: ClassVar = [("auth", "0012_alter_user_first_name_max_length")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("actor", models.CharField(max_length=150)),
                ("action", models.CharField(max_length=100)),
                ("target", models.CharField(blank=True, default="", max_length=300)),
                (
                    "outcome",
                    models.CharField(
                        choices=[("done", "done"), ("refused", "refused"), ("failed", "failed")],
                        default="done",
                        max_length=10,
                    ),
                ),
                ("detail", models.JSONField(blank=True, default=dict)),
                (
                    "previous",
                    models.CharField(
                        default="0000000000000000000000000000000000000000000000000000000000000000",
                        editable=False,
                        max_length=64,
                    ),
                ),
                ("digest", models.CharField(editable=False, max_length=64)),
            ],
            options={
                "verbose_name": "audit entry",
                "verbose_name_plural": "audit entries",
                "ordering": ["-id"],
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(fields=["at"], name="audit_at"),
                    models.Index(fields=["actor", "-id"], name="audit_actor"),
                    models.Index(fields=["action", "-id"], name="audit_action"),
                    models.Index(fields=["target", "action", "at"], name="audit_target"),
                    models.Index(
                        condition=models.Q(("outcome", "done"), _negated=True), fields=["-id"], name="audit_not_done"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("previous",), name="audit_one_follower"),
                    models.UniqueConstraint(fields=("digest",), name="audit_digest_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("outcome__in", ("done", "refused", "failed"))), name="audit_outcome_known"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Person",
            fields=[],
            options={
                "verbose_name": "person",
                "verbose_name_plural": "people",
                "proxy": True,
                "default_permissions": ("view",),
                "indexes": [],
                "constraints": [],
            },
            bases=("auth.user",),
            managers=[("objects", django.contrib.auth.models.UserManager())],
        ),
        migrations.RunPython(make_append_only, migrations.RunPython.noop),
    ]
