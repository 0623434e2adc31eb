"""An answer that was given to a request with an idempotency key, to be given again."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

__all__ = ["KeptAnswer"]


class KeptAnswer(models.Model):
    """One use of an idempotency key by one caller; `status` is NULL while the first request is being answered.

    `fingerprint` is a hash of what was asked, so that a key that is used for something else is found out. `body` is
    compressed. The answer to an administrator's verb that shows a secret once is never kept.
    """

    caller = models.CharField(max_length=64)
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    asked = models.CharField(max_length=300, blank=True, default="")
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    headers = models.JSONField(default=dict, blank=True)
    body = models.BinaryField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        """Found by caller and key, listed newest first, dropped by age."""

        verbose_name = "kept answer"
        ordering: ClassVar[list[str]] = ["-created_at"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["created_at"], name="augury_jobs_answers_newest"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["caller", "key"], name="augury_jobs_answer_once"),
        ]

    def __str__(self) -> str:
        return f"{self.asked} {self.key}"
