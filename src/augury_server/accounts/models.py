"""The audit trail: who did what, when, and how it ended; people, who are Django's users; keys of machines."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import User
from django.db import models

from augury.errors import Refused
from augury_server.accounts.chain import START
from augury_server.database.append_only import AppendOnly

__all__ = ["OUTCOMES", "SCOPES", "ApiKey", "AuditEntry", "AuditQuerySet", "Person"]

OUTCOMES = ("done", "refused", "failed")
"""How a recorded action may have ended: it was done, it was declined with a reason, or it broke."""

SCOPES = ("predict", "stream", "operations", "inference")
"""Parts of the API that a key may be allowed: predictions, streaming sessions, everything else, protocol v2."""

_ROLES = ("viewer", "operator", "administrator")


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    """Entries, to read: whatever would alter several of them raises Refused."""

    def update(self, **_: Any) -> int:
        """Always raises Refused."""
        AuditEntry.refuse("changed")

    def delete(self) -> tuple[int, dict[str, int]]:
        """Always raises Refused."""
        AuditEntry.refuse("deleted")

    def bulk_create(self, *_: Any, **__: Any) -> list[AuditEntry]:
        """Always raises Refused: each entry is chained to the one before, which only `record` does."""
        raise Refused("audit entries are written one at a time, by augury_server.accounts.audit.record")

    def bulk_update(self, *_: Any, **__: Any) -> int:
        """Always raises Refused."""
        AuditEntry.refuse("changed")


class AuditEntry(AppendOnly):
    """One thing that somebody did. Entries are chained by hash and cannot be changed or deleted, by triggers too.

    `at` is when it ended; `target` names what it was done to ("model:momentum@3"); `detail` is an object of JSON.
    """

    refusal = "the audit trail is append-only: an entry cannot be {what}; record another one that explains it"

    at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    action = models.CharField(max_length=100)
    target = models.CharField(max_length=300, blank=True, default="")
    outcome = models.CharField(max_length=10, choices=[(name, name) for name in OUTCOMES], default="done")
    detail = models.JSONField(default=dict, blank=True)
    previous = models.CharField(max_length=64, default=START, editable=False)
    digest = models.CharField(max_length=64, editable=False)

    objects: ClassVar[models.Manager[AuditEntry]] = AuditQuerySet.as_manager()

    class Meta:
        """Newest first; what the lists filter by is indexed; two entries cannot follow the same one."""

        ordering: ClassVar = ["-id"]
        verbose_name = "audit entry"
        verbose_name_plural = "audit entries"
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["previous"], name="audit_one_follower"),
            models.UniqueConstraint(fields=["digest"], name="audit_digest_unique"),
            models.CheckConstraint(condition=models.Q(outcome__in=OUTCOMES), name="audit_outcome_known"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["at"], name="audit_at"),
            models.Index(fields=["actor", "-id"], name="audit_actor"),
            models.Index(fields=["action", "-id"], name="audit_action"),
            models.Index(fields=["target", "action", "at"], name="audit_target"),
            models.Index(fields=["-id"], condition=~models.Q(outcome="done"), name="audit_not_done"),
        ]

    def __str__(self) -> str:
        return f"{self.action} by {self.actor}" + (f" on {self.target}" if self.target else "")


class Person(User):
    """A user of Django by the name that the pages use; the same row."""

    class Meta:
        """No table of its own; only an administrator sees it."""

        proxy = True
        verbose_name = "person"
        verbose_name_plural = "people"
        default_permissions = ("view",)


class ApiKey(models.Model):
    """A key with which a program calls the API. Of its secret only the SHA-256 is kept.

    The token is "aug_<key_id>_<secret>". Until `previous_until` the secret before the last rotation opens too.
    """

    key_id = models.CharField(max_length=16, editable=False)
    name = models.CharField(max_length=100)
    role = models.CharField(max_length=20, choices=[(name, name) for name in _ROLES], default="viewer")
    scopes = models.JSONField(default=list)
    owner = models.CharField(max_length=150)
    secret_sha256 = models.CharField(max_length=64, editable=False)
    previous_sha256 = models.CharField(max_length=64, blank=True, default="", editable=False)
    previous_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    rotated_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.CharField(max_length=150, blank=True, default="")
    reason = models.CharField(max_length=500, blank=True, default="")
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Newest first; of a name there is one key that is not revoked."""

        ordering: ClassVar = ["-id"]
        verbose_name = "API key"
        verbose_name_plural = "API keys"
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key_id"], name="api_key_id_unique"),
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(revoked_at__isnull=True), name="api_key_one_of_a_name"
            ),
            models.CheckConstraint(condition=models.Q(role__in=_ROLES), name="api_key_role_known"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["name", "-id"], name="api_key_name"),
            models.Index(fields=["role", "-id"], name="api_key_role"),
            models.Index(fields=["owner", "-id"], name="api_key_owner"),
            models.Index(fields=["-last_used_at"], name="api_key_last_used"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.key_id})"
