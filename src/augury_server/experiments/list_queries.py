"""The lists of experiments, for the check of their plans."""

from __future__ import annotations

from datetime import UTC, datetime

from augury_server.database.list_queries import register_list_query
from augury_server.experiments.listing import list_experiments
from augury_server.experiments.running import running_query

__all__: list[str] = []

register_list_query("experiments.newest", lambda: list_experiments()[:100])
register_list_query("experiments.by_state", lambda: list_experiments(state="running")[:100])
register_list_query("experiments.by_model", lambda: list_experiments("trend")[:100])
register_list_query("experiments.in_force", lambda: running_query(datetime(2026, 1, 1, tzinfo=UTC)))
