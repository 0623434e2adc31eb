"""Every part of the platform looked at: one list of checks, which health, readiness and alerts are made of."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any, Literal, TypeAlias

from augury.errors import AuguryError
from augury_server.api.state import State as ApiState
from augury_server.settings.model import Settings

__all__ = ["Finding", "Level", "PartState", "database_findings", "memory_findings", "redis_findings"]

PartState: TypeAlias = Literal["up", "degraded", "away", "off", "unknown"]
Level: TypeAlias = Literal["info", "warning", "error", "critical"]

_LEAST_FREE_BYTES = 1 << 30
_LATE_SCHEDULE = timedelta(seconds=60)
_FAILED_SINCE = timedelta(hours=1)
_BACKLOG = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """How a part stands. `level` is how much it matters that it is not up; `latency_ms` is of one question to it.

    `needed`: without it nothing can be answered.
    """

    name: str
    state: PartState
    text: str
    level: Level = "info"
    latency_ms: float | None = None
    needed: bool = False

    @property
    def calls(self) -> bool:
        """Whether somebody is needed."""
        return self.state not in ("up", "off") and self.level != "info"


def memory_findings(state: ApiState) -> tuple[Finding, ...]:
    """What this process knows by itself: models, keys, limits, recorder, the disk of home. Waits for nothing."""
    return (_models(state), _keys(state), _limits(state), _recorder(state), _disk(state.settings))


def database_findings(now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> tuple[Finding, ...]:
    """The database, and what only it knows: schema, workers, schedules, jobs, dead letters.

    Call it in a thread that may use models. What cannot be read while the database is away is unknown.
    """
    from augury_server.database.explaining import explained

    began = perf_counter()
    try:
        with explained("look at the database"):
            version = _version()
            latency_ms = 1e3 * (perf_counter() - began)
            found = [Finding(name="database", state="up", text=version, level="critical", latency_ms=latency_ms)]
            found += [look(now()) for look in (_schema, _workers, _schedules, _jobs, _dead_letters)]
    except AuguryError as error:
        return database_unknown(str(error))
    return tuple(found)


def database_unknown(reason: str) -> tuple[Finding, ...]:
    """What is told while the database does not answer: predictions go on and are kept on disk."""
    away = Finding(
        name="database", state="away", level="critical",
        text=f"{reason}; predictions go on and are kept on disk until it is back",
    )  # fmt: skip
    others = ("schema", "workers", "scheduler", "jobs", "dead letters")
    return (away, *(Finding(name=name, state="unknown", text="the database is away") for name in others))


def redis_findings(settings: Settings) -> tuple[Finding, ...]:
    """The shared store, where one is set up; it is asked once and gives up soon."""
    from redis import RedisError

    from augury_server.caching.redis_tier import connect

    if settings.redis.url is None:
        return (Finding(name="redis", state="off", text="none is set up; everything works on one machine"),)
    began = perf_counter()
    client = connect(settings.redis)
    try:
        client.ping()
    except (RedisError, OSError) as error:
        told = f"{str(error) or type(error).__name__}; limits and sessions are each process's own until it is back"
        return (Finding(name="redis", state="away", text=told, level="error"),)
    finally:
        client.close()
    return (Finding(name="redis", state="up", text="answers", latency_ms=1e3 * (perf_counter() - began)),)


def _models(state: ApiState) -> Finding:
    host = state.host
    count, problems = len(host.models()), host.problems
    told = f"{count} versions are hosted"
    if problems:
        named = "; ".join(f"{name}: {reason}" for name, reason in list(problems.items())[:5])
        told = f"{told}; {named}"
    if not host.ready:
        return Finding(name="models", state="away", text=f"not loaded yet; {told}", level="critical", needed=True)
    level: Level = "error" if problems else "warning"
    if not count:
        told = f"{told}: promote one with augury registry promote"
    return Finding(name="models", state="degraded" if problems or not count else "up", text=told, level=level)


def _keys(state: ApiState) -> Finding:
    ring = state.keys
    if not ring.loaded:
        text = f"never read: {ring.problem or 'not yet'}"
        return Finding(name="keys", state="away", text=text, level="critical", needed=True)
    if ring.problem:
        return Finding(name="keys", state="degraded", text=f"as last known: {ring.problem}", level="warning")
    return Finding(name="keys", state="up", text=f"{len(ring)} are known")


def _limits(state: ApiState) -> Finding:
    problem = getattr(state.limits, "problem", "")
    if problem:
        return Finding(name="limits", state="degraded", text=f"each process's own: {problem}", level="warning")
    return Finding(name="limits", state="up", text="kept")


def _recorder(state: ApiState) -> Finding:
    if state.settings.serving.record == "off":
        return Finding(name="recorder", state="off", text="predictions are not kept (serving.record)")
    counts, problems = state.recorder.counts(), state.recorder.problems()
    told = f"{counts.waiting:,} predictions wait in memory, {counts.backlog:,} on disk ({counts.backlog_bytes:,} bytes)"
    if counts.refused:
        lost = f"{counts.refused:,} were lost for want of room since the start; {told}"
        return Finding(name="recorder", state="degraded", text="; ".join((lost, *problems)), level="critical")
    if problems or counts.backlog > _BACKLOG:
        return Finding(name="recorder", state="degraded", text="; ".join((told, *problems)), level="error")
    if counts.put_aside or counts.damaged:
        told = f"{counts.put_aside:,} records were put aside, {counts.damaged:,} frames damaged; {told}"
        return Finding(name="recorder", state="degraded", text=told, level="warning")
    return Finding(name="recorder", state="up", text=told)


def _disk(settings: Settings) -> Finding:
    try:
        free = shutil.disk_usage(settings.home).free
    except OSError as error:
        return Finding(name="disk", state="away", text=f"{settings.home}: {error.strerror}", level="critical")
    told = f"{free / 1e9:.1f} GB are free in {settings.home}"
    return Finding(name="disk", state="degraded" if free < _LEAST_FREE_BYTES else "up", text=told, level="error")


def _version() -> str:
    from django.db import connection

    with connection.cursor() as cursor:
        sqlite = connection.vendor == "sqlite"
        cursor.execute("SELECT sqlite_version()" if sqlite else "SHOW server_version")
        return f"{'SQLite' if sqlite else 'PostgreSQL'} {cursor.fetchone()[0]}"


def _schema(_: datetime) -> Finding:
    from augury_server.database.schema import schema_state

    state = schema_state()
    if state.unknown:
        return Finding(name="schema", state="degraded", text="the database is from a newer Augury", level="critical")
    if state.pending:
        told = f"{len(state.pending)} changes are to be applied: augury db migrate"
        return Finding(name="schema", state="degraded", text=told, level="error")
    return Finding(name="schema", state="up", text="up to date")


def _workers(now: datetime) -> Finding:
    from augury_server.jobs.workers.roster import list_workers

    alive = sum(worker.alive for worker in list_workers(now=now))
    if not alive:
        return Finding(name="workers", state="away", text="none is alive: jobs wait", level="error")
    return Finding(name="workers", state="up", text=f"{alive} alive")


def _schedules(now: datetime) -> Finding:
    from augury_server.jobs.models import Schedule

    late = Schedule.objects.filter(enabled=True, next_run_at__lt=now - _LATE_SCHEDULE).order_by("next_run_at").first()
    if late is not None and late.next_run_at is not None:
        told = f"{late.name} was due at {late.next_run_at:%Y-%m-%d %H:%M:%S} UTC; is a scheduler running?"
        return Finding(name="scheduler", state="degraded", text=told, level="error")
    troubled = Schedule.objects.filter(enabled=True).exclude(problem="").order_by("name").first()
    if troubled is not None:
        told = f"{troubled.name}: {troubled.problem[:200]}"
        return Finding(name="scheduler", state="degraded", text=told, level="warning")
    return Finding(name="scheduler", state="up", text="nothing is late")


def _jobs(now: datetime) -> Finding:
    from augury_server.jobs.models import Job, State

    failed = Job.objects.filter(state=State.FAILED, ended_at__gte=now - _FAILED_SINCE).count()
    if failed:
        told = f"{failed} failed in the last hour: augury jobs list"
        return Finding(name="jobs", state="degraded", text=told, level="warning")
    return Finding(name="jobs", state="up", text="none failed in the last hour")


def _dead_letters(_: datetime) -> Finding:
    from augury_server.ingest.dead_letters import dead_letters

    waiting: Any = dead_letters().count()
    if waiting:
        told = f"{waiting} records were refused and wait: augury ingest dead-letters"
        return Finding(name="dead letters", state="degraded", text=told, level="warning")
    return Finding(name="dead letters", state="up", text="none wait")
