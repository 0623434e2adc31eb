"""A sign that a signal handler may raise at any moment, whatever it interrupts."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from augury_server.processes.stop_sign import StopSign

HANDLED = """
import signal, threading, time
from augury_server.processes.stop_sign import StopSign
class Waiting({kind}):
    def raise_and_forget(self):
        self.set()
        self.{flag} = False
sign = Waiting()
signal.signal(signal.SIGALRM, lambda *_: sign.raise_and_forget())
signal.setitimer(signal.ITIMER_REAL, 1e-5, 3e-5)
until = time.monotonic() + 1.5
while time.monotonic() < until:
    sign.wait(1e-6)
signal.setitimer(signal.ITIMER_REAL, 0.0)
signal.signal(signal.SIGALRM, signal.SIG_IGN)
sign.set()
assert sign.wait(0.0)
print("done")
"""


@pytest.mark.parametrize("kind", ["StopSign", "threading.Event"])
def test_a_handler_raises_it_at_any_moment_of_a_wait(kind: str) -> None:
    """Tens of thousands of signals in the midst of waiting; the handlers of an event of threads wait for each other."""
    flag = "_raised" if kind == "StopSign" else "_flag"
    command = [sys.executable, "-c", HANDLED.format(kind=kind, flag=flag)]
    if kind == "StopSign":
        assert subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout == "done\n"
        return
    with pytest.raises(subprocess.SubprocessError):
        subprocess.run(command, capture_output=True, timeout=15, check=True)


def test_waiting_ends_when_it_is_raised_and_not_before() -> None:
    sign = StopSign()
    assert not sign.wait(0.01)
    assert not sign.is_set()
    raiser = threading.Timer(0.05, sign.set)
    raiser.start()
    began = time.monotonic()
    assert sign.wait(30.0)
    assert time.monotonic() - began >= 0.04
    raiser.join()
    assert sign.is_set()
    assert sign.wait(30.0)
    sign.set()
    assert sign.wait(30.0)
