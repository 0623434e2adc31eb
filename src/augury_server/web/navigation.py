"""The menu at the side, made from the tables that have a page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

__all__ = ["SECTIONS", "navigation"]

SECTIONS = ("Signals", "Market data", "Models", "Work", "Cache", "People")


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Sections with the pages that who asks may see, in the order of the sections."""
    from augury_server.web.admin.site import site

    items: dict[str, list[dict[str, Any]]] = {name: [] for name in SECTIONS}
    for model, admin in site._registry.items():
        if request.user.is_authenticated and admin.has_view_permission(request):
            name = model._meta.verbose_name_plural or model._meta.model_name or ""
            items[getattr(admin, "section", "") or SECTIONS[-1]].append(
                {
                    "title": getattr(admin, "menu", "") or str(name)[:1].upper() + str(name)[1:],
                    "icon": getattr(admin, "icon", "table_rows"),
                    "link": reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"),
                }
            )
    home = {"title": "", "items": [{"title": "Overview", "icon": "dashboard", "link": reverse("admin:index")}]}
    groups = [
        {"title": name, "collapsible": name in ("Cache",), "items": pages} for name, pages in items.items() if pages
    ]
    return [home, *groups]
