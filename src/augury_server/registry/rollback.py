"""Roll back to the champion before."""

from __future__ import annotations

from augury_server.registry.applying import Act, Change, Clock, change_model, utc_now
from augury_server.registry.requests import Rollback

__all__ = ["rollback"]


def rollback(name: str, *, by: str, reason: str, now: Clock = utc_now) -> Change:
    """Give the championship back to the version that had it before and is not archived; again: to the one before that.

    Raises Refused when there is none.
    """
    return change_model(name, Rollback(), Act(by=by, reason=reason, now=now))
