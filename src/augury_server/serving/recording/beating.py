"""A thread that does one thing again and again, until it is told to end."""

from __future__ import annotations

import threading
from collections.abc import Callable

from augury_server.telemetry.logs import get_log

__all__ = ["Beat"]

log = get_log(__name__)


class Beat:
    """Calls `turn` every so many seconds, or at once when woken; an error is logged and the next turn comes.

    `last` is called in the thread when it ends.
    """

    def __init__(
        self, name: str, turn: Callable[[], None], seconds: float, last: Callable[[], None] = lambda: None
    ) -> None:
        self._turn, self._seconds, self._last = turn, seconds, last
        self._woken, self._ending = threading.Event(), False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Let the next turn come at once."""
        if not self._woken.is_set():
            self._woken.set()

    def end(self, timeout_seconds: float | None) -> bool:
        """End after one more turn; whether it has ended in time. None: however long that takes."""
        self._ending = True
        self._woken.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        ending = False
        try:
            while not ending:
                self._woken.wait(self._seconds)
                self._woken.clear()
                ending = self._ending
                try:
                    self._turn()
                except Exception:
                    log.exception("recording predictions met an unexpected error")
        finally:
            self._last()
