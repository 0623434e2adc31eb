"""Django, set up once with this process's settings."""

from __future__ import annotations

import os

from augury.extras import require
from augury_server.settings.current import current_settings

__all__ = ["prepare"]


def prepare() -> None:
    """Make models and the database usable in this process; quick when it was done already.

    Raises MissingExtra when the extra `server` is not installed and Misconfigured when the settings do not allow it.
    """
    require("django", extra="server")
    import django
    from django.apps import apps

    if apps.ready:
        return
    settings = current_settings()
    settings.home.mkdir(parents=True, exist_ok=True)
    os.environ["DJANGO_SETTINGS_MODULE"] = "augury_server.settings.django_settings"
    from augury_server.telemetry.logs import configure_logs

    configure_logs(settings.logs.level, settings.logs.form)
    django.setup()
