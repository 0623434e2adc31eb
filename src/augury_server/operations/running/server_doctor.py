"""What `augury server doctor` does: every need of the platform, looked at, with the remedy for what is missing."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from augury.errors import AuguryError, Misconfigured
from augury.operations.operation import Progress
from augury_server.operations.server import ServerDoctorOptions
from augury_server.operations.table import Table
from augury_server.settings import Settings, current_settings, missing_secrets, prepare
from augury_server.settings.database_url import is_embedded
from augury_server.settings.hiding import without_password
from augury_server.settings.home import make_home

__all__ = ["examine"]

_LEAST_FREE_BYTES = 1 << 30
_PACKAGES = ("celery", "django", "fsspec", "psycopg", "redis", "structlog", "unfold", "uvicorn", "whitenoise")


@dataclass(frozen=True, slots=True)
class _Check:
    """One need: how it stands, what was found, and what to do about it."""

    name: str
    state: Literal["ok", "warning", "missing"]
    found: str
    remedy: str = ""


def examine(spec: ServerDoctorOptions, progress: Progress) -> Table:  # noqa: ARG001 - every verb takes both
    """Look at everything, even where something before is missing; exit code 1 when something is."""
    checks = [_packages()]
    settings = _settings(checks)
    if settings is not None and checks[0].state == "ok":
        looks = (_secrets, _exposure, _home, _port, _database, _redis, _artefacts)
        checks += [look(settings) for look in looks]
        if any(check.name == "database" and check.state == "ok" for check in checks):
            checks += _inhabitants()
    missing = [check for check in checks if check.state == "missing"]
    rows = tuple((check.name, check.state, check.found, check.remedy) for check in checks)
    return Table(
        title="The platform could run here" if not missing else f"{len(missing)} of {len(checks)} needs are not met",
        columns=("need", "state", "found", "what to do"),
        rows=rows,
        exit_code=1 if missing else 0,
    )


def _packages() -> _Check:
    absent = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if absent:
        return _Check("packages", "missing", "not installed: " + ", ".join(absent), "pip install 'augury[server]'")
    return _Check("packages", "ok", f"all {len(_PACKAGES)} are installed")


def _settings(checks: list[_Check]) -> Settings | None:
    try:
        settings = current_settings()
    except AuguryError as error:
        checks.append(_Check("settings", "missing", str(error), "mend the value; augury config show --origin"))
        return None
    checks.append(_Check("settings", "ok", f"{settings.environment}, home {settings.home}"))
    return settings


def _secrets(settings: Settings) -> _Check:
    problems = missing_secrets(settings)
    if problems:
        return _Check("secrets", "missing", "; ".join(problems), "give them by variable or file, never in augury.toml")
    made = settings.web.secret_key is None
    return _Check("secrets", "ok", "made here, for development only" if made else "given")


def _exposure(settings: Settings) -> _Check:
    web = settings.web
    if settings.environment == "development":
        return _Check("web", "ok", f"{web.host}:{web.port}, development")
    local = set(web.allowed_hosts) <= {"localhost", "127.0.0.1", "[::1]"}
    if local:
        return _Check("web", "warning", "only local host names are allowed", "set web.allowed_hosts to your own")
    if not web.https:
        return _Check("web", "warning", "web.https is off: cookies may travel unprotected", "serve TLS; set web.https")
    return _Check("web", "ok", f"{', '.join(web.allowed_hosts)} over TLS")


def _home(settings: Settings) -> _Check:
    try:
        make_home(settings.home)
        trial = settings.home / f".trial-{os.getpid()}"
        trial.write_bytes(b"")
        trial.unlink()
    except (Misconfigured, OSError) as error:
        reason = getattr(error.__cause__ or error, "strerror", str(error))
        return _Check("home", "missing", f"{settings.home}: {reason}", "set AUGURY_HOME to a folder of yours")
    free = shutil.disk_usage(settings.home).free
    found = f"{settings.home}, {free / 1e9:.1f} GB free"
    if free < _LEAST_FREE_BYTES:
        return _Check("home", "warning", found, "make room: writes fail when the disk is full, nothing is lost")
    return _Check("home", "ok", found)


def _port(settings: Settings) -> _Check:
    web = settings.web
    with socket.socket(socket.AF_INET6 if ":" in web.host else socket.AF_INET) as probe:
        probe.settimeout(0.5)
        taken = probe.connect_ex((web.host, web.port)) == 0
    if taken:
        return _Check("port", "warning", f"something answers on {web.port}", "the platform itself, or choose --port")
    return _Check("port", "ok", f"{web.port} is free")


def _database(settings: Settings) -> _Check:
    from django.core.exceptions import ImproperlyConfigured
    from django.db import Error, connection

    kind = "SQLite" if is_embedded(settings) else "PostgreSQL"
    try:
        prepare()
        from augury_server.database.schema import schema_state

        with connection.cursor() as cursor:
            cursor.execute("SELECT sqlite_version()" if kind == "SQLite" else "SHOW server_version")
            version = cursor.fetchone()[0]
        state = schema_state()
    except (AuguryError, Error, ImproperlyConfigured, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        return _Check("database", "missing", f"{kind}: {reason}", _database_remedy(kind, reason))
    found = f"{kind} {version}"
    if state.unknown:
        return _Check("database", "missing", f"{found}: from a newer Augury", "install the version that made it")
    if state.pending:
        return _Check("database", "warning", f"{found}: {len(state.pending)} changes to apply", "augury db migrate")
    if kind == "SQLite" and settings.environment == "production":
        return _Check("database", "warning", found, "one machine only: set database.url to PostgreSQL for more")
    return _Check("database", "ok", f"{found}, schema up to date")


def _database_remedy(kind: str, reason: str) -> str:
    if kind != "SQLite":
        return "start it, or mend database.url and its password"
    if "not a database" in reason or "malformed" in reason:
        return "the file is damaged: restore a backup"
    return "let this user write the file and its folder, or set AUGURY_HOME"


def _redis(settings: Settings) -> _Check:
    if settings.redis.url is None:
        if settings.environment == "production":
            return _Check("redis", "warning", "none: jobs and cache stay on one machine", "set redis.url to scale out")
        return _Check("redis", "ok", "none: embedded queue, cache in memory and database")
    import redis

    try:
        with redis.Redis.from_url(settings.redis.url.get_secret_value(), socket_timeout=2.0) as client:
            version = client.info("server")["redis_version"]
    except (redis.RedisError, ValueError) as error:
        return _Check("redis", "missing", str(error), "start it, or mend redis.url; without it: unset redis.url")
    return _Check("redis", "ok", f"Redis {version}")


def _artefacts(settings: Settings) -> _Check:
    import fsspec

    url = settings.artefacts.url or str(settings.home / "artefacts")
    try:
        files, path = fsspec.core.url_to_fs(url)
        trial = f"{path}/.trial-{os.getpid()}"
        files.makedirs(path, exist_ok=True)
        files.pipe_file(trial, b"")
        files.rm_file(trial)
    except (OSError, ValueError, ImportError) as error:
        return _Check(
            "artefacts", "missing", without_password(f"{url}: {error}"), "mend artefacts.url or its credentials"
        )
    return _Check("artefacts", "ok", without_password(url))


def _inhabitants() -> Iterator[_Check]:
    """Who lives here: an administrator, workers, a scheduler; none of them is needed to start."""
    from django.db import Error

    looks: tuple[Callable[[], _Check], ...] = (_administrator, _workers)
    for look in looks:
        try:
            yield look()
        except Error as error:
            yield _Check(look.__name__.strip("_"), "warning", str(error).splitlines()[0], "augury db migrate")


def _administrator() -> _Check:
    from augury_server.accounts.people import administrators

    count = administrators()
    if not count:
        return _Check("administrator", "warning", "none yet", "augury server up makes one, or augury accounts add")
    return _Check("administrator", "ok", f"{count} may log in")


def _workers() -> _Check:
    from augury_server.jobs.workers.roster import list_workers

    alive = [worker for worker in list_workers() if worker.alive]
    if not alive:
        return _Check("workers", "warning", "none alive", "augury server up, or python -m augury_server.jobs")
    return _Check("workers", "ok", f"{len(alive)} alive")
