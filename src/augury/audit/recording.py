"""The entry that an audit leaves in the ledger."""

from __future__ import annotations

from pathlib import Path

from augury.audit.audit import Audit
from augury.audit.known_tries import data_of, files_digest
from augury.ledger import Entry, Ledger, Receipt, block_sums
from augury.validation import trial_sharpes

__all__ = ["audit_entry", "record_audit"]


def record_audit(audit: Audit, ledger: Ledger) -> Receipt:
    """Write the audit to a ledger."""
    return ledger.append(audit_entry(audit))


def audit_entry(audit: Audit) -> Entry:
    """The entry of an audit: one trial for each variant that the file shows, with their returns where it has them."""
    claim, account = audit.claim, audit.account
    variants = claim.variants
    matrix = None if variants is None else variants.returns
    count = 1 if variants is None else variants.count
    sharpe = None if audit.metrics is None else float(audit.metrics["sharpe"])
    return Entry(
        kind="audit",
        subject=claim.name or "backtest",
        strategy_id=files_digest(claim.sources),
        data=data_of(claim, audit.prices),
        parameters={"tool": claim.tool, "files": [Path(source).name for source in claim.sources]},
        spec=audit.spec,
        trials=count,
        headline={"verdict": audit.verdict.level, "sharpe": sharpe, "tries": audit.tries.number},
        sharpes=None if matrix is None else trial_sharpes(matrix),
        returns=account.returns if matrix is None and account is not None else None,
        block_returns=None if matrix is None else block_sums(matrix),
        seed=audit.spec.seed,
        note=audit.verdict.headline,
    )
