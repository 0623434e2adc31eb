"""Every table's page, registered with the site by being imported."""

from __future__ import annotations

from augury_server.web.admin import (
    accounts,
    api_keys,
    caching,
    experiments,
    ingest,
    jobs,
    people,
    predictions,
    registry,
    signals,
)
from augury_server.web.admin.site import site

__all__ = [
    "accounts",
    "api_keys",
    "caching",
    "experiments",
    "ingest",
    "jobs",
    "people",
    "predictions",
    "registry",
    "signals",
    "site",
]
