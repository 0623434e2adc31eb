"""Names of one's own for versions."""

from __future__ import annotations

from augury_server.registry.applying import Act, Change, Clock, change_model, utc_now
from augury_server.registry.requests import MoveAlias, RemoveAlias

__all__ = ["remove_alias", "set_alias"]


def set_alias(name: str, alias: str, version: int | str, *, by: str, reason: str, now: Clock = utc_now) -> Change:
    """Let an alias such as "stable" name a version, whatever it named before; InvalidInput for a name of a stage."""
    return change_model(name, MoveAlias(alias=alias, version=version), Act(by=by, reason=reason, now=now))


def remove_alias(name: str, alias: str, *, by: str, reason: str, now: Clock = utc_now) -> Change:
    """Let an alias name nothing any more; NotFound when the model has no such alias."""
    return change_model(name, RemoveAlias(alias=alias), Act(by=by, reason=reason, now=now))
