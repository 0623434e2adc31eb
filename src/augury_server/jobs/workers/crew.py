"""The worker processes of one machine: as many as are wanted, the dead replaced, the dismissed allowed to finish."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from augury_server.processes.child import Child, Program

__all__ = ["Crew", "Death"]

FIRST_DELAY, LAST_DELAY, HEALTHY = 0.5, 30.0, 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """A worker that ended unasked: how, and after how many seconds the next one starts."""

    pid: int
    exit_code: int
    delay_seconds: float

    @property
    def text(self) -> str:
        """The same in words."""
        how = f"was killed by signal {-self.exit_code}" if self.exit_code < 0 else f"ended with code {self.exit_code}"
        return f"worker {self.pid} {how}; another starts in {self.delay_seconds:g} s"


@dataclass(slots=True, kw_only=True)
class _Member:
    child: Child
    started: float
    dismissed: float | None = None


class Crew:
    """Starts `wanted` workers and keeps that many; `look_after` is to be called again and again.

    A worker that ends unasked is replaced after half a second, the next ones after twice as long each time up to 30
    seconds, until one has lived for 20. A dismissed worker finishes what it does, within its program's grace.
    """

    def __init__(
        self, program: Program, say: Callable[[str, str], None], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._program, self._say, self._clock = program, say, clock
        self._members: list[_Member] = []
        self._delay, self._due = FIRST_DELAY, 0.0
        self.wanted = 0

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of those that work, oldest first; not of those that were dismissed."""
        return tuple(member.child.pid for member in self._members if member.dismissed is None)

    def look_after(self) -> tuple[Death, ...]:
        """Take away who has ended, kill who outlives the grace, start who is missing; who died unasked."""
        now = self._clock()
        deaths = tuple(death for member in tuple(self._members) if (death := self._check(member, now)) is not None)
        while len(self.pids) < self.wanted and now >= self._due:
            self._members.append(_Member(child=Child(self._program, self._say), started=now))
        return deaths

    def dismiss(self, pids: Sequence[int]) -> None:
        """Ask these to stop, and want so many fewer."""
        for member in self._members:
            if member.child.pid in pids and member.dismissed is None:
                member.dismissed = self._clock()
                member.child.ask_to_stop()
                self.wanted -= 1

    def stop(self) -> bool:
        """Ask all to stop, wait for them; whether every one ended by itself within the grace."""
        self.dismiss(self.pids)
        self.wanted = 0
        until = self._clock() + self._program.grace_seconds
        endings = [member.child.wait_or_kill(until - self._clock()) for member in self._members]
        self._members.clear()
        return all(endings)

    def _check(self, member: _Member, now: float) -> Death | None:
        code = member.child.exit_code()
        if code is None:
            if member.dismissed is None or now - member.dismissed < self._program.grace_seconds:
                return None
            self._say(self._program.name, f"worker {member.child.pid} did not stop in time and is killed")
        member.child.wait_or_kill(0.0)
        self._members.remove(member)
        if member.dismissed is not None or code is None:
            return None
        if now - member.started >= HEALTHY:
            self._delay = FIRST_DELAY
        death = Death(pid=member.child.pid, exit_code=code, delay_seconds=self._delay)
        self._due, self._delay = now + self._delay, min(2 * self._delay, LAST_DELAY)
        return death
