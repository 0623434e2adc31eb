"""Take the championship, or the challenge, from a version."""

from __future__ import annotations

from augury_server.registry.applying import Act, Change, Clock, change_model, utc_now
from augury_server.registry.requests import Demote

__all__ = ["demote"]


def demote(name: str, version: int | str, *, by: str, reason: str, now: Clock = utc_now) -> Change:
    """Make the champion or a challenger a candidate again; after the champion's, nothing serves under the name."""
    return change_model(name, Demote(version=version), Act(by=by, reason=reason, now=now))
