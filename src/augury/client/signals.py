"""Stored signals of the platform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from augury.client.flows import Flows, name_in_path
from augury.client.steps import Flow

__all__ = ["ask_signals"]


class _Signals(msgspec.Struct, frozen=True):
    """What lists signals."""

    signals: tuple[dict[str, Any], ...]


def ask_signals(flows: Flows, universe: str, filters: Mapping[str, Any]) -> Flow[tuple[dict[str, Any], ...]]:
    """The latest signal of each ticker of a universe; with filters, or of no universe, the history, newest first."""
    if universe and not filters:
        path = f"/signals/{name_in_path(universe, 'a universe')}"
        return (yield from flows.fetch(path, _Signals, "signals")).signals
    rest = {name: value for name, value in filters.items() if name != "limit"}
    query = {"universe": universe, **rest}
    return (yield from flows.listed("/signals", dict[str, Any], query=query, limit=int(filters.get("limit", 100))))
