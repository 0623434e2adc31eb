"""Whether the audit trail is whole: every entry as it was written, none missing, the triggers in place."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from augury_server.accounts.audit import digest_of
from augury_server.accounts.chain import START
from augury_server.accounts.head import kept_head
from augury_server.accounts.models import AuditEntry
from augury_server.accounts.triggers import missing_triggers

__all__ = ["MOST_PROBLEMS", "TrailVerdict", "verify_trail"]

MOST_PROBLEMS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailVerdict:
    """What was found: `problems` says each in a sentence, at most `MOST_PROBLEMS`; none means that all is well."""

    entries: int
    last: str
    problems: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether nothing was found."""
        return not self.problems


def verify_trail() -> TrailVerdict:
    """Read the whole trail in order and recompute its chain; memory stays flat however long it is.

    Entries cut off the end are missed when this machine had seen them: `accounts.head` says how.
    """
    problems = [
        f"the trigger {name} is missing or off: entries can be altered" for name in missing_triggers(connection)
    ]
    previous, entries, found = START, 0, False
    head = kept_head()
    for entry in AuditEntry.objects.order_by("id").iterator(chunk_size=2000):
        entries += 1
        if entry.previous != previous:
            problems.append(f"before entry {entry.pk} ({entry.at:%Y-%m-%d %H:%M:%S}) entries are missing or altered")
        if digest_of(entry) != entry.digest:
            problems.append(f"entry {entry.pk} ({entry.at:%Y-%m-%d %H:%M:%S}) was altered after it was written")
        previous = entry.digest
        found = found or (head is not None and head == (entry.pk, entry.digest))
    if head is not None and not found:
        problems.append(f"entry {head[0]}, which this machine has seen, is not there as it was: the end was cut off")
    return TrailVerdict(entries=entries, last=previous, problems=tuple(problems[:MOST_PROBLEMS]))
