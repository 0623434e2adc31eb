"""Work with the database from asynchronous routes: in few threads, as whoever calls, giving connections back."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from django.db import connections

from augury.errors import Unavailable

__all__ = ["OPERATIONS", "WorkThreads", "end_work", "in_database"]

Parameters = ParamSpec("Parameters")
Given = TypeVar("Given")


class WorkThreads:
    """A bounded number of threads, made when there is work, and of callers that wait for one."""

    def __init__(self, name: str, *, threads: int, waiting: int) -> None:
        self._name, self._threads, self._most = name, threads, threads + waiting
        self._executor: ThreadPoolExecutor | None = None
        self._under_way = 0

    async def run(self, work: Callable[[], Given]) -> Given:
        """What `work` returns, done in one of the threads under the context of the caller.

        Raises Unavailable when too many wait already, and what `work` raises.
        """
        if self._under_way >= self._most:
            raise Unavailable(f"{self._under_way} requests are under way, more would only wait; ask again in a moment")
        if self._executor is None:
            self._executor = ThreadPoolExecutor(self._threads, thread_name_prefix=f"augury-{self._name}")
        inside = partial(contextvars.copy_context().run, _with_connections_given_back, work)
        future = asyncio.get_running_loop().run_in_executor(self._executor, inside)
        self._under_way += 1
        future.add_done_callback(self._ended)
        return await future

    def end(self) -> None:
        """Wait for what is under way and end the threads; later work makes new ones."""
        threads, self._executor = self._executor, None
        if threads is not None:
            threads.shutdown(wait=True)

    def _ended(self, future: object) -> None:
        del future
        self._under_way -= 1


def _with_connections_given_back(work: Callable[[], Given]) -> Given:
    try:
        return work()
    finally:
        connections.close_all()


OPERATIONS = WorkThreads("operations", threads=4, waiting=64)
"""Where operations run; a slow one keeps its thread, and rows are looked up in others."""
_LOOKS = WorkThreads("looks", threads=4, waiting=512)


async def in_database(
    function: Callable[Parameters, Given], *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Given:
    """Call a quick function that uses models without holding up the event loop; raises as `WorkThreads.run` does."""
    return await _LOOKS.run(partial(function, *args, **kwargs))


def end_work() -> None:
    """End the threads of both kinds."""
    OPERATIONS.end()
    _LOOKS.end()
