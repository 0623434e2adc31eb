"""Sessions between processes: who has one, saving it, giving it to another, and never two histories of one session.

A session belongs to the process that opened or claimed it, which answers from memory and saves it every `save_seconds`.
When another process is asked for it, the owner hands it over: from then on it is shared, and every update is saved
with a compare-and-set on the number of updates before it is answered. Who comes second loads what the first saved and
applies its update to that. The sessions of a process that ended, or was not heard of for a lease, can be claimed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from weakref import WeakValueDictionary

import msgspec

from augury.errors import Conflict, NotFound, Refused, Unavailable
from augury_server.settings.sections import StreamSettings
from augury_server.streams.held_sessions import HeldSessions, OpenSession
from augury_server.streams.model_runs import ModelRuns
from augury_server.streams.records import SessionLine
from augury_server.streams.session import ModelOf, StreamSession, restored
from augury_server.streams.shared_scripts import SHARED
from augury_server.streams.shared_sessions import Claim, SaveOrder, SharedSessions
from augury_server.streams.update import BarUpdate, ValueUpdate

__all__ = ["Sharing", "moved", "not_here"]

_TRIES = 50
_ASK_SECONDS = 0.02
_LEAST_LEASE_SECONDS = 2.0
_AT_ONCE = 50
_line = msgspec.json.Decoder(SessionLine)


def not_here(session_id: str) -> NotFound:
    """The same for a session that is over, never was, or is another key's."""
    return NotFound(f"this key has no open session {session_id[:60]!r}; POST /streams opens one")


def moved(session_id: str) -> Conflict:
    """For an update that waited while its session was given away or deleted."""
    return Conflict(f"the session {session_id[:60]} has moved meanwhile; send the update again")


class Sharing:
    """Keeps the held sessions and those in Redis one. `clock` gives ns UTC."""

    def __init__(
        self, settings: StreamSettings, held: HeldSessions, shared: SharedSessions, model_of: ModelOf, runs: ModelRuns,
        clock: Callable[[], int],
    ) -> None:  # fmt: skip
        self._settings, self._held, self.shared, self._clock = settings, held, shared, clock
        self._model_of, self._runs = model_of, runs
        self._wanted: dict[str, OpenSession] = {}
        self.lease_seconds = max(5.0 * settings.save_seconds, _LEAST_LEASE_SECONDS)
        self.dirty: dict[str, OpenSession] = {}
        """Sessions with answers that Redis does not have."""
        self.superseded = 0
        self._claiming: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    # --- loading --------------------------------------------------------------------------------------------

    async def load(self, session_id: str, key_id: str) -> OpenSession:
        """A session that this process does not hold; NotFound, or Unavailable while Redis is away or it is not given.

        Another process that lives is asked for it, and has up to a lease to hand it over.
        """
        lock = self._claiming.setdefault(session_id, asyncio.Lock())
        async with lock:
            one = self._held.find(session_id, key_id)
            if one is not None:
                return one
            claim = await self._claim(session_id, key_id)
            if claim.answer == "none":
                raise not_here(session_id)
            one = OpenSession(session_id, key_id, restored(claim.snapshot, self._model_of), now_ns=self._clock())
            one.created_at_ns = _line.decode(claim.facts).created_at_ns
            self._put(one, claim)
            self._held.add(one)
            return one

    async def _claim(self, session_id: str, key_id: str) -> Claim:
        for _ in range(int((self.lease_seconds + self._settings.save_seconds) / _ASK_SECONDS)):
            claim = await self.shared.claim(session_id, key_id)
            if claim.answer != "busy":
                return claim
            await asyncio.sleep(_ASK_SECONDS)
        raise Unavailable(f"another process has the session {session_id} and does not give it; try again later")

    def _put(self, one: OpenSession, claim: Claim) -> None:
        one.shared = claim.answer == "shared"
        one.saved_updates = claim.updates
        one.saved = claim.snapshot if one.through else b""

    async def _load_again(self, one: OpenSession) -> None:
        """Take over what Redis has of a session that others have moved on."""
        claim = await self._claim(one.id, one.key_id)
        if claim.answer == "none":
            self.forget(one, "gone")
            raise not_here(one.id)
        one.session = self._again(one, claim.snapshot)
        self._put(one, claim)
        one.publish()

    # --- updates that are saved before they are answered -----------------------------------------------------

    async def update(self, one: OpenSession, given: ValueUpdate | BarUpdate) -> bytes:
        """Apply and save one update; its answer. After Unavailable it may have counted: times refuse a second go.

        The caller holds the session's lock.
        """
        if one.yielding:
            await self._yield(one)
        for _ in range(_TRIES):
            if one.dropped:
                raise moved(one.id)
            try:
                await self._runs.take(one, given, now_ns=self._clock())
            except asyncio.CancelledError:
                self._undo(one)
                raise
            if await self._saved(one):
                one.publish()
                return one.session.kept[-1][1]
        raise Conflict(f"the session {one.id} is updated by too many at once; send the update again")

    async def _saved(self, one: OpenSession) -> bool:
        """Save the update that was just applied; False when another came first, whose state is here now."""
        owner = SHARED if one.shared else self.shared.me
        order = self._order(one, owner, owner)
        try:
            (outcome,) = await self.shared.save([order])
        except BaseException:  # whatever it was, nothing is held that may not be in Redis
            self._undo(one)
            raise
        if outcome == "saved":
            one.saved_updates, one.saved = order.updates, order.snapshot
            return True
        if outcome == "gone":
            self.forget(one, "gone")
            raise not_here(one.id)
        self._undo(one)
        await self._load_again(one)
        return False

    def _undo(self, one: OpenSession) -> None:
        one.session = self._again(one, one.saved)

    def _again(self, one: OpenSession, snapshot: bytes) -> StreamSession:
        """The session made again, with the model that it has: served or not by now, it is the same version."""
        host = one.session.host
        return restored(
            snapshot, lambda name: host if host is not None and host.reference == name else self._model_of(name)
        )

    # --- saving now and then ---------------------------------------------------------------------------------

    async def save_new(self, one: OpenSession) -> None:
        """Save a session that was just opened."""
        order = self._order(one, self.shared.me, self.shared.me)
        await self.shared.save([order])
        one.saved_updates, one.saved = order.updates, order.snapshot if one.through else b""

    async def save_changed(self) -> None:
        """Save every session with answers that Redis does not have, some at a time."""
        waiting = list(self.dirty.values())
        for start in range(0, len(waiting), _AT_ONCE):
            await self._save_some([one for one in waiting[start : start + _AT_ONCE] if one.id in self.dirty])
            await asyncio.sleep(0)

    async def _save_some(self, some: list[OpenSession]) -> None:
        made = [(one, order) for one in some if (order := await self._own_order(one)) is not None]
        outcomes = await self.shared.save([order for _, order in made]) if made else []
        for (one, order), outcome in zip(made, outcomes, strict=True):
            if outcome == "saved":
                one.saved_updates = order.updates
                if one.session.updates == order.updates:
                    self.dirty.pop(one.id, None)
            else:
                self.superseded += outcome == "moved"
                self.forget(one, "gone")

    async def _own_order(self, one: OpenSession) -> SaveOrder | None:
        if one.in_midst:
            async with one.midst:
                pass
        if self.dirty.get(one.id) is not one or one.yielding:  # what is given away is saved with that
            return None
        try:
            return self._order(one, self.shared.me, self.shared.me)
        except Refused:  # its model failed in the midst of an update: what was saved before stays
            self.dirty.pop(one.id, None)
            return None

    def _order(self, one: OpenSession, expected_owner: str, owner: str) -> SaveOrder:
        return SaveOrder(
            id=one.id, key_id=one.key_id, expected_owner=expected_owner, owner=owner, updates=one.session.updates,
            expected_updates=one.saved_updates, snapshot=one.session.snapshot(), facts=msgspec.json.encode(one.line()),
        )  # fmt: skip

    def forget(self, one: OpenSession, why: str) -> None:
        """Hold a session no more."""
        self.dirty.pop(one.id, None)
        self._wanted.pop(one.id, None)
        self._held.drop(one, why)

    # --- giving --------------------------------------------------------------------------------------------

    async def beat(self) -> None:
        """Say that this process lives, and hand over what others want from it."""
        for session_id in await self.shared.alive(self.lease_seconds):
            one = self._held.find(session_id)
            if one is None:
                await self.shared.let_go(session_id)
                continue
            if not one.shared:
                one.shared = one.yielding = True  # from here on nothing is answered from memory
            self._wanted[one.id] = one
        for one in list(self._wanted.values()):
            if not one.locked:  # else the next update gives it, or the next beat: waiting here would cost the lease
                await self._give(one)

    async def give_wanted(self) -> None:
        """Hand over what others still want, however long its updates take."""
        for one in list(self._wanted.values()):
            await self._give(one)

    async def _give(self, one: OpenSession) -> None:
        async with one.lock:
            if one.yielding and not one.dropped:
                await self._yield(one)
        self._wanted.pop(one.id, None)

    async def _yield(self, one: OpenSession) -> None:
        try:
            order = self._order(one, self.shared.me, SHARED)
        except Refused:  # as above; others go on from there
            await self.shared.let_go(one.id)
            self.forget(one, "gone")
            return
        (outcome,) = await self.shared.save([order])
        one.yielding = False
        self.dirty.pop(one.id, None)
        if outcome == "saved":
            one.saved_updates, one.saved = order.updates, order.snapshot
        else:
            self.superseded += outcome == "moved"
            self.forget(one, "gone")

    async def follow(self) -> None:
        """Bring shared sessions that somebody reads here up to what other processes have done."""
        read = [one for one in self._held if one.shared and one.reading() and not one.yielding and not one.locked]
        if not read:
            return
        for one, there in zip(read, await self.shared.updates_of([one.id for one in read]), strict=True):
            if there is None:
                self.forget(one, "gone")
            elif there > one.session.updates:
                async with one.lock:
                    if not one.dropped:
                        await self._load_again(one)
