"""Which tags were invalidated when: the database is the truth, every process holds a view that is at most a bound old.

Each invalidation takes the next number of one count, in the transaction that changes the data; an entry carries the
number that was reached when its computation began (its fence). It is valid while no tag of it was invalidated later.
Redis never decides: it only tells readers that there is something new to look for.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db import transaction
from django.db.models import F

from augury.errors import Unavailable
from augury_server.caching.borrowed import AWAY, borrowed_connection, in_transaction
from augury_server.caching.breaker import Breaker
from augury_server.caching.models import CacheClock, CacheTag

__all__ = ["Invalidations", "View", "after_commit", "new_lineage", "own_invalidations", "record_invalidation"]

_CLOCK = 1


@dataclass(slots=True)
class View:
    """What a process knows: all invalidations of the count `lineage` up to `seen`, and maybe some later ones."""

    lineage: str = ""
    seen: int = 0
    last: dict[str, int] = field(default_factory=dict)
    top: int = 0

    def note(self, tag: str, sequence: int) -> None:
        """Take note of an invalidation."""
        self.last[tag] = max(self.last.get(tag, 0), sequence)
        self.top = max(self.top, sequence)

    def newest(self, tags: Iterable[str]) -> int:
        """The latest number at which one of the tags was invalidated, by this thread's transaction too; 0 for never."""
        last, own = self.last, own_invalidations()
        if own:
            return max((max(last.get(tag, 0), own.get(tag, 0)) for tag in tags), default=0)
        return max((last.get(tag, 0) for tag in tags), default=0)

    def valid(self, fence: int, tags: Iterable[str]) -> bool:
        """Whether none of the tags was invalidated after the count had reached `fence`."""
        if fence >= self.top and not own_invalidations():
            return True
        return fence >= self.newest(tags)


class _Own(threading.local):
    """What the transaction that this thread is in has invalidated itself, as only it knows yet."""

    def __init__(self) -> None:
        self.tags: dict[str, int] = {}


_own = _Own()


def own_invalidations() -> dict[str, int]:
    """Tags and numbers of this thread's transaction; empty when it is over, one way or the other."""
    if _own.tags and not in_transaction():
        _own.tags = {}
    return _own.tags


class Invalidations:
    """The view of one process, looked up anew when it is older than `check_seconds` (the bound).

    `ticks` is a monotonic clock. `changed` is called when the count itself was replaced and nothing known holds.
    """

    def __init__(
        self,
        *,
        check_seconds: float,
        breaker: Breaker,
        changed: Callable[[], None],
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._check_seconds, self._breaker, self._changed, self._ticks = check_seconds, breaker, changed, ticks
        self._lock = threading.Lock()
        self._checked_at = float("-inf")
        self.view = View()

    def current(self) -> View | None:
        """The view, not older than the bound; None when the database could not be asked."""
        if self._ticks() - self._checked_at < self._check_seconds:
            return self.view
        with self._lock:
            if self._ticks() - self._checked_at < self._check_seconds:
                return self.view
            return self.view if self._look() else None

    def refreshed(self) -> View | None:
        """The view as of now; None when the database could not be asked."""
        with self._lock:
            return self.view if self._look() else None

    def distrust(self) -> None:
        """Believe nothing before the database was asked again."""
        self._checked_at = float("-inf")

    def _look(self) -> bool:
        """Ask the database. What this thread's own transaction did stays with the thread: it may be rolled back."""
        if not self._breaker.allows():
            return False
        asked_at, known = self._ticks(), self.view
        try:
            with borrowed_connection():
                lineage, sequence = _clock_row()
                after = known.seen if lineage == known.lineage else -1
                rows: Sequence[tuple[str, int]] = ()
                if sequence > after:
                    rows = list(CacheTag.objects.filter(sequence__gt=after).values_list("tag", "sequence"))
        except AWAY:
            self._breaker.failed()
            return False
        self._breaker.succeeded()
        own = own_invalidations()
        if own:
            own.update(rows)
            return lineage == known.lineage
        if lineage != known.lineage:
            self.view = _view_of(lineage, sequence, rows)
            self._changed()
        elif sequence < known.seen:
            return self._begin_anew(asked_at)
        else:
            for tag, number in rows:
                known.note(tag, number)
            known.seen = sequence
        self._checked_at = asked_at
        return True

    def _begin_anew(self, asked_at: float) -> bool:
        """The count went back, so the database was replaced by an older state: believe no entry from before."""
        if in_transaction():  # perhaps it only sees an older state
            return False
        try:
            new_lineage()
            with borrowed_connection():
                lineage, sequence = _clock_row()
                rows = list(CacheTag.objects.values_list("tag", "sequence"))
        except (Unavailable, *AWAY):
            return False
        self.view, self._checked_at = _view_of(lineage, sequence, rows), asked_at
        self._changed()
        return True


def _view_of(lineage: str, seen: int, rows: Iterable[tuple[str, int]]) -> View:
    view = View(lineage=lineage, seen=seen)
    for tag, number in rows:
        view.note(tag, number)
    return view


def record_invalidation(tags: Sequence[str]) -> int:
    """Give the tags the next number of the count, within the caller's transaction if there is one.

    The count's row stays locked until the end of the transaction, so that numbers are committed in their order. Raises
    Unavailable when the database does not answer: then nothing was invalidated.
    """
    now = datetime.now(UTC)
    try:
        with borrowed_connection(), transaction.atomic():
            _clock_row()
            CacheClock.objects.filter(pk=_CLOCK).update(sequence=F("sequence") + 1)
            sequence = CacheClock.objects.values_list("sequence", flat=True).get(pk=_CLOCK)
            CacheTag.objects.bulk_create(
                [CacheTag(tag=tag, sequence=sequence, changed_at=now) for tag in sorted(set(tags))],
                batch_size=500,
                update_conflicts=True,
                unique_fields=["tag"],
                update_fields=["sequence", "changed_at"],
            )
    except AWAY as error:
        raise Unavailable(f"nothing was invalidated, the database does not answer: {error}; try again") from error
    if in_transaction():
        _own.tags = {**own_invalidations(), **dict.fromkeys(tags, sequence)}
    return int(sequence)


def new_lineage() -> str:
    """Begin a new count, so that no entry of any tier is believed again; its name.

    For a database that was restored from a backup. Raises Unavailable when the database does not answer.
    """
    lineage = uuid.uuid4().hex[:12]
    try:
        with borrowed_connection(), transaction.atomic():
            _clock_row()
            CacheClock.objects.filter(pk=_CLOCK).update(lineage=lineage)
    except AWAY as error:
        raise Unavailable(f"the cache was not begun anew, the database does not answer: {error}; try again") from error
    return lineage


def _clock_row() -> tuple[str, int]:
    found = CacheClock.objects.filter(pk=_CLOCK).values_list("lineage", "sequence").first()
    if found is None:
        CacheClock.objects.bulk_create([CacheClock(id=_CLOCK, lineage=uuid.uuid4().hex[:12])], ignore_conflicts=True)
        found = CacheClock.objects.values_list("lineage", "sequence").get(pk=_CLOCK)
    return found


def after_commit(work: Callable[[], object]) -> None:
    """Do something when the caller's transaction is committed, at once when there is none; not after a rollback."""
    if in_transaction():
        transaction.on_commit(work)
    else:
        work()
