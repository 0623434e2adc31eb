"""Disable somebody's account, or enable it again."""

from __future__ import annotations

from django.db import transaction

from augury_server.accounts.audit import record
from augury_server.accounts.people import keep_an_administrator, lock_accounts, person

__all__ = ["disable_person", "enable_person"]


def disable_person(name: str, *, reason: str = "", by: str = "") -> None:
    """Let somebody in no more, from their next request on; what they did stays in the audit trail.

    Raises NotFound for an unknown name and Refused when no active administrator would be left.
    """
    _set_active(name, active=False, reason=reason, by=by)


def enable_person(name: str, *, reason: str = "", by: str = "") -> None:
    """Let somebody in again, with the role they had. Raises NotFound for an unknown name."""
    _set_active(name, active=True, reason=reason, by=by)


def _set_active(name: str, *, active: bool, reason: str, by: str) -> None:
    with transaction.atomic():
        lock_accounts()
        user = person(name)
        user.is_active = active
        user.save(update_fields=["is_active"])
        if not active:
            keep_an_administrator(name)
        action = "accounts.enable" if active else "accounts.disable"
        record(action, target=name, detail={"reason": reason} if reason else None, by=by)
