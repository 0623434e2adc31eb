"""The lists of API keys, for the check of their plans."""

from __future__ import annotations

from augury_server.accounts.models import ApiKey
from augury_server.database.list_queries import register_list_query

__all__: list[str] = []

_PAGE = 50

register_list_query("keys.newest", lambda: ApiKey.objects.order_by("-id")[:_PAGE])
register_list_query("keys.by_role", lambda: ApiKey.objects.filter(role="operator").order_by("-id")[:_PAGE])
register_list_query("keys.by_owner", lambda: ApiKey.objects.filter(owner="ada").order_by("-id")[:_PAGE])
register_list_query("keys.by_name", lambda: ApiKey.objects.filter(name="ci", revoked_at__isnull=True))
