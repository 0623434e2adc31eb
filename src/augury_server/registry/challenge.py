"""Make a version a challenger."""

from __future__ import annotations

from augury_server.registry.applying import Act, Change, Clock, change_model, utc_now
from augury_server.registry.requests import Challenge

__all__ = ["challenge"]


def challenge(name: str, version: int | str, *, by: str, reason: str, now: Clock = utc_now) -> Change:
    """Make a candidate a challenger, to be measured against the champion; a model may have several."""
    return change_model(name, Challenge(version=version), Act(by=by, reason=reason, now=now))
