"""Submit an operation to be run as a job."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import IntegrityError, transaction

from augury.errors import InvalidInput
from augury_server.accounts.actor import current_actor
from augury_server.jobs.messages import send_job
from augury_server.jobs.models import Job, JobEvent
from augury_server.jobs.operations import runnable_operation
from augury_server.settings import current_settings

__all__ = ["Terms", "submit"]

QUEUE_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """When and how a job is run. None means: at once, and as the settings of jobs say."""

    run_at: datetime | None = None
    queue: str = "default"
    max_attempts: int | None = None
    timeout_seconds: float | None = None

    def __post_init__(self) -> None:
        if not QUEUE_NAME.fullmatch(self.queue):
            raise InvalidInput(
                f"a queue's name is a small letter, then up to 39 small letters, digits and hyphens; got {self.queue!r}"
            )
        if self.run_at is not None and self.run_at.tzinfo is None:
            raise InvalidInput(f"run_at needs a time zone, got {self.run_at!r}; use for instance datetime.now(UTC)")
        if self.max_attempts is not None and not 1 <= self.max_attempts <= 1000:
            raise InvalidInput(f"max_attempts should be 1 to 1,000, got {self.max_attempts}")
        if self.timeout_seconds is not None and not 0 < self.timeout_seconds <= 30 * 86_400:
            raise InvalidInput(f"timeout_seconds should be above 0 and at most 30 days, got {self.timeout_seconds}")


def submit(
    operation: str,
    options: Mapping[str, Any],
    *,
    by: str = "",
    key: str | None = None,
    terms: Terms | None = None,
) -> Job:
    """Queue an operation with its options; a worker runs it once, whatever happens to messages and workers.

    `key` makes submitting idempotent: the same key gives the same row, with its first options. The message is sent
    when the transaction commits; when the broker is away the row waits and the message is sent later. Without `by` the
    job belongs to the current actor. Raises NotFound for an unknown operation, Refused for an administrator's, which is
    not run in another's name, InvalidInput for options that the operation refuses.
    """
    if key is not None:
        if not 1 <= len(key) <= 200:
            raise InvalidInput(f"a key has 1 to 200 characters, got {len(key)}")
        known = Job.objects.filter(key=key).first()
        if known is not None:
            return known
    job = _row(operation, canonical_options(operation, options), by or current_actor(), key, terms or Terms())
    try:
        with transaction.atomic():
            job.save(force_insert=True)
            JobEvent.objects.create(job=job, at=job.created_at, event="queued", by=job.by)
            if job.sent_at is not None:
                transaction.on_commit(lambda: send_job(job.pk, job.queue), robust=True)
    except IntegrityError:
        if key is None:
            raise
        return Job.objects.get(key=key)
    return job


def canonical_options(operation: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options as the operation's spec has them, every one present, checked, as plain JSON values."""
    entry = runnable_operation(operation)
    if not isinstance(options, Mapping):
        raise InvalidInput(f"options of {operation} should be a mapping of names to values, got {options!r:.80}")
    spec = entry.spec_type.from_dict(options)
    plain: dict[str, Any] = json.loads(json.dumps(spec.to_dict(), sort_keys=True, allow_nan=False))
    return plain


def _row(operation: str, options: dict[str, Any], by: str, key: str | None, terms: Terms) -> Job:
    settings = current_settings().jobs
    now = datetime.now(UTC)
    due = terms.run_at or now
    return Job(
        operation=operation,
        options=options,
        by=by,
        key=key,
        queue=terms.queue,
        max_attempts=terms.max_attempts or settings.max_attempts,
        timeout_seconds=terms.timeout_seconds or settings.timeout_seconds,
        run_at=due,
        sent_at=now if due <= now else None,
        created_at=now,
    )
