"""Judging backtests that other tools made: what they claim, what holds of it, and the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.lazy import lazy_exports

if TYPE_CHECKING:
    from augury.audit.account import Account
    from augury.audit.audit import Audit, AuditSpec, audit_claim, audit_files
    from augury.audit.claim import Claim, ClaimedCurve, ClaimedTrades, Remark, Reported, Variants
    from augury.audit.prices import SymbolBars, read_prices
    from augury.audit.reading import ClaimSpec, read_claim
    from augury.audit.recording import record_audit
    from augury.audit.telling import audit_story
    from augury.audit.tries import LedgerTries

__all__ = [
    "Account",
    "Audit",
    "AuditSpec",
    "Claim",
    "ClaimSpec",
    "ClaimedCurve",
    "ClaimedTrades",
    "LedgerTries",
    "Remark",
    "Reported",
    "SymbolBars",
    "Variants",
    "audit_claim",
    "audit_files",
    "audit_story",
    "read_claim",
    "read_prices",
    "record_audit",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "Account": "augury.audit.account",
        "Audit": "augury.audit.audit",
        "AuditSpec": "augury.audit.audit",
        "Claim": "augury.audit.claim",
        "ClaimSpec": "augury.audit.reading",
        "ClaimedCurve": "augury.audit.claim",
        "ClaimedTrades": "augury.audit.claim",
        "LedgerTries": "augury.audit.tries",
        "Remark": "augury.audit.claim",
        "Reported": "augury.audit.claim",
        "SymbolBars": "augury.audit.prices",
        "Variants": "augury.audit.claim",
        "audit_claim": "augury.audit.audit",
        "audit_files": "augury.audit.audit",
        "audit_story": "augury.audit.telling",
        "read_claim": "augury.audit.reading",
        "read_prices": "augury.audit.prices",
        "record_audit": "augury.audit.recording",
    },
)
