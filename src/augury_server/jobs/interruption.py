"""Why a running job is asked to stop, and what becomes of it then."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from django.db.models import F

from augury_server.jobs.claims import Claim, settle

__all__ = ["Interrupted", "Reason", "settle_interrupted"]


class Reason(Enum):
    """Why a job must stop."""

    CANCELLED = "cancelled"
    TIMED_OUT = "timed out"
    RELEASED = "its worker stops"
    LOST = "another worker has it"


class Interrupted(BaseException):
    """Raised where a job reports progress; no `except Exception` of an operation keeps it from stopping."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


def settle_interrupted(claim: Claim, reason: Reason, now: datetime) -> bool:
    """Write what an interrupted job became; False when the claim holds no more."""
    if reason is Reason.CANCELLED:
        return settle(claim, "stopped", now=now, changes={"ended_at": now, "error": "cancelled while it ran"})
    if reason is Reason.TIMED_OUT:
        text = f"timed out after {claim.timeout_seconds:,g} s; submit it again with a longer timeout_seconds"
        return settle(claim, "failed", now=now, text=text, changes={"ended_at": now, "error": text})
    if reason is Reason.RELEASED:  # no fault of the job: the attempt does not count
        changes = {"attempts": F("attempts") - 1, "run_at": now, "sent_at": None, "worker": ""}
        return settle(claim, "released", now=now, text=reason.value, changes=changes)
    return False
