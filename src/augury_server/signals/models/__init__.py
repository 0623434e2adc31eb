"""The rows of the signal service: universes, runs, signals and what came of them."""

from __future__ import annotations

from augury_server.signals.models.outcome import Outcome
from augury_server.signals.models.run import SignalRun
from augury_server.signals.models.signal import StoredSignal
from augury_server.signals.models.universe import Universe

__all__ = ["Outcome", "SignalRun", "StoredSignal", "Universe"]
