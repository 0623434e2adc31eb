"""The open sessions of this process and, with Redis, of all of them: opened, updated, read, listed, forgotten."""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
import time
from collections.abc import Callable

import msgspec

from augury.errors import InvalidInput, NotFound, Refused, Unavailable
from augury_server.settings.sections import RedisSettings, StreamSettings
from augury_server.streams.held_sessions import HeldSessions, OpenSession
from augury_server.streams.model_runs import ModelRuns
from augury_server.streams.records import SessionFacts, SessionLine, SessionPage, StreamHealth
from augury_server.streams.session import ModelOf, StreamSession
from augury_server.streams.shared_sessions import SharedSessions
from augury_server.streams.sharing import Sharing, moved, not_here
from augury_server.streams.snapshot import unpack
from augury_server.streams.spec import StreamSpec
from augury_server.streams.subscription import Subscription
from augury_server.streams.update import BarUpdate, ValueUpdate
from augury_server.telemetry.logs import get_log

__all__ = ["SessionStore"]

_TICK_SECONDS = 0.1
_STOP_SECONDS = 5.0
_MOST_READERS = 32
_ID = re.compile(r"st_[A-Za-z0-9_-]{24}")
_log = get_log(__name__)
_line = msgspec.json.Decoder(SessionLine)


def _no_models(name: str) -> None:
    raise NotFound(f"no model {name!r} is served here; open the session without a model")


class SessionStore:
    """Sessions belong to the API key that opened them; for others they do not exist. One event loop.

    Without Redis they live in this process and end with it. With Redis (see `sharing`) any process answers for any
    session. What a killed process had answered since its last save, at most `save_seconds` ago, is lost, of `durable`
    sessions nothing; a process that stops in order saves all first. While Redis is away the sessions in memory go on,
    but for shared and durable ones, which are Unavailable, and `health` says so. Redis itself keeps what it keeps:
    without persistence its restart loses the sessions that no process holds. `clock` gives ns UTC.
    """

    def __init__(
        self, settings: StreamSettings, *, redis: RedisSettings | None = None, model_of: ModelOf | None = None,
        clock: Callable[[], int] = time.time_ns, prefix: str = "augury:streams:", runs: ModelRuns | None = None,
    ) -> None:  # fmt: skip
        self._settings, self._clock = settings, clock
        self._model_of: ModelOf = model_of or _no_models  # type: ignore[assignment]
        self._held, self._runs = HeldSessions(), runs or ModelRuns()
        self._sharing: Sharing | None = None
        if redis is not None and redis.url is not None:
            shared = SharedSessions(redis, me=secrets.token_hex(8), idle_seconds=settings.idle_seconds, prefix=prefix)
            self._sharing = Sharing(settings, self._held, shared, self._model_of, self._runs, clock)
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()

    def __len__(self) -> int:
        return len(self._held)

    async def start(self) -> None:
        """Begin to save and to forget in the background."""
        if self._sharing is not None:
            with contextlib.suppress(Unavailable):
                await self._sharing.beat()
        self._task = asyncio.create_task(self._run(), name="stream sessions")

    async def stop(self) -> None:
        """Save what is not saved, let other processes have the sessions, end the readers."""
        self._stopping.set()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=_STOP_SECONDS)
            self._task.cancel()
            self._task = None
        self.end_readers()
        if self._sharing is not None:
            try:
                await self._sharing.give_wanted()
                await self._sharing.save_changed()
            except Unavailable as error:
                _log.error("sessions not saved", unsaved=len(self._sharing.dirty), reason=str(error))
            await self._sharing.shared.close()
        self._runs.close()

    def end_readers(self) -> None:
        """Tell everybody who follows a session that the process stops; they may come again."""
        for one in self._held:
            for reader in one.readers:
                reader.end("stopping")

    # --- what is asked -------------------------------------------------------------------------------------

    async def open(self, spec: StreamSpec, key_id: str) -> SessionFacts:
        """Open a session for a key.

        Raises InvalidInput for windows beyond `longest_window` and for `durable` without Redis, Refused when there are
        as many sessions as may be, NotFound for a model that is not served, InvalidInput for one that reads no bars.
        """
        if spec.longest > self._settings.longest_window:
            most = self._settings.longest_window
            raise InvalidInput(f"windows have at most {most} values (streams.longest_window), got {spec.longest}")
        if spec.durable and self._sharing is None:
            raise InvalidInput("durable sessions are kept in Redis, and none is configured (redis.url)")
        session = StreamSession(spec, None if spec.model is None else self._model_of(spec.model))
        await self._refuse_too_many(key_id)
        one = OpenSession(f"st_{secrets.token_urlsafe(18)}", key_id, session, now_ns=self._clock())
        if self._sharing is not None:
            try:
                await self._sharing.save_new(one)
            except Unavailable:
                if spec.durable:
                    raise
                self._sharing.dirty[one.id] = one
        self._held.add(one)
        return one.facts()

    async def _refuse_too_many(self, key_id: str) -> None:
        of_key, every = self._held.count(key_id), len(self._held)
        if self._sharing is not None:
            with contextlib.suppress(Unavailable):
                there, all_there = await self._sharing.shared.counts(key_id)
                of_key, every = max(of_key, there), max(every, all_there)
        settings = self._settings
        if of_key >= settings.sessions_per_key or every >= settings.sessions:
            raise Refused(
                f"this key has {of_key} of {settings.sessions_per_key} open sessions, all together {every} of "
                f"{settings.sessions}; delete some, or let them end after {settings.idle_seconds:g} s without updates"
            )

    async def update(self, session_id: str, key_id: str, given: ValueUpdate | BarUpdate) -> bytes:
        """Apply one update; the answer as JSON. Raises NotFound, and what `StreamSession.update` raises."""
        one = self._held.find(session_id, key_id) or await self._load(session_id, key_id)
        now_ns = self._clock()
        self._held.use(one, now_ns)
        if one.session.host is None and (self._sharing is None or not one.through):
            one.session.take(given, now_ns=now_ns)
            return self._counted(one)
        async with one.lock:
            if self._sharing is not None and one.through:  # maybe only since it waited
                return await self._sharing.update(one, given)
            return await self._predicted(one, given, now_ns)

    async def _predicted(self, one: OpenSession, given: ValueUpdate | BarUpdate, now_ns: int) -> bytes:
        """Apply an update in memory, its model at work in a thread or not."""
        before = one.session.updates
        try:
            if not one.dropped:
                await self._runs.take(one, given, now_ns=now_ns)
        finally:  # a caller that left has its update counted too
            if one.session.updates > before and not one.dropped:
                self._counted(one)
        if one.dropped:
            raise not_here(one.id) if self._sharing is None else moved(one.id)
        return one.session.kept[-1][1]

    def _counted(self, one: OpenSession) -> bytes:
        if self._sharing is not None:
            self._sharing.dirty[one.id] = one
        one.publish()
        return one.session.kept[-1][1]

    async def _load(self, session_id: str, key_id: str) -> OpenSession:
        if self._sharing is None or not _ID.fullmatch(session_id):
            raise not_here(session_id)
        return await self._sharing.load(session_id, key_id)

    async def kind(self, session_id: str, key_id: str) -> str:
        """Whether it takes "values" or "bars"."""
        one = self._held.find(session_id, key_id) or await self._load(session_id, key_id)
        return one.session.spec.kind

    async def facts(self, session_id: str, key_id: str) -> SessionFacts:
        """All about a session; of one in another process, as it was last saved."""
        one = self._held.find(session_id, key_id)
        if one is not None and not one.shared:
            return one.facts()
        if self._sharing is None or not _ID.fullmatch(session_id):
            raise not_here(session_id)
        seen = await self._sharing.shared.peek(session_id, key_id)
        if seen.answer == "none":
            raise not_here(session_id)
        saved, line = unpack(seen.snapshot), _line.decode(seen.facts)
        return SessionFacts(
            id=session_id, created_at_ns=line.created_at_ns, model=saved.model, updates=saved.updates,
            last_at_ns=saved.last_at_ns, shared=one is not None, spec=saved.spec,
            last=msgspec.Raw(saved.kept[-1][1]) if saved.kept else None,
        )  # fmt: skip

    async def page(self, key_id: str, *, after: str = "", limit: int = 100) -> SessionPage:
        """The sessions of a key by id, from the one after `after` on; Unavailable while Redis is away."""
        held = {one.id: one for one in self._held if one.key_id == key_id and not one.shared}
        ids = set(held)
        if self._sharing is not None:
            ids |= set(await self._sharing.shared.ids(key_id))
        following = sorted(one for one in ids if one > after)
        chosen = following[:limit]
        lines = {one: held[one].line() for one in chosen if one in held}
        elsewhere = [one for one in chosen if one not in held]
        if elsewhere and self._sharing is not None:
            for one, found in zip(elsewhere, await self._sharing.shared.facts(elsewhere), strict=True):
                if found is not None:
                    lines[one] = msgspec.structs.replace(_line.decode(found[1]), updates=found[0])
        return SessionPage(
            sessions=tuple(lines[one] for one in chosen if one in lines),
            next=chosen[-1] if len(following) > limit else None,
        )

    async def delete(self, session_id: str, key_id: str) -> None:
        """End a session for good; NotFound when this key has none of this id."""
        one = self._held.find(session_id, key_id)
        there = False
        if self._sharing is not None and _ID.fullmatch(session_id):
            there = await self._sharing.shared.delete(session_id, key_id, held=one is not None)
        if one is None and not there:
            raise not_here(session_id)
        if one is not None:
            self._drop(one)

    async def read(self, session_id: str, key_id: str, *, after: int | None = None, limit: int = 256) -> Subscription:
        """Read the answers as they come, from those after update `after` on as far as they are kept, or new ones.

        End it with `Subscription.end`. Raises Refused when a session has 32 readers.
        """
        one = self._held.find(session_id, key_id) or await self._load(session_id, key_id)
        if len(one.reading()) >= _MOST_READERS:
            raise Refused(f"the session {session_id} has {_MOST_READERS} readers; close one")
        one.publish()
        reader = Subscription(max(limit, one.session.spec.kept_updates))
        if after is not None:
            for update_id, answer in one.session.kept:
                if update_id > after:
                    reader.offer(update_id, answer)
        one.readers += (reader,)
        return reader

    def health(self) -> StreamHealth:
        """How the sessions are."""
        sharing = self._sharing
        problem = "" if sharing is None else sharing.shared.problem
        return StreamHealth(
            open=len(self._held), limit=self._settings.sessions,
            readers=sum(not reader.ended for one in self._held for reader in one.readers),
            redis="off" if sharing is None else "away" if problem else "up", problem=problem,
            unsaved=0 if sharing is None else len(sharing.dirty),
            superseded=0 if sharing is None else sharing.superseded,
        )  # fmt: skip

    # --- in the background -----------------------------------------------------------------------------------

    async def _run(self) -> None:
        waited = 0.0
        pause = min(_TICK_SECONDS, self._settings.save_seconds)
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._stopping.wait()
                    return
            waited += pause
            due = waited + 1e-9 >= self._settings.save_seconds
            try:
                await self.tick(save=due)
            except Exception:  # noqa: BLE001 - one bad session must not end the care for all others
                _log.exception("care for sessions failed")
            waited = 0.0 if due else waited

    async def tick(self, *, save: bool = True) -> None:
        """What the background does: hand over, save, bring up to date, forget."""
        for one in self._held.unused_since(self._clock() - int(1e9 * self._settings.idle_seconds)):
            self._drop(one)
        if self._sharing is None:
            return
        with contextlib.suppress(Unavailable):
            await self._sharing.beat()
            await self._sharing.follow()
            if save:
                await self._sharing.save_changed()

    def _drop(self, one: OpenSession) -> None:
        if self._sharing is not None:
            self._sharing.forget(one, "gone")
        else:
            self._held.drop(one, "gone")
