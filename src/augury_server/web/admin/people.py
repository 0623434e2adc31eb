"""People: who may use the platform, with which role; every change is an operation."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from unfold.decorators import display

from augury_server.accounts.models import Person
from augury_server.accounts.roles import role_of
from augury_server.web.admin.buttons import Button
from augury_server.web.admin.cells import COLOURS, ago
from augury_server.web.admin.platform_admin import PlatformAdmin
from augury_server.web.admin.site import site

__all__ = ["PersonAdmin"]


def _named(row: Any) -> dict[str, Any]:
    return {"name": row.username}


@admin.register(Person, site=site)
class PersonAdmin(PlatformAdmin):
    """Accounts by name; passwords are nowhere to be seen."""

    section = "People"
    icon = "group"
    buttons = (
        Button(
            operation="accounts.add", label="Add somebody", ask=("name", "role", "email"), icon="person_add",
            variant="primary", rows=False,
        ),
        Button(operation="accounts.role", label="Change role", options=_named, ask=("role",), icon="badge"),
        Button(operation="accounts.password", label="New password", options=_named, icon="key", shows=True),
        Button(
            operation="accounts.enable", label="Enable", options=_named, ask=("reason",), icon="how_to_reg",
            offered=lambda row: not row.is_active,
        ),
        Button(
            operation="accounts.disable", label="Disable", options=_named, ask=("reason",), icon="person_off",
            variant="danger", offered=lambda row: row.is_active,
        ),
    )  # fmt: skip
    list_display = ("username", "role_label", "active_label", "email", "seen", "joined")
    list_filter: ClassVar = ("is_active", "groups")
    search_fields = ("username", "email")
    ordering = ("username",)
    sortable = ("username",)
    hidden = ("password", "is_staff", "is_superuser", "first_name", "last_name")

    seen = ago("last_login", "last log-in")
    joined = ago("date_joined", "joined")

    def get_queryset(self, request: HttpRequest) -> Any:
        """With the groups, that say the role."""
        return super().get_queryset(request).prefetch_related("groups")

    @display(description="role", label=COLOURS)  # type: ignore[untyped-decorator]
    def role_label(self, row: Person) -> str | None:
        """The role; none for somebody disabled."""
        return role_of(row) if row.is_active else None

    @display(description="state", label=COLOURS)  # type: ignore[untyped-decorator]
    def active_label(self, row: Person) -> str:
        """Whether they may log in."""
        return "active" if row.is_active else "disabled"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """The columns with the role."""
        return [*super().get_fields(request, obj), "role_label"]
