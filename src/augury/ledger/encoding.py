"""An entry as the row that is hashed and stored."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from augury.errors import InvalidInput
from augury.ledger.arrays import LARGEST_BYTES, pack
from augury.ledger.canonical import canonical_json
from augury.ledger.capsule import Capsule
from augury.ledger.chain import entry_hash
from augury.ledger.configurations import configurations, trial_key
from augury.ledger.entry import Entry

__all__ = ["ARRAYS", "EncodedEntry", "encode"]

ARRAYS = ("configurations", "sharpes", "returns", "block_returns", "trial_parameters")
"""The blob columns, in the order of the row and of the hash."""

_LARGEST_TEXT = 64_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedEntry:
    """The parts of a row that do not depend on where and when it is written."""

    lookup: tuple[str, str, str, str, str, int]
    content: bytes
    blobs: tuple[bytes | None, ...]
    series: tuple[tuple[str, str, int, int], ...]

    @property
    def trial_key(self) -> str:
        """What was tried, on which data."""
        return self.lookup[3]

    def hash_at(self, sequence: int, written_at: int, previous: bytes) -> bytes:
        """The entry's own hash at this place of the chain."""
        return entry_hash(sequence, written_at, previous, (self.content, *self.blobs))

    def row(self, sequence: int, written_at: int, previous: bytes) -> tuple[Any, ...]:
        """Values in the order of ENTRY_COLUMNS."""
        own = self.hash_at(sequence, written_at, previous)
        return (sequence, written_at, previous, own, *self.lookup, self.content, *self.blobs)


def encode(entry: Entry) -> EncodedEntry:
    """The row of an entry. Raises InvalidInput when a value cannot be written, or is too large for one row."""
    keys = configurations(entry)
    blobs: dict[str, bytes | None] = dict.fromkeys(ARRAYS)
    forms: dict[str, Any] = {}
    blobs["configurations"], forms["configurations"] = pack(keys, what="configurations")
    if entry.sharpes is not None:
        blobs["sharpes"], forms["sharpes"] = pack(entry.sharpes.astype(np.float64), what="sharpes")
    if entry.returns is not None:
        blobs["returns"], forms["returns"] = pack(entry.returns, what="returns", squeeze=True)
    if entry.block_returns is not None:
        blocks = entry.block_returns.astype(np.float32)
        blobs["block_returns"], forms["block_returns"] = pack(blocks, what="block_returns")
    if entry.trial_parameters is not None:
        columns = canonical_json(entry.trial_parameters, what="trial_parameters")
        blobs["trial_parameters"] = zlib.compress(_limited(columns, "trial_parameters"), 1)
        forms["trial_parameters"] = {"codec": "zlib", "bytes": len(columns)}
    key, data_id = trial_key(keys, entry.data.id), entry.data.id
    content = {
        "kind": entry.kind,
        "subject": entry.subject,
        "strategy_id": entry.strategy_id,
        "trial_key": key,
        "data_id": data_id,
        "trials": entry.trials,
        "data": entry.data.to_dict(),
        "parameters": entry.parameters,
        "spec_id": entry.spec_id,
        "spec": entry.spec,
        "headline": entry.headline,
        "capsule": entry.capsule.to_dict() if isinstance(entry.capsule, Capsule) else entry.capsule,
        "versions": entry.versions,
        "seed": entry.seed,
        "note": entry.note,
        "arrays": forms,
    }
    return EncodedEntry(
        lookup=(entry.kind, entry.subject, entry.strategy_id, key, data_id, entry.trials),
        content=_limited(canonical_json(content, what="entry"), "the text of an entry"),
        blobs=tuple(blobs[name] for name in ARRAYS),
        series=tuple((one.name, one.fingerprint, one.first, one.last) for one in entry.data.series),
    )


def _limited(text: str, what: str) -> bytes:
    if len(text) > min(_LARGEST_TEXT, LARGEST_BYTES):
        raise InvalidInput(f"{what} should be at most {_LARGEST_TEXT:,} characters of JSON, got {len(text):,}")
    return text.encode()
