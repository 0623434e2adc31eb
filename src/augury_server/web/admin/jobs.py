"""Background work: jobs with their progress and history, schedules, workers and how their number changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.admin import TabularInline as DjangoInline
from unfold.admin import TabularInline as UnfoldInline
from unfold.decorators import display

from augury_server.jobs.models import ENDED, Job, JobEvent, KeptAnswer, ScalingBounds, ScalingEvent, Schedule, Worker
from augury_server.web.admin.buttons import Button
from augury_server.web.admin.cells import ago, duration_text, progress, state
from augury_server.web.admin.filters import exactly, since
from augury_server.web.admin.platform_admin import PlatformAdmin
from augury_server.web.admin.site import site

if TYPE_CHECKING:
    TabularInline = DjangoInline[Any, Any]
else:
    TabularInline = UnfoldInline

__all__ = [
    "JobAdmin",
    "JobEventAdmin",
    "KeptAnswerAdmin",
    "ScalingBoundsAdmin",
    "ScalingEventAdmin",
    "ScheduleAdmin",
    "WorkerAdmin",
]


def _job(row: Any) -> dict[str, Any]:
    return {"job": str(row.pk)}


def _named(row: Any) -> dict[str, Any]:
    return {"name": row.name}


class _History(TabularInline):
    """What happened to a job, on its page."""

    model = JobEvent
    verbose_name_plural = "history"
    fields = readonly_fields = ("at", "event", "attempt", "worker", "by", "text")
    extra = 0
    can_delete = False
    hide_title = True

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:  # noqa: ARG002
        """Nobody adds history by hand."""
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:  # noqa: ARG002
        """Nobody changes history."""
        return False


@admin.register(Job, site=site)
class JobAdmin(PlatformAdmin):
    """Jobs, newest first."""

    section = "Work"
    icon = "work_history"
    buttons = (
        Button(
            operation="jobs.submit", label="Submit a job", ask=("operation", "option", "queue", "delay"), rows=False,
            icon="add_task",
        ),
        Button(
            operation="jobs.retry", label="Retry", options=_job, icon="replay",
            offered=lambda row: row.state in ("failed", "cancelled"),
        ),
        Button(
            operation="jobs.cancel", label="Cancel job", options=_job, ask=("reason",), icon="cancel", variant="danger",
            offered=lambda row: row.state not in ENDED,
        ),
    )  # fmt: skip
    list_display = ("operation", "state_label", "progress_bar", "tries", "by", "queue", "created", "took")
    list_filter: ClassVar = ("state", since("created_at", "creation"), exactly("operation", "operation"))
    search_fields = ("operation__exact", "key__exact")
    search_help_text = "An operation or a key, exactly"
    sortable = ("created",)
    hidden = ("beats", "claims", "sent_at", "lease_until")
    inlines: ClassVar = (_History,)

    state_label = state("state")
    progress_bar = progress()
    created = ago("created_at", "created")
    created.admin_order_field = "created_at"

    def get_queryset(self, request: Any) -> Any:
        """Without results and options where a list is shown: they may be long."""
        rows = super().get_queryset(request)
        listing = request.resolver_match is not None and request.resolver_match.url_name.endswith("_changelist")
        return rows.defer("result", "result_packed", "options", "error") if listing else rows.defer("result_packed")

    @display(description="tries")  # type: ignore[untyped-decorator]
    def tries(self, row: Job) -> str:
        """How often it was tried, of how often it may be."""
        return f"{row.attempts} of {row.max_attempts}"

    @display(description="took")  # type: ignore[untyped-decorator]
    def took(self, row: Job) -> str:
        """From its start to its end."""
        if row.started_at is None or row.ended_at is None:
            return "-"
        seconds = (row.ended_at - row.started_at).total_seconds()
        return f"{seconds:.1f} s" if seconds < 60 else duration_text(seconds)


@admin.register(JobEvent, site=site)
class JobEventAdmin(PlatformAdmin):
    """What happened to all jobs, newest first."""

    section = "Work"
    icon = "list_alt"
    list_display = ("event", "job", "attempt", "worker", "by", "when", "text")
    list_select_related = ("job",)
    list_filter: ClassVar = (exactly("job", "job's id"),)
    ordering = ("-id",)

    when = ago("at", "when")


@admin.register(Schedule, site=site)
class ScheduleAdmin(PlatformAdmin):
    """What is done again and again."""

    section = "Work"
    icon = "schedule"
    buttons = (
        Button(
            operation="schedules.add", label="Add a schedule", rows=False, icon="more_time", variant="primary",
            ask=("name", "operation", "option", "cron", "every_seconds", "time_zone", "catch_up", "queue"),
        ),
        Button(operation="schedules.run", label="Run now", options=_named, icon="play_arrow"),
        Button(
            operation="schedules.enable", label="Enable", options=_named, icon="toggle_on",
            offered=lambda row: not row.enabled,
        ),
        Button(
            operation="schedules.disable", label="Disable", options=_named, icon="toggle_off",
            offered=lambda row: row.enabled,
        ),
        Button(operation="schedules.remove", label="Remove", options=_named, icon="delete", variant="danger"),
    )  # fmt: skip
    list_display = ("name", "operation", "rule", "enabled", "last", "next", "problem")
    list_filter: ClassVar = ("enabled",)
    search_fields = ("name", "operation")
    sortable = ("name",)

    last = ago("last_run_at", "last run")
    next = ago("next_run_at", "next run")

    @display(description="when")  # type: ignore[untyped-decorator]
    def rule(self, row: Schedule) -> str:
        """The cron expression or the interval."""
        if row.cron:
            return f"{row.cron} ({row.time_zone})"
        return f"every {duration_text(row.every_seconds or 0)}"


@admin.register(Worker, site=site)
class WorkerAdmin(PlatformAdmin):
    """Processes that do the work, last seen first."""

    section = "Work"
    icon = "memory"
    buttons = (
        Button(
            operation="workers.scale", label="Scale", ask=("fewest", "most", "queue", "reset"), rows=False, icon="tune"
        ),
    )
    list_display = ("name", "state_label", "concurrency", "queue_names", "host", "pid", "since", "seen")
    list_filter: ClassVar = ("state",)
    search_fields = ("name", "host")
    sortable = ("seen",)

    state_label = state("state")
    since = ago("started_at", "started")
    seen = ago("last_seen_at", "last seen")
    seen.admin_order_field = "last_seen_at"

    @display(description="queues")  # type: ignore[untyped-decorator]
    def queue_names(self, row: Worker) -> str:
        """The queues that it takes work from."""
        return ", ".join(row.queues) or "-"


@admin.register(ScalingEvent, site=site)
class ScalingEventAdmin(PlatformAdmin):
    """How the number of workers changed, newest first."""

    section = "Work"
    icon = "stacked_line_chart"
    list_display = ("when", "queue", "change", "queue_length", "reason", "worker")
    list_filter: ClassVar = (since("at", "time"), exactly("queue", "queue"))

    when = ago("at", "when")

    @display(description="processes")  # type: ignore[untyped-decorator]
    def change(self, row: ScalingEvent) -> str:
        """From how many to how many."""
        return f"{row.from_processes} \u2192 {row.to_processes}"


@admin.register(ScalingBounds, site=site)
class ScalingBoundsAdmin(PlatformAdmin):
    """Between how many workers the supervisor may choose, where somebody said so."""

    section = "Work"
    icon = "expand"
    list_display = ("queue", "minimum", "maximum", "by", "when")
    search_fields = ("queue",)
    ordering = ("queue",)

    when = ago("at", "when")


@admin.register(KeptAnswer, site=site)
class KeptAnswerAdmin(PlatformAdmin):
    """Answers to requests with an idempotency key, newest first; what they said is not shown."""

    section = "Work"
    icon = "repeat_one"
    list_display = ("asked", "key", "caller", "status", "when")
    search_fields = ("key__exact",)
    search_help_text = "A key, exactly"
    ordering = ("-created_at",)

    when = ago("created_at", "when")
