"""Running models from an event loop: at once, in a thread, or several waiting rows together where that pays."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from augury_server.serving.hosted import HostedModel
from augury_server.serving.one_row import Said
from augury_server.serving.served_predictor import Feeds

__all__ = ["INLINE_US", "SLOWER", "SPARED_US", "Runner"]

INLINE_US = 500.0
"""What takes at most so long runs on the event loop: handing it to a thread and back costs some 60 us of processor time
and the loop's attention, and half a millisecond delays others less than that is worth."""

SLOWER = 1.5
"""Rows wait for one another unless a row of 64 takes so many times as long as one alone. That it may seem a little
longer is no reason: warming runs one row again and again, its graph at hand in the processor's cache, which it is not
between other work."""

BUSY = 6.0
"""So many askers in a turn of the loop make waiting pay: a future and its wake-up cost what 4 rows together save, while
16 together take a quarter to a third less processor time each than alone (trees of 100 to 1,000 rounds)."""

SPARED_US = 40.0
"""Processor time that a request spares when it is answered in the turn it came and waits for no others: a task, a
future and their wake-ups. What waiting spares in return is a row's time alone less its time together."""

_FORGETTING = 0.25
_LONGEST_RUN_US = 50_000.0
"""Waiting rows are run in portions of about so long at most, so that a run does not hold up those that come later."""

Value = TypeVar("Value")


@dataclass(slots=True)
class _Waiting:
    """Rows of one model version that wait to be run together."""

    rows: list[tuple[Feeds, asyncio.Future[Said]]]
    under_way: bool = False


class Runner:
    """Decides how each piece of work is run, by what warming measured. Of one event loop; every method is called there.

    Rows wait for one another only where a row has the same bits alone and in a batch, and where it pays: while several
    askers come in a turn of the loop, or while the model runs in a thread anyway. Nobody waits for a clock: rows that
    arrive within one turn, or while a batch of their model runs in a thread, go together.
    """

    def __init__(self, *, batch_rows: int, threads: int = 2) -> None:
        self._batch_rows = batch_rows
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="models")
        self._waiting: WeakKeyDictionary[HostedModel, _Waiting] = WeakKeyDictionary()
        self._arrived = 0
        self._usual = 0.0  # askers in a turn of the loop, of late
        self.batches = 0
        self.batched_rows = 0

    def batches_pay(self, model: HostedModel) -> bool:
        """Whether rows of a model may wait for one another when there are many."""
        pace = model.pace
        return self._batch_rows > 1 and model.predictor.together_is_exact and pace.together_us < SLOWER * pace.row_us

    def quick(self, model: HostedModel) -> bool:
        """Whether a row that has just come is simply run, here and now; call it once for each."""
        if model.pace.row_us > INLINE_US:
            return False
        if not self.batches_pay(model):
            return True
        if not self._arrived:
            asyncio.get_running_loop().call_soon(self._turn)
        self._arrived += 1
        return self._usual < BUSY

    def quick_alone(self, model: HostedModel) -> bool:
        """`quick` for who has nothing else to wait for: only what spares more than `SPARED_US` is worth a wait.

        Who is told no asks `quick` next, which counts it.
        """
        pace = model.pace
        if pace.row_us <= INLINE_US and pace.row_us - pace.together_us < SPARED_US:
            return True
        return self._usual < BUSY and self.quick(model)

    async def run(self, work: Callable[[], Value], expected_us: float) -> Value:
        """The result of some work: here and now when it is quick, else in a thread."""
        if expected_us <= INLINE_US:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def say(self, model: HostedModel, feeds: Feeds) -> Said:
        """What a model says about one row, with the bits that it has alone."""
        if self.batches_pay(model):
            return await self._together(model, feeds)
        return await self.run(lambda: model.predictor.say(feeds), model.pace.row_us)

    def close(self) -> None:
        """End the threads, after what they have begun."""
        self._pool.shutdown()

    async def _together(self, model: HostedModel, feeds: Feeds) -> Said:
        loop = asyncio.get_running_loop()
        waiting = self._waiting.get(model)
        if waiting is None:
            waiting = self._waiting[model] = _Waiting([])
        answer: asyncio.Future[Said] = loop.create_future()
        waiting.rows.append((feeds, answer))
        if not waiting.under_way:
            waiting.under_way = True
            loop.call_soon(self._next, model, waiting)
        return await answer

    def _next(self, model: HostedModel, waiting: _Waiting) -> None:
        """Run what waits, as much of it as fits into one batch; whoever gave up waiting is left out."""
        most = max(1, min(self._batch_rows, int(_LONGEST_RUN_US / max(model.pace.together_us, 0.1))))
        rows = [one for one in waiting.rows[:most] if not one[1].done()]
        del waiting.rows[:most]
        if not rows:
            self._go_on(model, waiting)
            return
        self.batches += 1
        self.batched_rows += len(rows)
        work = _batch(model, [feeds for feeds, _ in rows])
        expected_us = model.pace.row_us if len(rows) == 1 else model.pace.together_us * len(rows)
        if expected_us > INLINE_US:
            running = asyncio.get_running_loop().run_in_executor(self._pool, work)
            running.add_done_callback(lambda done: self._hand_out(model, waiting, rows, done))
            return
        done: asyncio.Future[list[Said]] = asyncio.get_running_loop().create_future()
        try:
            done.set_result(work())
        except Exception as error:  # noqa: BLE001 - told to those who asked
            done.set_exception(error)
        self._hand_out(model, waiting, rows, done)

    def _hand_out(
        self,
        model: HostedModel,
        waiting: _Waiting,
        rows: list[tuple[Feeds, asyncio.Future[Said]]],
        done: asyncio.Future[list[Said]],
    ) -> None:
        error = asyncio.CancelledError() if done.cancelled() else done.exception()
        said = [] if error else done.result()
        for place, (_, answer) in enumerate(rows):
            if answer.done():
                continue
            if error is None:
                answer.set_result(said[place])
            elif isinstance(error, asyncio.CancelledError):
                answer.cancel()
            else:
                answer.set_exception(error)
        self._go_on(model, waiting)

    def _turn(self) -> None:
        """Learn how many came in the turn that is over."""
        self._usual += _FORGETTING * (self._arrived - self._usual)
        self._arrived = 0

    def _go_on(self, model: HostedModel, waiting: _Waiting) -> None:
        waiting.under_way = bool(waiting.rows)
        if waiting.rows:
            asyncio.get_running_loop().call_soon(self._next, model, waiting)


def _batch(model: HostedModel, feeds: list[Feeds]) -> Callable[[], list[Said]]:
    if len(feeds) == 1:
        return lambda: [model.predictor.say(feeds[0])]
    return lambda: model.predictor.say_each({name: np.concatenate([one[name] for one in feeds]) for name in feeds[0]})
