"""The platform's ASGI application: people's pages and machines' paths behind one port."""

from __future__ import annotations

from typing import Any

from augury_server.web.asgi import application as pages

from augury_server.api.app import create_app  # isort: skip - Django is ready first

__all__ = ["application"]

_PAGES = ("/admin", "/static")
_machines = create_app()


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Give /admin and /static to Django, everything else, the lifespan among it, to the API."""
    path = scope.get("path", "")
    people = scope["type"] == "http" and any(path == page or path.startswith(f"{page}/") for page in _PAGES)
    await (pages if people else _machines)(scope, receive, send)
