"""The platform's ASGI application: people's pages and machines' paths behind one port."""

from __future__ import annotations

import gc
import sys
from typing import Any

gc.set_threshold(20_000, 20, 50)  # loading leaves no garbage, and a request hardly any

from augury_server.web.asgi import application as pages  # noqa: E402

from augury_server.api.app import create_app  # noqa: E402, isort: skip - Django is ready first
from augury_server.api.protocol import WHOLE_ANSWERS  # noqa: E402

__all__ = ["application"]

_PAGES = ("/admin", "/static")
_BELOW_PAGES = tuple(f"{page}/" for page in _PAGES)
_SWITCH_SECONDS = 0.0005
_machines = create_app()


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Give /admin and /static to Django, everything else, the lifespan among it, to the API."""
    kind = scope["type"]
    if kind == "http":
        path = scope["path"]
        if path in _PAGES or path.startswith(_BELOW_PAGES):
            scope.pop(WHOLE_ANSWERS, None)
            await pages(scope, receive, send)
            return
    elif kind == "lifespan":
        send = _settling(send)
    await _machines(scope, receive, send)


def _settling(send: Any) -> Any:
    """Once everything is loaded, what is there stays: looking through it for garbage would hold requests up."""

    async def settled(message: dict[str, Any]) -> None:
        if message["type"] == "lifespan.startup.complete":
            gc.collect()
            gc.freeze()
            sys.setswitchinterval(_SWITCH_SECONDS)  # a request waits no longer for a thread behind it
        await send(message)

    return settled
