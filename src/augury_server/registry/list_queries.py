"""The lists of models, for the check of their plans."""

from __future__ import annotations

from augury_server.database.list_queries import register_list_query
from augury_server.registry.listing import list_models, list_transitions, list_versions

__all__: list[str] = []

register_list_query("registry.models", lambda: list_models()[:100])
register_list_query("registry.versions", lambda: list_versions("trend")[:100])
register_list_query("registry.history", lambda: list_transitions("trend")[:100])
