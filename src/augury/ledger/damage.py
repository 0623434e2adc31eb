"""The error for a ledger that is not what was written."""

from __future__ import annotations

from augury.errors import Misconfigured

__all__ = ["DamagedLedger"]


class DamagedLedger(Misconfigured):
    """Entries were changed, removed or lost, or the file is not a ledger; the message names what and the remedy."""
