"""Which operation each action of `production_operations` is."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from augury.errors import InvalidInput, nearest
from augury.operations.operation import Operation
from augury.operations.registry import operations

__all__ = ["ACTIONS", "action_operation", "available_actions"]

ACTIONS: Mapping[str, str] = MappingProxyType(
    {
        "optimize": "compress",
        "monitor": "monitor.report",
        "performance": "universe.performance",
        "health-check": "server.doctor",
        "ab-test": "experiments.start",
        "retrain": "retraining.start",
        "deploy": "deploy",
        "cache": "cache.stats",
        "status": "server.status",
        "backup": "backup.create",
        "restore": "backup.restore",
    }
)
"""The operation behind each action; one that this version does not have is refused, with the list of those it has."""


def available_actions() -> dict[str, Operation]:
    """Actions whose operation exists, in the order of `ACTIONS`."""
    known = operations()
    return {action: known[name] for action, name in ACTIONS.items() if name in known}


def action_operation(action: str) -> Operation:
    """The operation of an action; InvalidInput, with what there is, for one that is unknown or not available."""
    available = available_actions()
    if action in available:
        return available[action]
    listed = ", ".join(available)
    if action in ACTIONS:
        raise InvalidInput(f"the action {action!r} is not available in this version; available: {listed}")
    raise InvalidInput(f"no action is named {action!r}; {nearest(action, ACTIONS)}; available: {listed}")
