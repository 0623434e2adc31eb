"""Take a version out of use."""

from __future__ import annotations

from augury_server.registry.applying import Act, Change, Clock, change_model, utc_now
from augury_server.registry.requests import Archive

__all__ = ["archive"]


def archive(name: str, version: int | str, *, by: str, reason: str, now: Clock = utc_now) -> Change:
    """Take a version out of use: it can be neither promoted nor rolled back to. Its files stay, for `as_of`.

    Raises Refused for the champion and for a version that an alias names.
    """
    return change_model(name, Archive(version=version), Act(by=by, reason=reason, now=now))
