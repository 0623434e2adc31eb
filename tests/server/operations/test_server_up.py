"""One command starts everything and Ctrl-C stops it; what is killed comes back; nothing is left behind."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

AUGURY = [sys.executable, "-m", "augury"]


def environment(home: Path, **variables: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AUGURY_")}
    return {**clean, "AUGURY_HOME": str(home), **variables}


class Running:
    """`augury server up` in a folder, with what it has said."""

    def __init__(self, home: Path, *options: str) -> None:
        self.home = home
        self.process = subprocess.Popen(
            [*AUGURY, "server", "up", "--port", "0", *options],
            env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=home.parent,
        )  # fmt: skip
        self.said: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line.rstrip())

    def text(self) -> str:
        return "\n".join(self.said)

    def wait_for(self, true: Callable[[], object], seconds: float = 120.0) -> None:
        until = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < until, self.text()
            assert self.process.poll() is None, self.text()
            time.sleep(0.1)

    def address(self) -> str:
        self.wait_for(lambda: re.search(r"ready: (http://\S+)", self.text()))
        found = re.search(r"ready: (http://\S+)", self.text())
        assert found is not None
        return found[1]

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def stop(self, how: int = signal.SIGINT) -> tuple[int, str]:
        self.process.send_signal(how)
        assert self.process.stdout is not None
        out = self.process.stdout.read()
        code = self.process.wait(90)
        self._reader.join(10)
        self.process.stdout.close()
        return code, out


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    started = Running(tmp_path / "home")
    yield started
    for process in [*started.children(), psutil.Process(started.process.pid)] if started.process.poll() is None else []:
        process.kill()
    for stream in (started.process.stdout, started.process.stderr):
        assert stream is not None
        stream.close()
    started.process.wait()


def augury(running: Running, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*AUGURY, *arguments], env=environment(running.home), capture_output=True, text=True, cwd=running.home.parent
    )


def test_everything_starts_works_heals_and_stops_cleanly(running: Running) -> None:
    address = running.address()
    password = re.search(r"first administrator: admin, password: (\S+)", running.text())
    assert password is not None
    with urllib.request.urlopen(address + "admin/login/") as page:
        assert page.status == 200

    done = augury(running, "jobs", "submit", "server.status")
    assert done.returncode == 0, done.stderr
    found = re.search(r"[0-9a-f]{8}-[0-9a-f-]{27}", done.stdout)
    assert found is not None, done.stdout
    ended = augury(running, "jobs", "wait", found[0])
    assert ended.returncode == 0, ended.stdout + ended.stderr

    again = augury(running, "server", "up", "--port", "0")
    assert again.returncode == 1
    assert "a platform runs in" in again.stderr

    web = next(child for child in running.children() if "uvicorn" in " ".join(child.cmdline()))
    web.kill()
    running.wait_for(lambda: "web was killed by signal 9" in running.text())
    running.wait_for(lambda: any("uvicorn" in " ".join(child.cmdline()) for child in running.children()))

    everyone = running.children()
    code, out = running.stop()
    assert code == 0, running.text()
    assert "The platform has stopped" in out
    assert [child for child in everyone if child.is_running() and child.status() != "zombie"] == []
    assert password[1] not in (running.home / "augury.sqlite3").read_bytes().decode("latin-1")


def test_a_supervisor_that_is_killed_takes_everything_with_it(running: Running) -> None:
    running.address()
    everyone = running.children()
    assert len(everyone) >= 3
    running.process.kill()
    running.process.wait()
    _, alive = psutil.wait_procs(everyone, timeout=60)
    assert [process for process in alive if process.status() != "zombie"] == []


def test_a_port_that_is_taken_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [*AUGURY, "server", "up", "--port", port],
            env=environment(tmp_path / "home"), capture_output=True, text=True, cwd=tmp_path,
        )  # fmt: skip
    assert done.returncode == 1
    assert f"127.0.0.1:{port} cannot be listened on" in done.stderr
    assert not (tmp_path / "home" / "augury.sqlite3").exists()


def test_production_without_secrets_does_not_start(tmp_path: Path) -> None:
    done = subprocess.run(
        [*AUGURY, "server", "up", "--port", "0"],
        env=environment(tmp_path / "home", AUGURY_ENVIRONMENT="production"),
        capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 1
    assert "AUGURY_WEB__SECRET_KEY" in done.stderr
    assert "Traceback" not in done.stderr
