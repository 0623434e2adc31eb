"""The audit trail: read, filtered, exported, never changed."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin

from augury_server.accounts.models import AuditEntry
from augury_server.web.admin.buttons import Button
from augury_server.web.admin.cells import ago, state
from augury_server.web.admin.filters import exactly, since
from augury_server.web.admin.platform_admin import PlatformAdmin
from augury_server.web.admin.site import site

__all__ = ["AuditEntryAdmin"]


@admin.register(AuditEntry, site=site)
class AuditEntryAdmin(PlatformAdmin):
    """Who did what, newest first."""

    section = "People"
    icon = "history"
    menu = "Audit trail"
    buttons = (
        Button(
            operation="accounts.audit",
            label="Verify",
            options=lambda _: {"verify": True},
            icon="verified_user",
            rows=False,
        ),
    )
    list_display = ("when", "actor", "action", "target", "outcome_label")
    list_filter: ClassVar = (
        "outcome",
        since("at", "time"),
        exactly("actor", "person"),
        exactly("action", "action"),
        exactly("target", "target"),
    )
    search_fields = ("actor__exact", "action__exact", "target__exact")
    search_help_text = "A person, an action or a target, exactly"
    ordering = ("-id",)

    when = ago("at", "when")
    outcome_label = state("outcome")
