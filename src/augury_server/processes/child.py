"""One process under supervision: started, watched, stopped; it never outlives its supervisor."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO

__all__ = ["Child", "Program", "die_with_parent"]

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to run: a name for people, a command line, and variables beside those of this process.

    `stop_signal` asks it to stop, which may take `grace_seconds`.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    grace_seconds: float = 10.0
    stop_signal: int = signal.SIGTERM


class Child:
    """A running `Program`; its output goes line by line to `say(name, line)`.

    It has a session of its own, so that Ctrl-C reaches the supervisor alone, and is told to stop by the kernel when the
    supervisor dies (Linux).
    """

    def __init__(self, program: Program, say: Callable[[str, str], None]) -> None:
        self.program = program
        self._say = say
        self._process = subprocess.Popen(  # noqa: S603 - the programs are ours
            list(program.command),
            env={**os.environ, **program.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        assert self._process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def exit_code(self) -> int | None:
        """None while it runs; negative when a signal ended it."""
        return self._process.poll()

    def ask_to_stop(self) -> None:
        """Send the program's signal to the process; what it started is its own to stop."""
        if self.exit_code() is None:
            self._process.send_signal(self.program.stop_signal)

    def wait_or_kill(self, seconds: float) -> bool:
        """Wait so long for its end, then kill it and everything of its session; whether it ended by itself."""
        try:
            self._process.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            self._kill_session()
            self._process.wait()
            clean = False
        else:
            self._kill_session()  # grandchildren that were left behind
            clean = True
        self._reader.join(2.0)
        return clean

    def _kill_session(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def _read(self, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                self._say(self.program.name, line.rstrip("\n"))


def die_with_parent() -> None:
    """In a new process: be told to stop when the parent dies. Does nothing but on Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
