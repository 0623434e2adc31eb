"""CPU time of this process and of a database server, whose processes come and go."""

from __future__ import annotations

import contextlib
import time

import psutil

__all__ = ["cpu_of"]


def cpu_of(server: psutil.Process | None) -> float:
    """CPU seconds so far of this process and, with what it started and has ended, of the server."""
    seconds = time.process_time()
    if server is not None:
        own = server.cpu_times()
        seconds += own.user + own.system + own.children_user + own.children_system
        for child in server.children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                times = child.cpu_times()
                seconds += times.user + times.system
    return seconds
