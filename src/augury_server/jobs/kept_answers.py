"""Answers to requests with an idempotency key: each is worked out once, and given again for a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import zstandard
from django.db import IntegrityError, transaction

from augury.errors import Conflict, InvalidInput
from augury_server.jobs.models import KeptAnswer

__all__ = [
    "KEPT",
    "LARGEST_BYTES",
    "Answer",
    "KeyReused",
    "Question",
    "claim_question",
    "forget_question",
    "keep_answer",
]

KEPT = timedelta(hours=24)
TAKEN_OVER = timedelta(seconds=60)
"""After so long unanswered, what may be repeated is worked out by the next request with the key."""
LARGEST_BYTES = 64 * 1024 * 1024
"""A larger answer is not kept."""


class KeyReused(InvalidInput):
    """The idempotency key was used for another request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, by whom, under which key; `repeatable`: asking again does nothing twice."""

    caller: str
    key: str
    fingerprint: str
    asked: str = ""
    repeatable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer as it was given."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def claim_question(question: Question, *, now: datetime | None = None) -> int | Answer:
    """The number of a new claim, whose owner works the answer out, or the answer that was given before.

    Raises KeyReused when the key was used for something else within a day, Conflict while its first request is being
    answered; a request that was cut off leaves its key so, unless asking again does nothing twice.
    """
    moment = now or datetime.now(UTC)
    row = KeptAnswer.objects.filter(caller=question.caller, key=question.key).first()
    if row is not None and row.created_at <= moment - KEPT:
        KeptAnswer.objects.filter(pk=row.pk, created_at=row.created_at).delete()
        row = None
    if row is None:
        try:
            with transaction.atomic():
                return KeptAnswer.objects.create(
                    caller=question.caller, key=question.key, fingerprint=question.fingerprint,
                    asked=question.asked[:300], created_at=moment, claimed_at=moment,
                ).pk  # fmt: skip
        except IntegrityError:  # another request was first
            row = KeptAnswer.objects.get(caller=question.caller, key=question.key)
    if row.fingerprint != question.fingerprint:
        raise KeyReused(
            f"the idempotency key {question.key!r} was used for another request ({row.asked}); take a new key"
        )
    if row.status is not None:
        body = b"" if row.body is None else zstandard.decompress(bytes(row.body), max_output_size=LARGEST_BYTES)
        return Answer(status=row.status, headers=row.headers, body=body)
    if question.repeatable and row.claimed_at <= moment - TAKEN_OVER:
        waiting = KeptAnswer.objects.filter(pk=row.pk, status=None, claimed_at=row.claimed_at)
        if waiting.update(claimed_at=moment):
            return row.pk
    raise Conflict(
        f"the first request with the idempotency key {question.key!r} is being answered, or was cut off; "
        "ask again in a moment, and if that lasts look whether it was done before taking a new key"
    )


def keep_answer(claim: int, answer: Answer) -> None:
    """Keep what was answered; one that is too large is forgotten, and its key with it."""
    if len(answer.body) > LARGEST_BYTES:
        forget_question(claim)
        return
    KeptAnswer.objects.filter(pk=claim, status=None).update(
        status=answer.status, headers=dict(answer.headers), body=zstandard.compress(answer.body, 3)
    )


def forget_question(claim: int) -> None:
    """Let the key go: nothing was done, so that it may be used again."""
    KeptAnswer.objects.filter(pk=claim, status=None).delete()
