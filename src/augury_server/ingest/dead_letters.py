"""What was refused, kept until somebody mends, replays or dismisses it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from augury.errors import Conflict, InvalidInput, NotFound
from augury_server.ingest.models import DeadLetter

__all__ = ["Letter", "dead_letters", "dismiss_dead_letter", "open_letter", "plain_number", "record_dead_letters"]

_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Something refused: `payload` is plain JSON and says what came; `subject` is a symbol, a ticker or a file.

    Two letters of one source, kind, subject, timeframe and rule with equal `identity` are about the same record
    (None: the payload is the identity). With `recurring` a record that was replayed and is refused again is open again.
    """

    kind: str
    subject: str
    rule: str
    reason: str
    payload: Mapping[str, Any]
    timeframe: str = ""
    identity: Any = None
    recurring: bool = False

    @property
    def fingerprint(self) -> str:
        """Hash of the identity."""
        told = self.payload if self.identity is None else self.identity
        canonical = json.dumps(told, sort_keys=True, separators=(",", ":"), default=str)
        return hashlib.sha256(canonical.encode()).hexdigest()


def plain_number(value: float) -> float | str:
    """The value as JSON holds it: text where it is not finite."""
    return value if math.isfinite(value) else str(value)


def record_dead_letters(source: str, letters: Sequence[Letter], *, now: Callable[[], datetime] = timezone.now) -> int:
    """Keep what was refused; one that is known already is seen once more. Returns how many are new."""
    new = 0
    for start in range(0, len(letters), _AT_ONCE):
        with transaction.atomic():
            new += _record(source, letters[start : start + _AT_ONCE], now())
    return new


def _record(source: str, letters: Sequence[Letter], moment: datetime) -> int:
    wanted = {(one.kind, one.subject[:200], one.timeframe, one.rule, one.fingerprint): one for one in letters}
    known = {}
    rows = DeadLetter.objects.select_for_update().filter(source=source, fingerprint__in={key[4] for key in wanted})
    for row in rows.order_by("id"):
        key = (row.kind, row.subject, row.timeframe, row.rule, row.fingerprint)
        if key in wanted:
            known[key] = row
    DeadLetter.objects.filter(pk__in=[row.pk for row in known.values()]).update(
        times_seen=F("times_seen") + 1, last_seen_at=moment
    )
    for key, row in known.items():
        if wanted[key].recurring:
            state = DeadLetter.State.OPEN if row.state == DeadLetter.State.REPLAYED else row.state
            DeadLetter.objects.filter(pk=row.pk).update(
                state=state, reason=wanted[key].reason, payload=dict(wanted[key].payload)
            )
    fresh = [
        DeadLetter(
            source=source, kind=kind, subject=subject, timeframe=timeframe, rule=rule, fingerprint=fingerprint,
            reason=one.reason, payload=dict(one.payload), first_seen_at=moment, last_seen_at=moment,
        )
        for (kind, subject, timeframe, rule, fingerprint), one in wanted.items()
        if (kind, subject, timeframe, rule, fingerprint) not in known
    ]  # fmt: skip
    DeadLetter.objects.bulk_create(fresh, ignore_conflicts=True)
    return len(fresh)


def dead_letters(*, state: str | None = "open", subject: str | None = None, kind: str | None = None) -> QuerySet[Any]:
    """Dead letters, the one seen last first; of one state, subject or kind when given.

    Raises InvalidInput for a state that there is not.
    """
    found = DeadLetter.objects.order_by("-last_seen_at", "-id")
    if state is not None:
        if state not in DeadLetter.State.values:
            raise InvalidInput(f"expected a state of {', '.join(DeadLetter.State.values)}, got {state!r}")
        found = found.filter(state=state)
    if subject is not None:
        found = found.filter(subject=subject)
    return found if kind is None else found.filter(kind=kind)


def open_letter(letter_id: int) -> DeadLetter:
    """The letter, locked until the transaction ends. Raises NotFound, and Conflict when it is resolved already."""
    try:
        letter = DeadLetter.objects.select_for_update().get(pk=letter_id)
    except DeadLetter.DoesNotExist:
        raise NotFound(
            f"no dead letter has the number {letter_id}; list them with `augury ingest dead-letters`"
        ) from None
    if letter.state != DeadLetter.State.OPEN:
        raise Conflict(f"dead letter {letter_id} was {letter.state} by {letter.resolved_by or 'nobody named'} already")
    return letter


def dismiss_dead_letter(
    letter_id: int, *, by: str, reason: str, now: Callable[[], datetime] = timezone.now
) -> DeadLetter:
    """Close a letter without storing what it holds; who did it and why are kept.

    Raises InvalidInput without a reason, NotFound, and Conflict for one that is resolved already.
    """
    if not reason.strip():
        raise InvalidInput("expected a reason for dismissing a record, got none")
    with transaction.atomic():
        letter = open_letter(letter_id)
        resolve(letter, DeadLetter.State.DISMISSED, by=by, resolution=reason, moment=now())
    return letter


def resolve(letter: DeadLetter, state: str, *, by: str, resolution: str, moment: datetime) -> None:
    """Write down that a letter is settled."""
    letter.state, letter.resolved_by, letter.resolution, letter.resolved_at = state, by[:150], resolution, moment
    letter.save(update_fields=["state", "resolved_by", "resolution", "resolved_at"])
