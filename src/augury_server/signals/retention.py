"""How long signals, their outcomes and runs are kept."""

from __future__ import annotations

from augury_server.database.retention import Retention, register_retention
from augury_server.signals.models import SignalRun, StoredSignal

__all__: list[str] = []

register_retention(
    Retention(name="signals", model=StoredSignal, time_field="created_at", setting="retention.signals_days")
)
register_retention(
    Retention(name="signal_runs", model=SignalRun, time_field="started_at", setting="retention.signals_days")
)
