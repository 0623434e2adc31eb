"""The home page: jobs, workers, data, models, signals, cache and database at a glance, with few indexed queries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from augury_server.accounts.models import AuditEntry
from augury_server.caching.figures import merge
from augury_server.caching.models import CacheStatistics
from augury_server.ingest.models import DeadLetter, Watermark
from augury_server.jobs.models import Job, Schedule, Worker
from augury_server.jobs.workers.roster import alive_seconds
from augury_server.registry.models import ModelVersion
from augury_server.signals.models import StoredSignal
from augury_server.web.admin.cells import COLOURS, duration_text, moment_text
from augury_server.web.database_health import database_health

__all__ = ["Tile", "home_context"]

_MOST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One figure of the home page: what it counts, how much, what colour, where it leads."""

    title: str
    value: str
    note: str
    icon: str
    colour: str
    link: str


def home_context(request: HttpRequest, now: Callable[[], datetime] = timezone.now) -> dict[str, Any]:
    """What the template of the home page shows; empty for somebody without a role."""
    if not request.user.has_perm("augury_jobs.view_job"):
        return {"tiles": []}
    at = now()
    return {
        "tiles": [*_work(at), _dead_letters(), _cache(), _database()],
        "running": _running(),
        "signals": _signals(),
        "champions": _champions(),
        "watermarks": _watermarks(at),
        "schedules": _schedules(at),
        "trail": _trail(at),
    }


def _count(rows: Any) -> int:
    return int(rows.order_by()[: _MOST + 1].count())


def _number(count: int) -> str:
    return f"{count:,}" if count <= _MOST else f"over {_MOST:,}"


def _list(model: str, query: str = "") -> str:
    return reverse(f"admin:{model}_changelist") + query


def _work(at: datetime) -> list[Tile]:
    jobs = Job.objects
    day = at - timedelta(days=1)
    queued, running = _count(jobs.filter(state="queued")), _count(jobs.filter(state="running"))
    failed = _count(jobs.filter(state="failed", created_at__gte=day))
    succeeded = _count(jobs.filter(state="succeeded", created_at__gte=day))
    alive = _count(
        Worker.objects.filter(last_seen_at__gte=at - timedelta(seconds=alive_seconds())).exclude(
            state__in=["stopped", "lost"]
        )
    )
    page = "augury_jobs_job"
    return [
        Tile(
            title="Running", value=_number(running), note=f"{_number(queued)} queued", icon="play_circle",
            colour="info" if running else "", link=_list(page, "?state__exact=running"),
        ),
        Tile(
            title="Failed", value=_number(failed), note=f"{_number(succeeded)} succeeded, past day", icon="error",
            colour="danger" if failed else "", link=_list(page, "?state__exact=failed"),
        ),
        Tile(
            title="Workers", value=_number(alive), note="alive" if alive else "none alive: jobs wait", icon="memory",
            colour="" if alive else "danger", link=_list("augury_jobs_worker"),
        ),
    ]  # fmt: skip


def _dead_letters() -> Tile:
    count = _count(DeadLetter.objects.filter(state="open"))
    return Tile(
        title="Dead letters", value=_number(count), note="open" if count else "nothing refused", icon="unsubscribe",
        colour="warning" if count else "", link=_list("augury_ingest_deadletter", "?state__exact=open"),
    )  # fmt: skip


def _cache() -> Tile:
    ratio = merge(CacheStatistics.objects.order_by("-updated_at").values_list("figures", flat=True)[:100]).hit_ratio
    return Tile(
        title="Cache hits", value="-" if ratio is None else f"{100 * ratio:.1f} %",
        note="of all reads" if ratio is not None else "nothing read yet", icon="speed", colour="",
        link=_list("augury_caching_cachestatistics"),
    )  # fmt: skip


def _database() -> Tile:
    health = database_health()
    return Tile(
        title="Database", value=health.size_text, note=f"{health.engine}, answers in {health.milliseconds:.1f} ms",
        icon="database", colour="" if health.milliseconds < 250 else "warning", link="",
    )  # fmt: skip


def _running() -> list[dict[str, Any]]:
    rows = Job.objects.filter(state="running").order_by("-created_at").only("operation", "progress", "progress_text")
    return [
        {
            "title": job.operation,
            "text": job.progress_text,
            "percent": round(100 * job.progress),
            "link": reverse("admin:augury_jobs_job_change", args=[job.pk]),
        }
        for job in rows[:6]
    ]


def _signals() -> list[dict[str, Any]]:
    columns = ("pk", "ticker", "timeframe", "signal_type", "confidence", "timestamp_ns")
    return [
        {
            "ticker": ticker,
            "timeframe": timeframe,
            "type": kind,
            "colour": COLOURS.get(kind, ""),
            "confidence": f"{100 * confidence:.0f} %",
            "at": moment_text(at),
            "link": reverse("admin:augury_signals_storedsignal_change", args=[key]),
        }
        for key, ticker, timeframe, kind, confidence, at in StoredSignal.objects.values_list(*columns)[:8]
    ]


def _champions() -> list[dict[str, Any]]:
    rows = ModelVersion.objects.filter(stage="champion").select_related("model").order_by("-id")[:8]
    return [
        {
            "name": str(row),
            "family": row.family,
            "link": reverse("admin:augury_registry_modelversion_change", args=[row.pk]),
        }
        for row in rows
    ]


def _watermarks(at: datetime) -> list[dict[str, Any]]:
    return [
        {
            "subject": f"{row.subject} {row.timeframe}".rstrip(),
            "source": row.source,
            "reached": moment_text(row.last_opened_at_ns),
            "updated": f"{duration_text((at - row.updated_at).total_seconds())} ago",
        }
        for row in Watermark.objects.order_by("-updated_at")[:8]
    ]


def _schedules(at: datetime) -> list[dict[str, Any]]:
    rows = Schedule.objects.filter(enabled=True, next_run_at__isnull=False).order_by("next_run_at")[:6]
    return [
        {
            "name": row.name,
            "operation": row.operation,
            "next": f"in {duration_text(max(0.0, (row.next_run_at - at).total_seconds()))}" if row.next_run_at else "-",
            "problem": row.problem,
        }
        for row in rows
    ]


def _trail(at: datetime) -> list[dict[str, Any]]:
    return [
        {
            "actor": row.actor,
            "action": row.action,
            "target": row.target,
            "outcome": row.outcome,
            "colour": COLOURS.get(row.outcome, ""),
            "at": f"{duration_text((at - row.at).total_seconds())} ago",
        }
        for row in AuditEntry.objects.defer("detail").order_by("-id")[:8]
    ]
