"""The states of a job and the only ways between them: each a conditional UPDATE with its line of history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from augury_server.jobs.models import Job, JobEvent, State

__all__ = ["MOVES", "Move", "Note", "make_move", "write_event"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """From which states a job may come, and to which it goes."""

    before: tuple[str, ...]
    after: str


MOVES: Mapping[str, Move] = {
    "claimed": Move(before=(State.QUEUED,), after=State.RUNNING),
    "succeeded": Move(before=(State.RUNNING,), after=State.SUCCEEDED),
    "failed": Move(before=(State.RUNNING,), after=State.FAILED),
    "put back": Move(before=(State.RUNNING,), after=State.QUEUED),
    "released": Move(before=(State.RUNNING,), after=State.QUEUED),
    "lost": Move(before=(State.RUNNING,), after=State.QUEUED),
    "given up": Move(before=(State.RUNNING,), after=State.FAILED),
    "stopped": Move(before=(State.RUNNING,), after=State.CANCELLED),
    "cancelled": Move(before=(State.QUEUED,), after=State.CANCELLED),
    "asked again": Move(before=(State.FAILED, State.CANCELLED), after=State.QUEUED),
}
"""Every way from one state to another, by the name that it has in the history."""

_LEAVING = {"lease_until": None, "cancel_requested": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What the history says beside the move: when, in which worker, by whom and why."""

    at: datetime
    worker: str = ""
    by: str = ""
    text: str = ""


def make_move(name: str, job_id: UUID, note: Note, *, where: Mapping[str, Any], changes: Mapping[str, Any]) -> bool:
    """Move a job if it is in a state that the move starts from and `where` holds; False when it is not.

    The row and its history change together, or neither does.
    """
    move = MOVES[name]
    values: dict[str, Any] = dict(changes) | {"state": move.after}
    if move.before == (State.RUNNING,):
        values |= _LEAVING
    with transaction.atomic():
        if not Job.objects.filter(pk=job_id, state__in=move.before, **where).update(**values):
            return False
        write_event(name, job_id, note)
    return True


def write_event(name: str, job_id: UUID, note: Note) -> None:
    """Add a line to a job's history, with the attempt that its row is at."""
    attempt = Job.objects.values_list("attempts", flat=True).get(pk=job_id)
    JobEvent.objects.create(
        job_id=job_id, at=note.at, event=name, attempt=attempt, worker=note.worker, by=note.by, text=note.text
    )
