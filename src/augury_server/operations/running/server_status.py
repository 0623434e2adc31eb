"""What `augury server status` does: each part of the platform in one line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Max

from augury.operations.operation import Progress
from augury_server.ingest.models import Series
from augury_server.jobs.models import Job, Schedule, State
from augury_server.jobs.workers.roster import list_workers
from augury_server.operations.server import ServerStatusOptions
from augury_server.operations.table import Table
from augury_server.registry.models import ModelVersion
from augury_server.signals.models import SignalRun

__all__ = ["summarise"]


def summarise(spec: ServerStatusOptions, progress: Progress) -> Table:  # noqa: ARG001 - every verb takes both
    """Rows, jobs, workers, schedules, watermarks, champions and the last run of signals, as they are now."""
    now = datetime.now(UTC)
    rows = (
        ("database", connection.vendor, str(connection.settings_dict["NAME"])),
        ("bars", *_bars()),
        ("jobs", *_jobs(now)),
        ("workers", *_workers()),
        ("schedules", *_schedules()),
        ("champions", *_champions()),
        ("signals", *_signals()),
    )
    return Table(title=f"The platform at {now:%Y-%m-%d %H:%M:%S} UTC", columns=("part", "state", "detail"), rows=rows)


def _bars() -> tuple[str, str]:
    found: dict[str, Any] = Series.objects.aggregate(series=Count("id"), last=Max("last_opened_at_ns"))
    text = f"{found['series']} series"
    if found["last"] is None:
        return text, ""
    return text, f"newest opens {datetime.fromtimestamp(found['last'] // 10**9, UTC):%Y-%m-%d %H:%M} UTC"


def _jobs(now: datetime) -> tuple[str, str]:
    waiting = dict(
        Job.objects.filter(state__in=[State.QUEUED, State.RUNNING]).values_list("state").annotate(Count("id"))
    )
    recent = Job.objects.filter(ended_at__gte=now - timedelta(days=1), state=State.FAILED).count()
    text = f"{waiting.get('running', 0)} running, {waiting.get('queued', 0)} queued"
    return text, f"{recent} failed in the last day"


def _workers() -> tuple[str, str]:
    alive = [worker for worker in list_workers() if worker.alive]
    return f"{len(alive)} alive", ", ".join(worker.name for worker in alive[:4])


def _schedules() -> tuple[str, str]:
    following = Schedule.objects.filter(enabled=True, next_run_at__isnull=False).order_by("next_run_at").first()
    text = f"{Schedule.objects.filter(enabled=True).count()} enabled"
    return text, "" if following is None else f"next: {following.name} at {following.next_run_at:%Y-%m-%d %H:%M} UTC"


def _champions() -> tuple[str, str]:
    held = ModelVersion.objects.filter(stage="champion").select_related("model").order_by("model__name")
    names = [f"{version.model.name} v{version.number}" for version in held[:5]]
    return str(held.count()), ", ".join(names)


def _signals() -> tuple[str, str]:
    last = SignalRun.objects.order_by("-started_at").first()
    return ("no run yet", "") if last is None else (str(last.state), f"last run {last.started_at:%Y-%m-%d %H:%M} UTC")
