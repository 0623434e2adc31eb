"""The sessions that this process holds, by id, with who made them and when they were last used."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Iterator

import msgspec

from augury_server.streams.records import SessionFacts, SessionLine
from augury_server.streams.session import StreamSession
from augury_server.streams.subscription import Subscription

__all__ = ["HeldSessions", "OpenSession"]


class OpenSession:
    """A session at work in this process, with its place in Redis and its readers."""

    __slots__ = ("_lock", "_midst", "created_at_ns", "dropped", "id", "key_id", "published", "readers", "saved",
                 "saved_updates", "session", "shared", "used_at_ns", "yielding")  # fmt: skip

    def __init__(self, session_id: str, key_id: str, session: StreamSession, *, now_ns: int) -> None:
        self.id, self.key_id, self.session = session_id, key_id, session
        self.created_at_ns = self.used_at_ns = now_ns
        self.saved_updates, self.saved = 0, b""
        self.shared = self.yielding = self.dropped = False
        self.readers: tuple[Subscription, ...] = ()
        self.published = session.updates
        self._lock: asyncio.Lock | None = None
        self._midst: asyncio.Lock | None = None

    @property
    def through(self) -> bool:
        """Whether each update is saved before it is answered."""
        return self.shared or self.session.spec.durable

    @property
    def lock(self) -> asyncio.Lock:
        """Held while an update waits for its model or is on its way to Redis; who waits comes in order."""
        if self._lock is None:
            self._lock = asyncio.Lock()
        return self._lock

    @property
    def locked(self) -> bool:
        """Whether somebody holds its lock."""
        return self._lock is not None and self._lock.locked()

    @property
    def midst(self) -> asyncio.Lock:
        """Held while its model runs in a thread, which is never long: no snapshot can be taken then."""
        if self._midst is None:
            self._midst = asyncio.Lock()
        return self._midst

    @property
    def in_midst(self) -> bool:
        """Whether its model runs in a thread."""
        return self._midst is not None and self._midst.locked()

    def reading(self) -> tuple[Subscription, ...]:
        """The readers that have not ended; the others are forgotten."""
        if any(reader.ended for reader in self.readers):
            self.readers = tuple(reader for reader in self.readers if not reader.ended)
        return self.readers

    def publish(self) -> None:
        """Give the readers the answers that they have not had."""
        session = self.session
        if self.readers:
            fresh = session.updates - self.published
            for update_id, answer in list(session.kept)[-fresh:] if fresh > 0 else ():
                for reader in self.readers:
                    reader.offer(update_id, answer)
            self.reading()
        self.published = session.updates

    def line(self) -> SessionLine:
        """This session in a list."""
        spec = self.session.spec
        return SessionLine(
            id=self.id, name=spec.name, kind=spec.kind, model=self.session.model, created_at_ns=self.created_at_ns,
            updates=self.session.updates,
        )  # fmt: skip

    def facts(self) -> SessionFacts:
        """All about this session."""
        session = self.session
        return SessionFacts(
            id=self.id, created_at_ns=self.created_at_ns, model=session.model, updates=session.updates,
            last_at_ns=session.last_at_ns, shared=self.shared, spec=session.spec.to_dict(),
            last=msgspec.Raw(session.kept[-1][1]) if session.kept else None,
        )  # fmt: skip


class HeldSessions:
    """Sessions from the longest unused to the last used."""

    def __init__(self) -> None:
        self._by_id: OrderedDict[str, OpenSession] = OrderedDict()
        self._of_key: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[OpenSession]:
        return iter(list(self._by_id.values()))

    def count(self, key_id: str) -> int:
        """How many this key made."""
        return self._of_key[key_id]

    def add(self, one: OpenSession) -> None:
        """Hold one more."""
        self._by_id[one.id] = one
        self._of_key[one.key_id] += 1

    def find(self, session_id: str, key_id: str | None = None) -> OpenSession | None:
        """The session, if it is held and this key made it."""
        one = self._by_id.get(session_id)
        return None if one is None or (key_id is not None and one.key_id != key_id) else one

    def use(self, one: OpenSession, now_ns: int) -> None:
        """It was used."""
        one.used_at_ns = now_ns
        self._by_id.move_to_end(one.id)

    def drop(self, one: OpenSession, why: str) -> None:
        """Hold it no more; its readers are told why."""
        if self._by_id.get(one.id) is not one:
            return
        del self._by_id[one.id]
        self._of_key[one.key_id] -= 1
        if not self._of_key[one.key_id]:
            del self._of_key[one.key_id]
        one.dropped = True
        for reader in one.readers:
            reader.end(why)
        one.readers = ()

    def unused_since(self, before_ns: int) -> list[OpenSession]:
        """Those that were last used before that."""
        found = []
        for one in self._by_id.values():
            if one.used_at_ns >= before_ns:
                break
            found.append(one)
        return found
