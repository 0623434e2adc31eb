"""Django, set up once with this process's settings."""

from __future__ import annotations

import os

from augury.extras import require
from augury_server.settings.current import current_loaded
from augury_server.settings.home import make_home

__all__ = ["prepare"]


def prepare(*, terminal: bool = False) -> None:
    """Make models and the database usable in this process; quick when it was done already.

    At a `terminal` a verb's result and its one line of error tell what happened: unless `logs.level` is set, the log
    is then left to errors.

    Raises MissingExtra when the extra `server` is not installed and Misconfigured when the settings do not allow it.
    """
    require("django", extra="server")
    import django
    from django.apps import apps

    if apps.ready:
        return
    loaded = current_loaded()
    settings = loaded.settings
    make_home(settings.home)
    os.environ["DJANGO_SETTINGS_MODULE"] = "augury_server.settings.django_settings"
    from augury_server.telemetry.logs import configure_logs

    silent = terminal and loaded.origin("logs.level") == "default"
    configure_logs("error" if silent else settings.logs.level, settings.logs.form)
    django.setup()
