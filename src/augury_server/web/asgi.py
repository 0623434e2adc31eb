"""The ASGI application of the pages."""

from __future__ import annotations

from augury_server.settings.preparing import prepare

prepare()

from django.core.asgi import get_asgi_application  # noqa: E402 - models must be ready first

application = get_asgi_application()
