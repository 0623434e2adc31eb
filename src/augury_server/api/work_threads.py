"""Work with the database from asynchronous routes: in few threads, as whoever calls, giving connections back."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ParamSpec, TypeVar

from django.db import connections

from augury.errors import Unavailable
from augury_server.api.problems import ProblemError

__all__ = ["OPERATIONS", "WorkThreads", "end_work", "in_database", "run_work"]

Parameters = ParamSpec("Parameters")
Given = TypeVar("Given")


@dataclass(slots=True)
class _Line:
    """What one caller has under way: so many at work, and those that wait for their turn."""

    at_work: int = 0
    waiting: deque[tuple[Future[Any], Callable[[], Any]]] = field(default_factory=deque)


class WorkThreads:
    """A bounded number of threads, made when there is work, and of callers that wait for one.

    A caller that is named has at most `each` works at once in the threads (0: as many as there are), and at most
    `each_waiting` that wait, so that others come to their turn.
    """

    def __init__(self, name: str, *, threads: int, waiting: int, each: int = 0, each_waiting: int = 0) -> None:
        self._name, self._threads, self._most = name, threads, threads + waiting
        self._each, self._each_waiting = each, each_waiting
        self._executor: ThreadPoolExecutor | None = None
        self._under_way = 0
        self._lines: dict[str, _Line] = {}
        self._lock = threading.RLock()

    async def run(self, work: Callable[[], Given], caller: str = "") -> Given:
        """What `work` returns, done in one of the threads under the context of the caller.

        Raises Unavailable when too many wait already, a problem with status 429 when too many of this caller do, and
        what `work` raises.
        """
        promise: Future[Given] = Future()
        inside = partial(contextvars.copy_context().run, _unless_given_up, promise, work)
        with self._lock:
            self._demand_room(caller)
            self._under_way += 1
            self._lines.setdefault(caller, _Line()).waiting.append((promise, inside))
            self._begin(caller)
        return await asyncio.wrap_future(promise)

    def end(self) -> None:
        """Wait for what is under way and end the threads; later work makes new ones."""
        while True:  # what waits for its turn gets it in new threads
            with self._lock:
                threads, self._executor = self._executor, None
            if threads is None:
                return
            threads.shutdown(wait=True)

    def _demand_room(self, caller: str) -> None:
        line = self._lines.get(caller)
        if line is not None and self._each and caller and len(line.waiting) >= self._each_waiting:
            raise ProblemError(
                "too-many-requests",
                f"{line.at_work} operations of this key are at work and {len(line.waiting)} wait; let some end first",
                {"retry-after": "1"},
            )
        if self._under_way >= self._most:
            raise Unavailable(f"{self._under_way} requests are under way, more would only wait; ask again in a moment")

    def _begin(self, caller: str) -> None:
        """Give a caller's works to the threads, as many as it may have there; under the lock."""
        line = self._lines[caller]
        while line.waiting and (not self._each or not caller or line.at_work < self._each):
            if self._executor is None:
                self._executor = ThreadPoolExecutor(self._threads, thread_name_prefix=f"augury-{self._name}")
            promise, inside = line.waiting.popleft()
            line.at_work += 1
            self._executor.submit(inside).add_done_callback(partial(self._ended, caller, promise))

    def _ended(self, caller: str, promise: Future[Any], done: Future[Any]) -> None:
        """A thread is through with a work: only now, even if whoever asked went away, the next one gets its turn."""
        with self._lock:
            line = self._lines[caller]
            self._under_way -= 1
            line.at_work -= 1
            self._begin(caller)
            if not line.at_work:
                self._lines.pop(caller, None)
        if promise.cancelled():
            return
        error = done.exception()
        if error is None:
            promise.set_result(done.result())
        else:
            promise.set_exception(error)


def _unless_given_up(promise: Future[Given], work: Callable[[], Given]) -> Given | None:
    return _with_connections_given_back(work) if promise.set_running_or_notify_cancel() else None


def _with_connections_given_back(work: Callable[[], Given]) -> Given:
    try:
        return work()
    finally:
        connections.close_all()


OPERATIONS = WorkThreads("operations", threads=4, waiting=64, each=2, each_waiting=16)
"""Where operations run; a slow one keeps its thread, and rows are looked up in others."""
_REMEDIES = WorkThreads("remedies", threads=2, waiting=32, each=1, each_waiting=8)
"""Where runs what ends trouble, however long operations take."""
_LOOKS = WorkThreads("looks", threads=4, waiting=512)


async def run_work(operation: str, caller: str, work: Callable[[], Given]) -> Given:
    """Run an operation of that name for a caller; those on keys, and stopping a job or a person, wait for no others.

    Raises as `WorkThreads.run` does.
    """
    remedy = operation.startswith("keys.") or operation in ("jobs.cancel", "accounts.disable")
    return await (_REMEDIES if remedy else OPERATIONS).run(work, caller)


async def in_database(
    function: Callable[Parameters, Given], *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Given:
    """Call a quick function that uses models without holding up the event loop; raises as `WorkThreads.run` does."""
    return await _LOOKS.run(partial(function, *args, **kwargs))


def end_work() -> None:
    """End the threads of every kind."""
    OPERATIONS.end()
    _REMEDIES.end()
    _LOOKS.end()
