"""Running the models of sessions from an event loop: quick ones at once, slow ones in threads, never two in one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from weakref import WeakKeyDictionary

from augury_server.streams.forecasting import StreamModel
from augury_server.streams.held_sessions import OpenSession
from augury_server.streams.update import BarUpdate, Forecast, ValueUpdate

__all__ = ["ModelRuns"]

_BREATH_US = 2_000.0
"""After so much of models' work on the event loop others have a turn, however many lines of a request wait."""

_FORGETTING = 0.1

T = TypeVar("T")


class ModelRuns:
    """Applies updates to sessions with and without models; of one event loop.

    A model that takes more than `inline_us` microseconds runs in one of `threads` threads: by the pace that its host
    measured, or by the processor time that its updates took of late, whichever is longer. Only the model's part is done
    there; what is refused and what an update changes is decided on the loop, so that others see a session before an
    update or after it. `cpu_ns` tells a thread's processor time.
    """

    def __init__(
        self, *, inline_us: float = 500.0, threads: int = 2, cpu_ns: Callable[[], int] = time.thread_time_ns
    ) -> None:
        self._inline_us, self._threads, self._cpu_ns = inline_us, threads, cpu_ns
        self._slots = asyncio.Semaphore(threads)
        self._pool: ThreadPoolExecutor | None = None
        self._usual_us: WeakKeyDictionary[StreamModel, float] = WeakKeyDictionary()
        self._since_breath_us = 0.0

    async def take(self, one: OpenSession, given: ValueUpdate | BarUpdate, *, now_ns: int) -> None:
        """Apply one update; the caller holds `one.lock` if the session has a model. Raises as `StreamSession.take`.

        A caller that is cancelled while the model runs gets its CancelledError when the update is in: a model is never
        left in the midst of one.
        """
        session = one.session
        model = session.host
        if model is None:
            session.take(given, now_ns=now_ns)
            return
        expected_us = max(model.pace.row_us, self._usual_us.get(model, 0.0))
        if expected_us > self._inline_us:
            async with self._slots, one.midst:
                await self._in_thread(one, model, given, now_ns)
            return
        self._since_breath_us += expected_us
        if self._since_breath_us > _BREATH_US:
            self._since_breath_us = 0.0
            await asyncio.sleep(0)
        begun = session.begin(given, now_ns=now_ns)
        session.finish(begun, self._timed(lambda: session.forecast(begun), model))

    def close(self) -> None:
        """End the threads, after what they have begun."""
        if self._pool is not None:
            self._pool.shutdown(wait=False)
            self._pool = None

    async def _in_thread(
        self, one: OpenSession, model: StreamModel, given: ValueUpdate | BarUpdate, now_ns: int
    ) -> None:
        session = one.session
        begun = session.begin(given, now_ns=now_ns)
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="stream models")
        loop = asyncio.get_running_loop()
        running: asyncio.Future[Forecast | None] = loop.run_in_executor(
            self._pool, self._timed, lambda: session.forecast(begun), model
        )
        stopped: asyncio.CancelledError | None = None
        while not running.done():
            try:
                await asyncio.wait({running})
            except asyncio.CancelledError as error:
                stopped = error
        session.finish(begun, running.result())
        if stopped is not None:
            raise stopped

    def _timed(self, work: Callable[[], T], model: StreamModel) -> T:
        started = self._cpu_ns()
        found = work()
        took_us = (self._cpu_ns() - started) / 1e3
        usual = self._usual_us.get(model, took_us)
        self._usual_us[model] = usual + _FORGETTING * (took_us - usual)
        return found
