"""Several programs kept running: restarted with a growing delay when they die, stopped in reverse order."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from augury_server.processes.child import Child, Program
from augury_server.processes.stop_sign import StopSign

__all__ = ["Supervisor"]

_FIRST_DELAY, _LAST_DELAY, _HEALTHY = 0.5, 30.0, 20.0


@dataclass(slots=True, kw_only=True)
class _Slot:
    """A program's place: its child, or when to start it again and after how long the next time."""

    program: Program
    child: Child | None = None
    started: float = 0.0
    due: float = 0.0
    delay: float = _FIRST_DELAY
    restarts: int = 0


class Supervisor:
    """Keeps `programs` running until `stop` is called, from a signal handler or another thread.

    A program that ends, well or not, is started again: after half a second, then twice as long each time up to 30
    seconds; one that ran for 20 seconds starts from half a second again. `say(name, line)` gets every line of output
    and what the supervisor itself has to tell, under the name "server".
    """

    def __init__(
        self,
        programs: Sequence[Program],
        say: Callable[[str, str], None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._slots = [_Slot(program=program) for program in programs]
        self._say = say
        self._clock = clock
        self._stop = StopSign()

    @property
    def pids(self) -> dict[str, int]:
        """Process ids of what runs now, by name."""
        return {slot.program.name: slot.child.pid for slot in self._slots if slot.child is not None}

    @property
    def restarts(self) -> dict[str, int]:
        """How often each program was started again."""
        return {slot.program.name: slot.restarts for slot in self._slots}

    def stop(self) -> None:
        """Ask `run` to stop everything and return."""
        self._stop.set()

    def run(self, *, watch_seconds: float = 0.2) -> bool:
        """Start everything, in order, and watch it until `stop`; whether every program ended by itself when asked."""
        try:
            while not self._stop.is_set():
                for slot in self._slots:
                    self._look_after(slot)
                self._stop.wait(watch_seconds)
        finally:
            clean = self._stop_all()
        return clean

    def _look_after(self, slot: _Slot) -> None:
        now = self._clock()
        if slot.child is None:
            if now >= slot.due and not self._stop.is_set():
                slot.child, slot.started = Child(slot.program, self._say), now
            return
        code = slot.child.exit_code()
        if code is None:
            return
        slot.child.wait_or_kill(0.0)
        if now - slot.started >= _HEALTHY:
            slot.delay = _FIRST_DELAY
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        self._say("server", f"{slot.program.name} {how}; starting it again in {slot.delay:g} s")
        slot.child, slot.due = None, now + slot.delay
        slot.delay = min(2 * slot.delay, _LAST_DELAY)
        slot.restarts += 1

    def _stop_all(self) -> bool:
        """Stop in reverse order, each within its own grace; what does not listen is killed."""
        clean = True
        for slot in reversed(self._slots):
            if slot.child is None:
                continue
            slot.child.ask_to_stop()
            if not slot.child.wait_or_kill(slot.program.grace_seconds):
                self._say("server", f"{slot.program.name} did not stop in {slot.program.grace_seconds:g} s: killed")
                clean = False
            slot.child = None
        return clean
