"""The log of requests: failures and slow ones, or all of them; never a body, a query or a key."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from augury_server.telemetry.logs import get_log

__all__ = ["Entry", "RequestLog"]

_LINES_A_SECOND = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """One request as the log has it."""

    method: str
    path: str
    status: int
    seconds: float
    request_id: str
    key: str
    client: str


class RequestLog:
    """Writes what is worth a line: everything (`all`), what failed, was refused or slow (`failures`), or nothing.

    `every`: whether each request has a line. Otherwise at most 50 lines a second: a flood of requests is no flood of
    lines; how many were left out is said.
    """

    def __init__(
        self,
        which: Literal["none", "failures", "all"],
        slow_seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.every = which == "all"
        self._slow = float("inf") if which == "none" else slow_seconds
        self._least = 1_000 if which == "none" else 400
        self._clock = clock
        self._log = get_log("augury_server.api")
        self._second = 0.0
        self._written = 0
        self._left_out = 0

    def wants(self, status: int, seconds: float) -> bool:
        """Whether a request is worth a line."""
        return self.every or status >= self._least or seconds >= self._slow

    def write(self, entry: Entry) -> None:
        """Write the line: failures here as errors, slow ones as warnings, refusals and the others as information."""
        if not self.every and not self._room():
            self._left_out += 1
            return
        level = "error" if entry.status >= 500 and entry.status != 503 else "warning" if self._bad(entry) else "info"
        getattr(self._log, level)(
            "request",
            method=entry.method,
            path=entry.path[:200],
            status=entry.status,
            milliseconds=round(1000 * entry.seconds, 2),
            request=entry.request_id,
            caller=entry.key,
            client=entry.client,
        )

    def failed(self, error: BaseException, entry: Entry) -> None:
        """Write what no table knows, with its traceback."""
        self._log.error("request failed", path=entry.path[:200], request=entry.request_id, exc_info=error)

    def _bad(self, entry: Entry) -> bool:
        return entry.status >= 500 or entry.seconds >= self._slow

    def _room(self) -> bool:
        now = self._clock()
        if now - self._second >= 1.0:
            if self._left_out:
                self._log.warning("requests without a line of their own", requests=self._left_out)
            self._second, self._written, self._left_out = now, 0, 0
        self._written += 1
        return self._written <= _LINES_A_SECOND
