"""Promote a version: the one that serves from now on."""

from __future__ import annotations

from augury_server.registry.applying import Act, Change, Clock, change_model, utc_now
from augury_server.registry.requests import Promote

__all__ = ["promote"]


def promote(
    name: str, version: int | str, *, by: str, reason: str, force: bool = False, now: Clock = utc_now
) -> Change:
    """Make a version the champion; the one before becomes a candidate that `rollback` returns to.

    Refused for a version that does not beat its baseline on held-out time, or was never judged, unless `force`. Two
    processes that promote at once leave one champion, that of the later one. Promoting the champion changes nothing.
    """
    return change_model(name, Promote(version=version, force=force), Act(by=by, reason=reason, now=now))
