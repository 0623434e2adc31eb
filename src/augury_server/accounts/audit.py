"""Record what somebody did."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal

from django.db import DatabaseError, InterfaceError, connection, transaction

from augury.errors import AuguryError, InvalidInput
from augury_server.accounts.actor import current_actor
from augury_server.accounts.chain import START, entry_digest
from augury_server.accounts.detail import tidy
from augury_server.accounts.head import keep_head
from augury_server.accounts.models import OUTCOMES, AuditEntry
from augury_server.telemetry.logs import get_log

__all__ = ["audited", "digest_of", "record"]

_noting: ContextVar[tuple[list[AuditEntry], ...]] = ContextVar("noting", default=())

_LOCK = 0x61756469
"""Of PostgreSQL's advisory locks: one process at a time appends. SQLite has one writer anyhow."""


def _now() -> datetime:
    return datetime.now(UTC)


def record(
    action: str,
    *,
    target: str = "",
    detail: Mapping[str, Any] | None = None,
    outcome: Literal["done", "refused", "failed"] = "done",
    by: str = "",
    now: Callable[[], datetime] = _now,
) -> AuditEntry:
    """Append an entry to the audit trail under the name `by`, or else of whoever acts in this context.

    Within a transaction the entry belongs to it: both are kept or neither is, and an error here undoes the change too,
    since a change without its record must not happen. Writers of the trail wait for one another until they commit, so
    record last. Values in `detail` whose names say password, secret, token or key are hidden; long ones are cut.
    """
    if outcome not in OUTCOMES:
        raise InvalidInput(f"an outcome is one of {', '.join(OUTCOMES)}, got {outcome!r}")
    at = now().astimezone(UTC)
    actor = by or current_actor() or "unknown"
    action, target = _short(action, 100), _short(target, 300)
    kept = tidy(detail or {})
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        last = AuditEntry.objects.order_by("-id").values_list("digest", flat=True).first()
        previous = last or START
        entry = AuditEntry(at=at, actor=_short(actor, 150), action=action, target=target, outcome=outcome, detail=kept)
        entry.previous = previous
        entry.digest = digest_of(entry)
        entry.save(force_insert=True)
        transaction.on_commit(lambda: keep_head(entry.pk, entry.digest))
    for entries in _noting.get():
        entries.append(entry)
    return entry


@contextmanager
def audited(action: str, *, target: str = "", detail: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Leave an entry for what happens within, however it ends; none is added when an action within recorded `action`.

    An AuguryError is recorded as refused, anything else that is raised as failed, both with their message.
    """
    entries: list[AuditEntry] = []
    token = _noting.set((*_noting.get(), entries))
    try:
        yield
    except BaseException as error:
        told = {**(detail or {}), "error": str(error) or type(error).__name__}
        if connection.in_atomic_block and connection.needs_rollback:
            raise  # the transaction is lost, and an entry in it would be too
        outcome: Literal["refused", "failed"] = "refused" if isinstance(error, AuguryError) else "failed"
        try:
            record(action, target=target, detail=told, outcome=outcome)
        except (AuguryError, DatabaseError, InterfaceError) as problem:  # the first error is the one to tell
            get_log(__name__).warning("what was not done could not be recorded", action=action, reason=str(problem))
        raise
    finally:
        _noting.reset(token)
    if not any(entry.action == action for entry in entries):
        record(action, target=target, detail=detail)


def digest_of(entry: AuditEntry) -> str:
    """The hash that an entry should have, from what it says and the hash that it follows."""
    parts = (entry.actor, entry.action, entry.target, entry.outcome)
    return entry_digest(entry.previous, entry.at, parts, entry.detail)


def _short(text: str, most: int) -> str:
    clean = text.replace("\0", "").encode("utf-8", "replace").decode()
    return clean if len(clean) <= most else clean[: most - 3] + "..."
