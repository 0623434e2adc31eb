"""How long refused records are kept."""

from __future__ import annotations

from augury_server.database.retention import Retention, register_retention
from augury_server.ingest.models import DeadLetter

__all__ = ["DEAD_LETTERS"]

DEAD_LETTERS = register_retention(
    Retention(
        name="ingest.dead_letters",
        model=DeadLetter,
        time_field="last_seen_at",
        setting="retention.dead_letters_days",
    )
)
"""An open one goes too, once it has not come again for so long."""
