"""How the administration looks: colours, logo, menu; everything is served from this machine."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static

from augury_server.settings.current import current_settings

__all__ = ["environment", "look"]

_HUES = {
    "50": "97.5% .013 255", "100": "94% .030 256", "200": "88.5% .058 256", "300": "81% .100 257",
    "400": "71% .150 258", "500": "61.5% .190 259.5", "600": "53% .200 261", "700": "47% .185 262",
    "800": "40.5% .150 263", "900": "35.5% .120 264", "950": "26.5% .085 265",
}  # fmt: skip


def environment(_: HttpRequest) -> tuple[str, str] | None:
    """The name of the environment as a badge, so that nobody takes staging for production."""
    name = current_settings().environment
    colours = {"production": "danger", "staging": "warning", "development": "info"}
    return name, colours[name]


def look() -> dict[str, Any]:
    """Unfold's settings."""
    return {
        "SITE_TITLE": "Augury",
        "SITE_HEADER": "Augury",
        "SITE_SUBHEADER": "Signals that can be trusted",
        "SITE_URL": None,
        "SITE_ICON": lambda _: static("augury/logo.svg"),
        "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda _: static("augury/logo.svg")}],
        "STYLES": [lambda _: static("augury/augury.css")],
        "ENVIRONMENT": "augury_server.web.look.environment",
        "SHOW_HISTORY": False,
        "SHOW_VIEW_ON_SITE": False,
        "SHOW_BACK_BUTTON": True,
        "BORDER_RADIUS": "6px",
        "COLORS": {"primary": {weight: f"oklch({value})" for weight, value in _HUES.items()}},
        "SIDEBAR": {"show_search": True, "navigation": "augury_server.web.navigation.navigation"},
    }
