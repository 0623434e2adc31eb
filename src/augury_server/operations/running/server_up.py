"""What `augury server up` does: everything on one machine, started, watched and stopped together."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from augury.errors import Conflict
from augury.operations.operation import Progress
from augury_server.operations.server import ServerUpOptions
from augury_server.operations.table import Table
from augury_server.processes.child import Program
from augury_server.processes.pair import Pair, prepare_pair, wait_until_up
from augury_server.processes.supervisor import Supervisor
from augury_server.settings import Settings, current_settings, give_flags, load_settings, prepare
from augury_server.settings.home import make_home
from augury_server.settings.sections import WebSettings

__all__ = ["start", "web_command"]

_READY_SECONDS = 60.0


def start(spec: ServerUpOptions, progress: Progress) -> Table:  # noqa: ARG001 - every verb takes both
    """Start the platform and stay until it is told to stop; how long it ran and what had to be started again.

    Raises Conflict when a platform runs in the same home or the port is taken.
    """
    found = load_settings().settings
    home, tell = found.home, _Teller(machine=found.logs.form == "json")
    with _only_one(home), _pair_running(prepare_pair(home) if spec.pair else None, tell):
        host, port = _address(spec)
        give_flags({"web.host": host, "web.port": port})
        if found.logs.form == "auto":
            give_flags({"logs.form": "console"})
        prepare()
        settings = current_settings()
        _make_ready(spec, tell)
        supervisor = Supervisor(_programs(settings), tell)
        began = time.monotonic()
        with _stopping_on_signals(supervisor):
            threading.Thread(target=_announce, args=(host, port, tell), daemon=True).start()
            clean = supervisor.run()
        tell("server", "stopped")
    return Table(
        title="The platform has stopped" if clean else "The platform has stopped; a part had to be killed",
        columns=("part", "started again"),
        rows=tuple(supervisor.restarts.items()),
        facts={"ran_seconds": round(time.monotonic() - began, 1)},
        exit_code=0 if clean else 1,
    )


class _Teller:
    """Lines of the parts on standard error: under their names for people, as JSON where `logs.form` says so."""

    def __init__(self, *, machine: bool) -> None:
        self._machine = machine
        self._console = Console(stderr=True, highlight=False)

    def __call__(self, name: str, line: str) -> None:
        if not line.strip():
            return
        if self._machine:
            sys.stderr.write((line if line.startswith("{") else json.dumps({"part": name, "event": line})) + "\n")
            sys.stderr.flush()
            return
        colour = "bold" if name == "server" else "dim"
        self._console.print(f"[{colour}]{name:>10}[/] {escape(line)}", soft_wrap=True)


@contextmanager
def _only_one(home: Path) -> Iterator[None]:
    """Hold the home folder's lock; released by the kernel whatever happens to this process."""
    make_home(home)
    with (home / "server.lock").open("a+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise Conflict(
                f"a platform runs in {home} already (process {lock.read().strip() or 'unknown'}); stop it, or choose "
                "another folder with AUGURY_HOME"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


@contextmanager
def _pair_running(pair: Pair | None, tell: _Teller) -> Iterator[None]:
    """PostgreSQL and Redis, up before anything that needs them and down after it."""
    if pair is None:
        yield
        return
    supervisor = Supervisor(pair.programs, tell)
    thread = threading.Thread(target=supervisor.run)
    thread.start()
    try:
        wait_until_up(pair)
        give_flags({"database.url": pair.database_url, "redis.url": pair.redis_url})
        tell("server", "PostgreSQL and Redis are up")
        yield
    finally:
        supervisor.stop()
        thread.join()


def _address(spec: ServerUpOptions) -> tuple[str, int]:
    """Where to listen; a port that is taken is refused now, before anything has started."""
    web = load_settings().settings.web
    host = web.host if spec.host is None else spec.host
    port = web.port if spec.port is None else spec.port
    with closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Conflict(f"{host}:{port} cannot be listened on: {error.strerror}; choose another --port") from None
        return host, int(probe.getsockname()[1])


def _make_ready(spec: ServerUpOptions, tell: _Teller) -> None:
    """The schema of this version, and somebody who may log in."""
    from augury_server.accounts.administrators import create_first_administrator
    from augury_server.database.schema import migrate

    applied = migrate().applied
    if applied:
        tell("server", f"the database was brought up to date ({len(applied)} changes)")
    try:
        added = create_first_administrator(spec.admin, by="server up")
    except Conflict:
        return
    tell("server", f"first administrator: {added.name}, password: {added.password} (shown this once)")


def web_command(web: WebSettings) -> list[str]:
    """The command line of the web processes."""
    command = [sys.executable, "-m", "uvicorn", "augury_server.asgi:application"]
    command += ["--host", web.host, "--port", str(web.port), "--workers", str(web.workers)]
    command += ["--http", "augury_server.api.protocol:GuardedProtocol"]
    command += ["--lifespan", "on", "--timeout-graceful-shutdown", "20"]
    return [*command, "--log-level", "warning", "--no-access-log", "--no-server-header"]


def _programs(settings: Settings) -> list[Program]:
    python = [sys.executable, "-m"]
    grace = 60.0
    return [
        Program(name="worker", command=[*python, "augury_server.jobs.workers"], grace_seconds=grace),
        Program(name="scheduler", command=[*python, "augury_server.jobs.scheduler"]),
        Program(name="web", command=web_command(settings.web), grace_seconds=grace),
    ]


@contextmanager
def _stopping_on_signals(supervisor: Supervisor) -> Iterator[None]:
    before = {kind: signal.getsignal(kind) for kind in (signal.SIGINT, signal.SIGTERM)}
    for kind in before:
        signal.signal(kind, lambda *_: supervisor.stop())
    try:
        yield
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)


def _announce(host: str, port: int, tell: _Teller) -> None:
    """Say when the first page answers."""
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - compared, not bound
    address = f"http://[{shown}]:{port}/" if ":" in shown else f"http://{shown}:{port}/"
    until = time.monotonic() + _READY_SECONDS
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(address + "admin/login/", timeout=2.0).close()  # noqa: S310 - our own address
        except urllib.error.HTTPError:  # it answers: a host name that is not allowed, for instance
            break
        except OSError:
            time.sleep(0.2)
        else:
            break
    tell("server", f"ready: {address} (Ctrl-C stops everything)")
