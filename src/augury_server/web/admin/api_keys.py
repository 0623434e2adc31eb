"""API keys: who may call, with what role and for which parts; nothing of a secret is on any page."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import Q
from django.utils import timezone
from unfold.decorators import display

from augury_server.accounts.api_keys import state_of
from augury_server.accounts.models import ApiKey
from augury_server.web.admin.buttons import Button
from augury_server.web.admin.cells import COLOURS, ago, state
from augury_server.web.admin.filters import exactly, since
from augury_server.web.admin.platform_admin import PlatformAdmin
from augury_server.web.admin.site import site

__all__ = ["ApiKeyAdmin"]

_COLOURS = {**COLOURS, "expired": "warning", "revoked": "danger"}


class _StateFilter(SimpleListFilter):
    """Keys that are active, expired or revoked."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """The states to choose from."""
        return [("active", "Active"), ("expired", "Expired"), ("revoked", "Revoked")]

    def queryset(self, request: Any, queryset: Any) -> Any:  # noqa: ARG002
        """Keys in the chosen state."""
        now = timezone.now()
        chosen = {
            "active": Q(revoked_at__isnull=True) & (Q(expires_at__isnull=True) | Q(expires_at__gt=now)),
            "expired": Q(revoked_at__isnull=True, expires_at__lte=now),
            "revoked": Q(revoked_at__isnull=False),
        }
        wanted = chosen.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(wanted)


def _named(row: Any) -> dict[str, Any]:
    return {"name": row.name}


def _in_use(row: Any) -> bool:
    return row.revoked_at is None


@admin.register(ApiKey, site=site)
class ApiKeyAdmin(PlatformAdmin):
    """Keys, newest first."""

    section = "People"
    icon = "key"
    menu = "API keys"
    buttons = (
        Button(
            operation="keys.add", label="Make a key", ask=("name", "role", "scope", "days"), icon="add",
            variant="primary", rows=False,
        ),
        Button(operation="keys.rotate", label="Rotate a key", ask=("name", "grace"), icon="autorenew", rows=False),
        Button(
            operation="keys.revoke", label="Revoke", options=_named, ask=("reason",), icon="block", variant="danger",
            offered=_in_use,
        ),
    )  # fmt: skip
    list_display = ("name", "state_label", "role_label", "parts", "owner", "created", "expires", "used")
    list_filter: ClassVar = (_StateFilter, "role", exactly("owner", "owner"), since("last_used_at", "last use"))
    search_fields = ("name__exact", "key_id__exact")
    search_help_text = "A name or an id, exactly"
    ordering = ("-id",)
    hidden = ("secret_sha256", "previous_sha256")
    export = (
        "key_id", "name", "role", "scopes", "owner", "created_at", "rotated_at", "expires_at", "revoked_at",
        "revoked_by", "reason", "last_used_at",
    )  # fmt: skip

    role_label = state("role")
    created = ago("created_at", "created")
    expires = ago("expires_at", "expires")
    used = ago("last_used_at", "last used")

    @display(description="state", label=_COLOURS)  # type: ignore[untyped-decorator]
    def state_label(self, row: ApiKey) -> str:
        """Whether it opens now."""
        return state_of(row)

    @display(description="scopes")  # type: ignore[untyped-decorator]
    def parts(self, row: ApiKey) -> str:
        """The parts of the API that it is for."""
        return ", ".join(row.scopes)

    def get_fields(self, request: Any, obj: Any = None) -> list[Any]:
        """The columns with the state."""
        return [*super().get_fields(request, obj), "state_label"]
