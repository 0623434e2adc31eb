"""The append-only, hash-chained record of everything tried, and the capsules that let a run be repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.lazy import lazy_exports

if TYPE_CHECKING:
    from augury.ledger.anchor import Anchor, Receipt
    from augury.ledger.capsule import (
        Capsule,
        CapsuleData,
        CapsuleDifference,
        StrategySource,
        array_digest,
        source_digest,
    )
    from augury.ledger.damage import DamagedLedger
    from augury.ledger.data_key import DataKey, SeriesKey
    from augury.ledger.database import LedgerSpec
    from augury.ledger.entry import BLOCKS, Entry, block_sums
    from augury.ledger.explanation import Change, Explanation
    from augury.ledger.export import export_csv, export_json_lines
    from augury.ledger.filters import EntryFilter
    from augury.ledger.independence import effective_trials
    from augury.ledger.ledger import Ledger
    from augury.ledger.location import ledger_path
    from augury.ledger.recorded import Recorded, TrialArrays
    from augury.ledger.tries import TrialGroup, Tries
    from augury.ledger.verification import LedgerCheck, LedgerProblem

__all__ = [
    "BLOCKS",
    "Anchor",
    "Capsule",
    "CapsuleData",
    "CapsuleDifference",
    "Change",
    "DamagedLedger",
    "DataKey",
    "Entry",
    "EntryFilter",
    "Explanation",
    "Ledger",
    "LedgerCheck",
    "LedgerProblem",
    "LedgerSpec",
    "Receipt",
    "Recorded",
    "SeriesKey",
    "StrategySource",
    "TrialArrays",
    "TrialGroup",
    "Tries",
    "array_digest",
    "block_sums",
    "effective_trials",
    "export_csv",
    "export_json_lines",
    "ledger_path",
    "source_digest",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "BLOCKS": "augury.ledger.entry",
        "Anchor": "augury.ledger.anchor",
        "Capsule": "augury.ledger.capsule",
        "CapsuleData": "augury.ledger.capsule",
        "CapsuleDifference": "augury.ledger.capsule",
        "Change": "augury.ledger.explanation",
        "DamagedLedger": "augury.ledger.damage",
        "DataKey": "augury.ledger.data_key",
        "Entry": "augury.ledger.entry",
        "EntryFilter": "augury.ledger.filters",
        "Explanation": "augury.ledger.explanation",
        "Ledger": "augury.ledger.ledger",
        "LedgerCheck": "augury.ledger.verification",
        "LedgerProblem": "augury.ledger.verification",
        "LedgerSpec": "augury.ledger.database",
        "Receipt": "augury.ledger.anchor",
        "Recorded": "augury.ledger.recorded",
        "SeriesKey": "augury.ledger.data_key",
        "StrategySource": "augury.ledger.capsule",
        "TrialArrays": "augury.ledger.recorded",
        "TrialGroup": "augury.ledger.tries",
        "Tries": "augury.ledger.tries",
        "array_digest": "augury.ledger.capsule",
        "block_sums": "augury.ledger.entry",
        "effective_trials": "augury.ledger.independence",
        "export_csv": "augury.ledger.export",
        "export_json_lines": "augury.ledger.export",
        "ledger_path": "augury.ledger.location",
        "source_digest": "augury.ledger.capsule",
    },
)
