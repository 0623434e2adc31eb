"""Bring an archived version back."""

from __future__ import annotations

from augury_server.registry.applying import Act, Change, Clock, change_model, utc_now
from augury_server.registry.requests import Restore

__all__ = ["restore"]


def restore(name: str, version: int | str, *, by: str, reason: str, now: Clock = utc_now) -> Change:
    """Make an archived version a candidate again."""
    return change_model(name, Restore(version=version), Act(by=by, reason=reason, now=now))
