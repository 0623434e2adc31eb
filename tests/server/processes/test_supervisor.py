"""Programs are kept running, restarted, stopped in reverse order, and never outlive their supervisor."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from augury_server.processes.child import Child, Program
from augury_server.processes.supervisor import Supervisor

PATIENT = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *a: sys.exit(0))
print("up", flush=True)
time.sleep(60)
"""
DEAF = """
import signal, subprocess, sys, time
print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]).pid, flush=True)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(60)
"""


def python(name: str, code: str, grace: float = 5.0) -> Program:
    return Program(name=name, command=[sys.executable, "-c", code], grace_seconds=grace)


def wait_until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            pytest.fail("the condition did not come true in time")
        time.sleep(0.02)


class Told:
    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def __call__(self, name: str, line: str) -> None:
        self.lines.append((name, line))


def running(supervisor: Supervisor) -> threading.Thread:
    thread = threading.Thread(target=lambda: results.append(supervisor.run(watch_seconds=0.02)))
    results: list[bool] = []
    thread.results = results  # type: ignore[attr-defined]
    thread.start()
    return thread


def test_everything_is_started_and_stopped_when_asked() -> None:
    told = Told()
    supervisor = Supervisor([python("one", PATIENT), python("two", PATIENT)], told)
    thread = running(supervisor)
    wait_until(lambda: {("one", "up"), ("two", "up")} <= set(told.lines))
    pids = list(supervisor.pids.values())
    supervisor.stop()
    thread.join(20)
    assert thread.results == [True]  # type: ignore[attr-defined]
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_a_program_that_is_killed_is_started_again() -> None:
    told = Told()
    supervisor = Supervisor([python("one", PATIENT)], told)
    thread = running(supervisor)
    wait_until(lambda: ("one", "up") in told.lines)
    first = supervisor.pids["one"]
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: supervisor.pids.get("one", first) != first)
    supervisor.stop()
    thread.join(20)
    assert supervisor.restarts == {"one": 1}
    assert any(name == "server" and "was killed by signal 9" in line for name, line in told.lines)


def test_a_program_that_dies_at_once_is_started_again_after_longer_and_longer_waits() -> None:
    told = Told()
    supervisor = Supervisor([python("one", "raise SystemExit(3)")], told)
    thread = running(supervisor)
    wait_until(lambda: supervisor.restarts["one"] >= 3)
    supervisor.stop()
    thread.join(20)
    waits = [line.rsplit(" in ", 1)[1] for name, line in told.lines if name == "server"]
    assert waits[:3] == ["0.5 s", "1 s", "2 s"]


def test_a_program_that_does_not_listen_is_killed_with_what_it_started() -> None:
    told = Told()
    supervisor = Supervisor([python("deaf", DEAF, grace=0.3)], told)
    thread = running(supervisor)
    wait_until(lambda: ("deaf", "up") in told.lines)
    grandchild = int(told.lines[0][1])
    supervisor.stop()
    thread.join(20)
    assert thread.results == [False]  # type: ignore[attr-defined]
    wait_until(lambda: not psutil.pid_exists(grandchild) or psutil.Process(grandchild).status() == "zombie")


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells children of a dead parent on Linux only")
def test_children_end_when_their_supervisor_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom augury_server.processes.child import Program\n"
        "from augury_server.processes.supervisor import Supervisor\n"
        f"p=Program(name='one',command=[sys.executable,'-c',{PATIENT!r}])\n"
        "s=Supervisor([p],lambda n,l:print(s.pids['one'],flush=True))\ns.run()\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == "zombie")


def test_output_that_is_no_text_does_not_stop_the_reader() -> None:
    told = Told()
    child = Child(python("one", "import sys\nsys.stdout.buffer.write(b'\\xff\\n')\nprint('after')"), told)
    wait_until(lambda: ("one", "after") in told.lines)
    assert child.wait_or_kill(5.0)
