"""Processes that fork while a thread of theirs uses the database.

A child that is born in the middle of a call into a database's library may wait for ever for a lock that nobody will
open. Threads of a worker's main process therefore use the database under a gate that a fork has to pass as well; the
child forgets its parent's connections without closing them, since they are still the parent's.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections

__all__ = ["database_use", "guard_forks", "without_pool"]

_gate = threading.RLock()
_guarded = False
_left_to_the_parent: list[Any] = []


@contextmanager
def database_use() -> Iterator[None]:
    """Use the database from a thread of a process that may fork."""
    with _gate:
        yield


def guard_forks() -> None:
    """From now on forks of this process wait until no thread is in `database_use`."""
    global _guarded
    if not _guarded:
        os.register_at_fork(before=_close_gate, after_in_parent=_open_gate, after_in_child=_forget)
        _guarded = True


def without_pool() -> None:
    """Give each thread of this process one connection that it keeps, and no pool with threads of its own.

    A worker's processes have two threads each that use the database; it must not have been used before.
    """
    wanted = connections.settings["default"]
    wanted["OPTIONS"] = {name: value for name, value in wanted["OPTIONS"].items() if name != "pool"}
    wanted["CONN_MAX_AGE"] = None


def _close_gate() -> None:
    _gate.acquire()


def _open_gate() -> None:
    _gate.release()


def _forget() -> None:
    global _gate
    _gate = threading.RLock()
    held_by_thread: Any = vars(connections)["_connections"]
    for alias in connections:
        held = getattr(held_by_thread, alias, None)
        if held is not None:
            _left_to_the_parent.append(held.connection)
            held.connection = None
